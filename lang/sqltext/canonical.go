package sqltext

import (
	"slices"
	"strings"
)

// Canonical spells SQL so that comments, white space and the case of keywords make no difference.
func Canonical(s string) string {
	var b strings.Builder
	var before, last Token
	for _, t := range meaning(s) {
		if last.Text != "" && (spaced(before, last, t) || merges(last, t)) {
			b.WriteByte(' ')
		}
		b.WriteString(t.Text)
		before, last = last, t
	}
	return b.String()
}

// meaning is the tokens that count, keywords in upper case, without semicolons at the end.
func meaning(s string) []Token {
	var tokens []Token
	for _, t := range Tokens(s) {
		if t.Kind == Space || t.Kind == Comment {
			continue
		}
		if t.Kind == Word && keyword(t.Text) {
			t.Text = strings.ToUpper(t.Text)
		}
		tokens = append(tokens, t)
	}
	for len(tokens) > 0 && tokens[len(tokens)-1].Text == ";" {
		tokens = tokens[:len(tokens)-1]
	}
	return tokens
}

// merges says whether two tokens would be read as others if nothing stood between them.
func merges(last, t Token) bool {
	return next(last.Text+t.Text).Text != last.Text
}

// spaced says whether a space stands between two tokens; it depends on the tokens alone, never on the source.
func spaced(before, last, t Token) bool {
	if last.Kind == Operator {
		switch last.Text {
		case "(", "[", "::":
			return false
		case ".":
			return t.Kind == Number // 1 .5 must not become 1.5
		case "-", "+":
			// A sign: after an operator, an opening bracket or a keyword.
			return before.Kind != Operator && before.Text != "" && !keyword(before.Text) || before.Text == ")" || t.Text == last.Text
		}
	}
	if t.Kind == Operator {
		switch t.Text {
		case ",", ")", "]", ";", "::":
			return false
		case ".":
			return last.Kind == Number
		case "(", "[":
			return last.Kind == Word && keyword(last.Text) || last.Kind == Operator && last.Text != ")" && last.Text != "]"
		}
	}
	return true
}

func keyword(word string) bool {
	_, found := slices.BinarySearch(keywords[:], strings.ToUpper(word))
	return found
}

// keywords are words that can't be the name of a column or alias, so that to change their case changes nothing.
var keywords = [...]string{
	"ALL", "ANALYSE", "ANALYZE", "AND", "ANTI", "ANY", "ARRAY", "AS", "ASC", "ASOF", "ASYMMETRIC", "BETWEEN", "BOTH", "BY", "CASE",
	"CAST", "CHECK", "COLLATE", "COLUMN", "CONSTRAINT", "CREATE", "CROSS", "DEFAULT", "DEFERRABLE", "DESC", "DESCRIBE",
	"DISTINCT", "DO", "ELSE", "END", "EXCEPT", "EXISTS", "FALSE", "FETCH", "FOR", "FOREIGN", "FROM", "FULL", "GRANT", "GROUP",
	"HAVING", "ILIKE", "IN", "INITIALLY", "INNER", "INTERSECT", "INTO", "IS", "ISNULL", "JOIN", "LAMBDA", "LATERAL", "LEADING",
	"LEFT", "LIKE", "LIMIT", "NATURAL", "NOT", "NOTNULL", "NULL", "OFFSET", "ON", "ONLY", "OR", "ORDER", "OUTER", "OVERLAPS",
	"PIVOT", "POSITIONAL", "PRIMARY", "QUALIFY", "REFERENCES", "RETURNING", "RIGHT", "SELECT", "SEMI", "SHOW", "SIMILAR", "SOME",
	"SUMMARIZE", "SYMMETRIC", "TABLE", "THEN", "TO", "TRAILING", "TRUE", "UNION", "UNIQUE", "UNPIVOT", "USING", "VARIADIC",
	"WHEN", "WHERE", "WINDOW", "WITH",
}
