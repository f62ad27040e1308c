package mysql

import (
	"errors"
	"strings"

	"github.com/automic-etl/etl/providers/naming"
)

// name is a table's, with its database or without.
type name struct{ database, table string }

// parseName reads `orders`, `shop.orders`, and names in backticks, in which two stand for one.
func parseName(written string) (name, error) {
	var parts []string
	for rest := written; ; {
		part, after, err := takeName(rest)
		if err != nil {
			return name{}, err
		}
		parts = append(parts, part)
		if after == "" {
			break
		}
		if after[0] != '.' {
			return name{}, errors.New("what follows a backtick is neither a point nor the end")
		}
		rest = after[1:]
	}
	switch len(parts) {
	case 1:
		return name{table: parts[0]}, nil
	case 2:
		return name{database: parts[0], table: parts[1]}, nil
	}
	return name{}, errors.New("it has more than two parts")
}

func takeName(text string) (part, rest string, err error) {
	if !strings.HasPrefix(text, "`") {
		end := strings.IndexByte(text, '.')
		if end < 0 {
			end = len(text)
		}
		if end == 0 {
			return "", "", errors.New("a part of it is empty")
		}
		return text[:end], text[end:], nil
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		if text[i] != '`' {
			b.WriteByte(text[i])
			continue
		}
		if strings.HasPrefix(text[i:], "``") {
			b.WriteByte('`')
			i++
			continue
		}
		if b.Len() == 0 {
			return "", "", errors.New("a part of it is empty")
		}
		return b.String(), text[i+1:], nil
	}
	return "", "", errors.New("a backtick is missing")
}

// String is the name for people: `shop.orders`.
func (n name) String() string {
	if n.database == "" {
		return n.table
	}
	return n.database + "." + n.table
}

// sql is the name for the server.
func (n name) sql() string {
	if n.database == "" {
		return quote(n.table)
	}
	return quote(n.database) + "." + quote(n.table)
}

// written is the name as a user writes it in `table`.
func (n name) written() string {
	if strings.ContainsAny(n.database+n.table, ".`") {
		return n.sql()
	}
	return n.String()
}

func quote(identifier string) string { return "`" + strings.ReplaceAll(identifier, "`", "``") + "`" }

func quoted(identifiers []string) string {
	out := make([]string, len(identifiers))
	for i, identifier := range identifiers {
		out[i] = quote(identifier)
	}
	return strings.Join(out, ", ")
}

// literal is a text for the server in a statement that takes no parameters.
func literal(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(text) + "'"
}

// suggestion is a sentence that names what was perhaps meant.
func suggestion(written string, there []string) string {
	if near := naming.Nearest(written, there); near != "" {
		return " Did you mean \"" + near + "\"?"
	}
	return ""
}
