package binlog

// Expect has the follower look at the last transaction that was read once more, before it goes on. Exact is of the server
// that told it: another one may have transactions of a domain in another order.
func (f *Follower) Expect(m *Mark, exact bool) {
	if m == nil {
		return
	}
	if from, ok := f.Seen.Without(m); ok {
		f.from, f.expected, f.exact = from, m, exact
	}
}

// Forget gives up an expectation that the server can't answer.
func (f *Follower) Forget() { f.from, f.expected = nil, nil }

// Expects reports whether the last transaction that was read is still to come once more.
func (f *Follower) Expects() bool { return f.expected != nil }

// From are the transactions after which the log is to be opened.
func (f *Follower) From() *GTIDs {
	if f.from != nil {
		return f.from
	}
	return f.Seen
}

// recognize compares a transaction with the expected one, and reports whether it is to be passed over.
func (f *Follower) recognize(found *Mark, t transaction) (bool, error) {
	want := f.expected
	if want == nil {
		return false, nil
	}
	own := found.GTID == want.GTID
	if !own && (f.Seen.mysql != nil || !f.follows(t)) {
		return false, nil // others may come before it
	}
	f.Forget()
	if own {
		found.Before = want.Before
		f.Last = found
	}
	if (own || f.exact && f.Seen.domains[t.maria.DomainID].SequenceNumber == t.maria.SequenceNumber) && want.contradicts(found, f.exact) {
		return false, &Rewritten{Recorded: want.String(), Found: found.String()}
	}
	return own, nil
}

// Begun reports whether any transaction has come.
func (f *Follower) Begun() bool { return f.passed || f.First != "" }

// follows reports whether a transaction of MariaDB comes after what the log was opened at in the domain of the expected one.
func (f *Follower) follows(t transaction) bool {
	for domain, last := range f.Seen.domains {
		if last.String() == f.expected.GTID {
			return domain == t.maria.DomainID
		}
	}
	return false
}
