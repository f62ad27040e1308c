package duckdb

import "strings"

// Statement is a query without the semicolon at its end, so that it can stand within another. A comment that ends the query
// stays: put a line break behind it. Offsets into the query stay true.
func Statement(query string) string {
	end := -1 // of the last thing that is no space, comment or semicolon
	cut := len(query)
	for at := 0; at < len(query); {
		next, kind := token(query, at)
		switch {
		case kind == tokenSpace:
		case kind == tokenOther && query[at] == ';':
			if cut == len(query) {
				cut = at
			}
		default:
			end, cut = next, len(query)
		}
		at = next
	}
	if end < 0 {
		return ""
	}
	return query[:cut]
}

type tokenKind uint8

const (
	tokenOther  tokenKind = iota // a single byte
	tokenSpace                   // white space and comments
	tokenWord                    // names, keywords and numbers
	tokenQuoted                  // '…', "…", $$…$$
)

// token finds the end and the kind of the token at a byte of a query. It knows as much of SQL as is needed to tell quotes,
// comments and the rest apart.
func token(query string, at int) (end int, kind tokenKind) {
	rest := query[at:]
	switch c := rest[0]; {
	case strings.HasPrefix(rest, "--"):
		return at + until(rest, "\n", 2), tokenSpace
	case strings.HasPrefix(rest, "/*"):
		return at + blockComment(rest), tokenSpace
	case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
		return at + 1, tokenSpace
	case c == '\'' || c == '"':
		return at + quotedLength(rest, escapes(query, at)), tokenQuoted
	case c == '$':
		if tag := dollarTag(rest); tag != "" {
			return at + until(rest, tag, len(tag)), tokenQuoted
		}
		return at + 1, tokenOther
	case isWord(c):
		n := 1
		for n < len(rest) && (isWord(rest[n]) || rest[n] == '$') {
			n++
		}
		return at + n, tokenWord
	}
	return at + 1, tokenOther
}

// until is the length up to and including a mark, or of all if there is none.
func until(text, mark string, from int) int {
	if i := strings.Index(text[from:], mark); i >= 0 {
		return from + i + len(mark)
	}
	return len(text)
}

// blockComment is the length of a comment, in which others may be nested.
func blockComment(text string) int {
	depth := 1
	for i := 2; i < len(text); {
		switch {
		case strings.HasPrefix(text[i:], "/*"):
			depth++
			i += 2
		case strings.HasPrefix(text[i:], "*/"):
			depth--
			i += 2
		default:
			i++
		}
		if depth == 0 {
			return i
		}
	}
	return len(text)
}

// escapes tells whether the string at a byte is an E'…', in which a backslash hides a quote.
func escapes(query string, at int) bool {
	if at == 0 || query[at] != '\'' || query[at-1]|0x20 != 'e' {
		return false
	}
	return at < 2 || !isWord(query[at-2])
}

func quotedLength(text string, escaped bool) int {
	quote := text[0]
	for i := 1; i < len(text); i++ {
		switch {
		case escaped && text[i] == '\\':
			i++
		case text[i] == quote && i+1 < len(text) && text[i+1] == quote:
			i++
		case text[i] == quote:
			return i + 1
		}
	}
	return len(text)
}

// dollarTag is the opening `$$` or `$name$` of a quoted text, "" if there is none.
func dollarTag(text string) string {
	for i := 1; i < len(text); i++ {
		if text[i] == '$' {
			return text[:i+1]
		}
		if !isWord(text[i]) || i == 1 && text[i] >= '0' && text[i] <= '9' {
			return ""
		}
	}
	return ""
}

func isWord(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}
