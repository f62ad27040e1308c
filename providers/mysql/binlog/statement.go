package binlog

import (
	"strings"
	"unicode/utf8"
)

// effect is what a logged statement does to a table that no row event tells.
type effect uint8

const (
	none      effect = iota
	emptied          // TRUNCATE, DROP, CREATE OR REPLACE: no row is left
	replaced         // another table has its name now
	cut              // partitions came or went, or its files were exchanged
	stated           // rows changed
	ignored          // rows went that would have been in the way
	versioned        // rows stay after they changed, or did so until now
)

// token is a word, a quoted name or a sign.
type token struct {
	text   string
	quoted bool
}

func (t token) is(words ...string) bool {
	for _, word := range words {
		if !t.quoted && strings.EqualFold(t.text, word) {
			return true
		}
	}
	return false
}

// tokens cuts a statement without its comments; texts in single quotes are left out. The comments that only a server of
// some version reads are read.
func tokens(statement string) []token {
	var out []token
	for i := 0; i < len(statement); {
		rest := statement[i:]
		switch c := rest[0]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case strings.HasPrefix(rest, "/*!"), strings.HasPrefix(rest, "/*M!"):
			i += strings.IndexByte(rest, '!') + 1
			for i < len(statement) && statement[i] >= '0' && statement[i] <= '9' {
				i++
			}
		case strings.HasPrefix(rest, "*/"):
			i += 2
		case strings.HasPrefix(rest, "/*"):
			i += ended(rest, "*/")
		case c == '#', strings.HasPrefix(rest, "-- "):
			i += ended(rest, "\n")
		case c == '\'':
			_, n := quotedText(rest)
			i += n
		case c == '`' || c == '"':
			text, n := quotedText(rest)
			out = append(out, token{text, true})
			i += n
		case isWord(c):
			n := 1
			for n < len(rest) && isWord(rest[n]) {
				n++
			}
			out = append(out, token{text: rest[:n]})
			i += n
		default:
			out = append(out, token{text: rest[:1]})
			i++
		}
	}
	return out
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c >= utf8.RuneSelf
}

func ended(text, by string) int {
	if n := strings.Index(text, by); n >= 0 {
		return n + len(by)
	}
	return len(text)
}

// quotedText reads up to the quote that is not doubled and not behind a backslash; names have no backslashes.
func quotedText(text string) (value string, length int) {
	quote := text[0]
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == quote && i+1 < len(text) && text[i+1] == quote:
			b.WriteByte(c)
			i++
		case c == quote:
			return b.String(), i + 1
		case c == '\\' && quote != '`' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), len(text)
}

// followed is the table whose changes are looked for.
type followed struct {
	database, table string
	cased           bool // the server tells names apart by their case
}

func (f followed) is(database, table string) bool {
	return f.same(database, f.database) && f.same(table, f.table)
}

func (f followed) same(a, b string) bool {
	return a == b || !f.cased && strings.EqualFold(a, b)
}

// effectOf reads a statement that was run in a database.
func effectOf(statement, in string, of followed) effect {
	words := tokens(statement)
	if len(words) == 0 {
		return none
	}
	s := reader{words: words, in: in, of: of}
	switch first := words[0]; {
	case first.is("TRUNCATE"):
		s.skip("TRUNCATE", "TABLE")
		return s.ifNamed(emptied)
	case first.is("DROP"):
		return s.drop()
	case first.is("CREATE"):
		return s.create()
	case first.is("RENAME"):
		s.skip("RENAME", "TABLE", "TABLES", "IF", "EXISTS")
		return s.rename()
	case first.is("ALTER"):
		return s.alter()
	case first.is("INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "WITH"):
		return s.mentioned()
	}
	return none
}

type reader struct {
	words []token
	in    string
	of    followed
}

func (s *reader) peek() token {
	if len(s.words) == 0 {
		return token{}
	}
	return s.words[0]
}

func (s *reader) skip(words ...string) {
	for len(s.words) > 0 && s.peek().is(words...) {
		s.words = s.words[1:]
	}
}

func (s *reader) next() token {
	t := s.peek()
	if len(s.words) > 0 {
		s.words = s.words[1:]
	}
	return t
}

// named reads a table's name and reports whether it is the one.
func (s *reader) named() bool {
	database, table := s.in, s.next().text
	if p := s.peek(); !p.quoted && p.text == "." {
		s.next()
		database, table = table, s.next().text
	}
	return s.of.is(database, table)
}

func (s *reader) ifNamed(e effect) effect {
	if s.named() {
		return e
	}
	return none
}

func (s *reader) drop() effect {
	s.skip("DROP")
	if s.peek().is("DATABASE", "SCHEMA") {
		s.skip("DATABASE", "SCHEMA", "IF", "EXISTS")
		if s.of.same(s.peek().text, s.of.database) {
			return emptied
		}
		return none
	}
	if !s.peek().is("TABLE", "TABLES") { // temporary tables, views, indexes …
		return none
	}
	s.skip("TABLE", "TABLES", "IF", "EXISTS")
	for len(s.words) > 0 {
		if s.named() {
			return emptied
		}
		if s.next().text != "," {
			break
		}
	}
	return none
}

func (s *reader) create() effect {
	s.skip("CREATE")
	if !s.peek().is("OR") {
		return none
	}
	s.skip("OR", "REPLACE")
	if !s.peek().is("TABLE") {
		return none
	}
	s.skip("TABLE")
	return s.ifNamed(emptied)
}

// rename looks for the table on either side: away is as bad as onto.
func (s *reader) rename() effect {
	for len(s.words) > 0 {
		from := s.named()
		s.skip("WAIT", "NOWAIT")
		for len(s.words) > 0 && !s.peek().is("TO") && s.peek().text != "," {
			s.next()
		}
		s.skip("TO")
		if to := s.named(); from || to {
			return replaced
		}
		if s.next().text != "," {
			break
		}
	}
	return none
}

func (s *reader) alter() effect {
	ignore := s.ignores()
	if !s.altersTable() {
		return none
	}
	own := s.named()
	found := none
	if s.skipWait(); own && ignore && !s.onlyAdds() {
		found = ignored
	}
	for len(s.words) > 0 {
		t := s.next()
		switch {
		case t.is("RENAME") && !s.peek().is("COLUMN", "INDEX", "KEY"):
			s.skip("TO", "AS")
			if to := s.named(); own || to {
				return replaced
			}
		case own && t.is("TRUNCATE", "DROP", "EXCHANGE", "IMPORT", "DISCARD", "CONVERT") && s.peek().is("PARTITION", "TABLESPACE", "TABLE"):
			found = cut
		case t.is("EXCHANGE") && s.peek().is("PARTITION"):
			for len(s.words) > 0 && !s.peek().is("TABLE") {
				s.next()
			}
			s.skip("TABLE")
			if s.named() {
				return cut
			}
		case own && t.is("ADD", "DROP") && s.pair("SYSTEM", "VERSIONING"):
			found = versioned
		}
	}
	return found
}

// mentioned is careful: a change that is logged as a statement and names the table anywhere may change it.
func (s *reader) mentioned() effect {
	for _, t := range s.words {
		if s.of.same(t.text, s.of.table) {
			return stated
		}
	}
	return none
}
