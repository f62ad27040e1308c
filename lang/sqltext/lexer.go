// Package sqltext treats SQL as text: it splits it into tokens, spells it canonically for hashes, and spells values as
// literals. What the SQL means is the engine's to say.
package sqltext

import "strings"

// Kind is what a token is.
type Kind uint8

// Kinds of tokens.
const (
	Space   Kind = iota // white space
	Comment             // -- to the end of the line, /* … */ (nested)
	Text                // '…', E'…', $tag$…$tag$
	Quoted              // "…"
	Word                // keywords and names
	Number
	Operator
)

// Token is a piece of SQL. The tokens of a text, put together, are the text.
type Token struct {
	Kind   Kind
	Text   string
	Closed bool // false where the text ends before a quote or comment does
}

// Tokens splits SQL.
func Tokens(s string) []Token {
	var tokens []Token
	for len(s) > 0 {
		t := next(s)
		tokens = append(tokens, t)
		s = s[len(t.Text):]
	}
	return tokens
}

func next(s string) Token {
	c := s[0]
	switch {
	case blank(c):
		return Token{Space, s[:span(s, blank)], true}
	case strings.HasPrefix(s, "--"):
		return lineComment(s)
	case strings.HasPrefix(s, "/*"):
		return blockComment(s)
	case c == '\'':
		return quoted(s, Text, '\'', false)
	case c == '"':
		return quoted(s, Quoted, '"', false)
	case (c == 'e' || c == 'E') && len(s) > 1 && s[1] == '\'':
		t := quoted(s[1:], Text, '\'', true)
		return Token{Text, s[:1+len(t.Text)], t.Closed}
	case c == '$':
		return dollar(s)
	case digit(c), c == '.' && len(s) > 1 && digit(s[1]):
		return Token{Number, s[:numberLength(s)], true}
	case wordStart(c):
		return Token{Word, s[:span(s, wordPart)], true}
	}
	return Token{Operator, s[:operatorLength(s)], true}
}

func lineComment(s string) Token {
	if end := strings.IndexByte(s, '\n'); end >= 0 {
		return Token{Comment, s[:end], true}
	}
	return Token{Comment, s, true}
}

func blockComment(s string) Token {
	depth, i := 0, 0
	for i < len(s) {
		switch {
		case strings.HasPrefix(s[i:], "/*"):
			depth++
			i += 2
		case strings.HasPrefix(s[i:], "*/"):
			depth--
			i += 2
		default:
			i++
		}
		if depth == 0 {
			return Token{Comment, s[:i], true}
		}
	}
	return Token{Comment, s, false}
}

// quoted reads until the closing quote; a doubled quote is part of the text.
func quoted(s string, kind Kind, quote byte, escapes bool) Token {
	for i := 1; i < len(s); i++ {
		switch {
		case escapes && s[i] == '\\':
			i++
		case s[i] == quote && i+1 < len(s) && s[i+1] == quote:
			i++
		case s[i] == quote:
			return Token{kind, s[:i+1], true}
		}
	}
	return Token{kind, s, false}
}

// dollar reads $tag$ … $tag$, or a parameter such as $1.
func dollar(s string) Token {
	end := 1 + span(s[1:], wordPart)
	if end >= len(s) || s[end] != '$' || (end > 1 && digit(s[1])) {
		return Token{Operator, s[:end], true}
	}
	tag := s[:end+1]
	if i := strings.Index(s[len(tag):], tag); i >= 0 {
		return Token{Text, s[:i+2*len(tag)], true}
	}
	return Token{Text, s, false}
}

func numberLength(s string) int {
	i := span(s, func(c byte) bool { return wordPart(c) || c == '.' })
	// The sign of an exponent belongs to the number.
	if i < len(s) && (s[i] == '+' || s[i] == '-') && i > 0 && (s[i-1] == 'e' || s[i-1] == 'E') && !strings.HasPrefix(s, "0x") {
		i += 1 + span(s[i+1:], digit)
	}
	return i
}

var operators = [...]string{
	"!~~*", "->>", "!~~", "~~*", "!~*", "<=>", "::", "<=", ">=", "<>", "!=", "==", "||", "->", "=>", ":=", "**", "//",
	"~~", "~*", "!~", "@>", "<@", "&&", "^@", "<<", ">>",
}

func operatorLength(s string) int {
	for _, op := range operators {
		if strings.HasPrefix(s, op) {
			return len(op)
		}
	}
	return 1
}

func span(s string, in func(byte) bool) int {
	i := 0
	for i < len(s) && in(s[i]) {
		i++
	}
	return i
}

func blank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
func digit(c byte) bool { return c >= '0' && c <= '9' }
func wordStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
func wordPart(c byte) bool { return wordStart(c) || digit(c) }
