package binlog

import "strings"

// renaming is what a clause of ALTER TABLE does to a column's name: one that is dropped has none after, and one that is
// added none before.
type renaming struct {
	from, to string
	perhaps  bool // only if there is no column of the new name yet
}

// renamings are all that an ALTER TABLE of the table does to the names of its columns.
func renamings(statement, in string, of followed) []renaming {
	s := reader{words: tokens(statement), in: in, of: of}
	if !s.peek().is("ALTER") || !s.altersTable() || !s.named() {
		return nil
	}
	s.skipWait()
	var all []renaming
	for len(s.words) > 0 {
		clause := reader{words: s.upToComma()}
		all = append(all, clause.renamings()...)
	}
	return all
}

// altersTable reads up to the table's name.
func (s *reader) altersTable() bool {
	s.skip("ALTER", "ONLINE", "OFFLINE", "IGNORE")
	if !s.peek().is("TABLE") {
		return false
	}
	s.skip("TABLE", "IF", "EXISTS")
	return true
}

// skipWait reads how long MariaDB waits for the table.
func (s *reader) skipWait() {
	if s.skip("NOWAIT"); s.peek().is("WAIT") {
		s.next()
		s.next()
	}
}

// ignores reports whether rows may go so that the table can be altered: MariaDB's ALTER IGNORE TABLE.
func (s *reader) ignores() bool {
	for _, t := range s.words {
		if t.is("IGNORE", "TABLE") {
			return t.is("IGNORE")
		}
	}
	return false
}

// onlyAdds reports whether all that an ALTER TABLE does after the table's name is to add what no row can be in the way of.
func (s *reader) onlyAdds() bool {
	rest := reader{words: s.words}
	for len(rest.words) > 0 {
		clause := rest.upToComma()
		if len(clause) == 0 || !clause[0].is("ADD", "COMMENT", "ALGORITHM", "LOCK") {
			return false
		}
		for _, t := range clause {
			if t.is("UNIQUE", "PRIMARY", "CONSTRAINT", "CHECK", "FOREIGN", "PARTITION", "PERIOD") {
				return false
			}
		}
	}
	return true
}

func (t token) sign(text string) bool { return !t.quoted && t.text == text }

// upToComma takes the words up to a comma that is in no parentheses, and the comma.
func (s *reader) upToComma() []token {
	depth := 0
	for i, t := range s.words {
		switch {
		case t.sign("("):
			depth++
		case t.sign(")"):
			depth--
		case t.sign(",") && depth <= 0:
			taken := s.words[:i]
			s.words = s.words[i+1:]
			return taken
		}
	}
	taken := s.words
	s.words = nil
	return taken
}

func (s *reader) renamings() []renaming {
	switch verb := s.next(); {
	case verb.is("ADD"):
		return s.added()
	case verb.is("DROP"):
		return s.dropped()
	case verb.is("CHANGE"):
		s.skip("COLUMN")
		s.skip("IF", "EXISTS")
		return renamed(s.next().text, s.next().text)
	case verb.is("RENAME") && s.peek().is("COLUMN"):
		s.next()
		s.skip("IF", "EXISTS")
		from := s.next().text
		s.skip("TO")
		return renamed(from, s.next().text)
	}
	return nil
}

// renamed leaves out what changes nothing but the case.
func renamed(from, to string) []renaming {
	if from == "" || to == "" || strings.EqualFold(from, to) {
		return nil
	}
	return []renaming{{from: from, to: to}}
}

// added knows the words after ADD that say it isn't a column.
func (s *reader) added() []renaming {
	if !s.peek().is("COLUMN") {
		if s.peek().is("INDEX", "KEY", "FULLTEXT", "SPATIAL", "UNIQUE", "PRIMARY", "CONSTRAINT", "FOREIGN", "CHECK", "PARTITION") ||
			s.pair("PERIOD", "FOR") || s.pair("SYSTEM", "VERSIONING") {
			return nil
		}
	}
	s.skip("COLUMN")
	perhaps := s.peek().is("IF")
	s.skip("IF", "NOT", "EXISTS")
	if !s.peek().sign("(") {
		if name := s.next().text; name != "" {
			return []renaming{{to: name, perhaps: perhaps}}
		}
		return nil
	}
	s.next()
	var all []renaming
	for len(s.words) > 0 {
		column := reader{words: s.upToComma()}
		if name := column.next().text; name != "" {
			all = append(all, renaming{to: name, perhaps: perhaps})
		}
	}
	return all
}

func (s *reader) dropped() []renaming {
	if !s.peek().is("COLUMN") {
		if s.peek().is("INDEX", "KEY", "PRIMARY", "FOREIGN", "CHECK", "CONSTRAINT", "PARTITION") || s.pair("PERIOD", "FOR") || s.pair("SYSTEM", "VERSIONING") {
			return nil
		}
	}
	s.skip("COLUMN")
	s.skip("IF", "EXISTS")
	if name := s.next().text; name != "" {
		return []renaming{{from: name}}
	}
	return nil
}

// pair reports whether these two words come next.
func (s *reader) pair(first, second string) bool {
	return len(s.words) > 1 && s.words[0].is(first) && s.words[1].is(second)
}
