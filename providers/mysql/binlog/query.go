package binlog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-mysql-org/go-mysql/replication"
)

// Error is a statement that makes it impossible to go on.
type Error struct{ Statement, Why string }

func (e *Error) Error() string { return e.Why + ": " + e.Statement }

// query looks for the ends of transactions, and for statements that change the table without any row in the log.
func (f *Follower) query(e *replication.QueryEvent, h, place *replication.EventHeader) (done bool, err error) {
	text := string(trimmed(e.Query))
	words := reader{words: tokens(text[:min(len(text), 1000)])}
	switch verb := words.next(); {
	case verb.is("BEGIN"):
		f.single = false
		return false, nil
	case verb.is("XA"):
		return f.distributed(words.next())
	case verb.is("COMMIT"):
		return true, f.commit()
	case verb.is("SAVEPOINT"):
		f.savepoint(words.next().text)
		return false, nil
	case verb.is("RELEASE"):
		return false, nil
	case verb.is("ROLLBACK"):
		if words.skip("WORK"); !words.peek().is("TO") {
			return true, f.rollback()
		}
		words.skip("TO", "SAVEPOINT")
		return false, f.rollbackTo(words.next().text, text)
	}
	if err := f.statement(text, string(e.Schema), h, place); err != nil || !f.single {
		return false, err
	}
	return true, f.commit()
}

// distributed knows the parts of a transaction in two phases: the second is a transaction of its own in the log.
func (f *Follower) distributed(part token) (done bool, err error) {
	switch {
	case part.is("START", "BEGIN"):
		f.single = false
	case part.is("COMMIT"):
		return true, f.commit()
	case part.is("ROLLBACK"):
		return true, f.rollback()
	}
	return false, nil
}

// statement keeps what a statement does to the table until its transaction ends.
func (f *Follower) statement(text, in string, h, place *replication.EventHeader) error {
	of := followed{f.Database, f.Table, f.Cased}
	effect, renamed := effectOf(text, in, of), renamings(text, in, of)
	if effect == none && len(renamed) == 0 {
		return nil
	}
	return f.hold(step{place, uint64(h.EventSize), effect != stated, func() error {
		if err := f.apply(effect, text, place); err != nil {
			return err
		}
		return f.rename(text, renamed)
	}})
}

// rename follows what happens to the names of columns, and looks at those that are read.
func (f *Follower) rename(text string, all []renaming) error {
	if f.Names == nil {
		return nil
	}
	taken := f.Names.alter(text, all)
	if taken = slices.DeleteFunc(taken, func(column string) bool { return !f.handler.Wanted(column) }); len(taken) > 0 {
		return &Taken{Columns: taken, Statement: shortened(text)}
	}
	return nil
}

func (f *Follower) apply(effect effect, text string, place *replication.EventHeader) error {
	switch effect {
	case emptied:
		if f.Names != nil {
			f.Names.emptied()
		}
		return f.handler.Truncate(f.place(place), f.committed)
	case replaced:
		return &Error{shortened(text), fmt.Sprintf("%s.%s was replaced by another table", f.Database, f.Table)}
	case cut:
		return &Error{shortened(text), fmt.Sprintf("rows of %s.%s changed with its partitions, or its files", f.Database, f.Table)}
	case ignored:
		return &Error{shortened(text), fmt.Sprintf("rows of %s.%s may have been dropped as it was altered", f.Database, f.Table)}
	case versioned:
		return &Error{shortened(text), fmt.Sprintf("the log of %s.%s has what rows were among what they are, as long as it is WITH SYSTEM VERSIONING", f.Database, f.Table)}
	case stated:
		return &Error{shortened(text), fmt.Sprintf("a change of %s.%s was logged as a statement, not by its rows", f.Database, f.Table)}
	}
	return nil
}

func shortened(text string) string {
	if len(text) > 200 {
		return strings.ToValidUTF8(text[:200], "") + "…"
	}
	return text
}
