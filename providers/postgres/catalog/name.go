// Package catalog finds out what the database holds: tables, their columns and keys, and the types of their values.
package catalog

import (
	"fmt"
	"strings"

	"github.com/automic-etl/etl/providers/postgres/session"
)

// Name is a table's name as a user writes it: orders, public.orders, "Shop"."Order Lines".
type Name struct {
	Schema, Table           string
	SchemaExact, TableExact bool
}

// part is one identifier of a name; exact where it was quoted.
type part struct {
	text  string
	exact bool
}

// ParseName reads a table's name.
func ParseName(text string) (Name, error) {
	parts, err := split(text)
	if err != nil {
		return Name{}, err
	}
	switch len(parts) {
	case 1:
		return Name{Table: parts[0].text, TableExact: parts[0].exact}, nil
	case 2:
		return Name{Schema: parts[0].text, SchemaExact: parts[0].exact, Table: parts[1].text, TableExact: parts[1].exact}, nil
	}
	return Name{}, fmt.Errorf("%q has %d parts, and a table's name is its schema and its name: \"public.orders\"", text, len(parts))
}

func split(text string) ([]part, error) {
	var parts []part
	for rest := strings.TrimSpace(text); ; rest = rest[1:] {
		var next part
		var ok bool
		if next, rest, ok = first(rest); !ok {
			return nil, fmt.Errorf("%q is no table's name; write it like \"public.orders\", and a name with dots or quotes in it "+
				"in double quotes", text)
		}
		parts = append(parts, next)
		if rest == "" {
			return parts, nil
		}
	}
}

// first takes one identifier off; what follows it, if anything, is a dot.
func first(text string) (next part, rest string, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		name, _, _ := strings.Cut(text, ".")
		return part{text: name}, text[len(name):], name != "" && !strings.Contains(name, `"`)
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		if text[i] != '"' {
			b.WriteByte(text[i])
			continue
		}
		if i+1 < len(text) && text[i+1] == '"' {
			i++
			b.WriteByte('"')
			continue
		}
		rest = text[i+1:]
		return part{text: b.String(), exact: true}, rest, b.Len() > 0 && (rest == "" || rest[0] == '.')
	}
	return part{}, "", false
}

// spellings are the names that a part can stand for, the likeliest first: as it is written and, without quotes, in lower
// case, as the server reads it.
func spellings(text string, exact bool) []string {
	lower := strings.ToLower(text)
	if exact || lower == text {
		return []string{text}
	}
	return []string{text, lower}
}

// Quoted is the table's name for SQL.
func (r *Relation) Quoted() string { return session.Ident(r.Schema) + "." + session.Ident(r.Name) }

// Spelled is the table's name for people: with quotes where it needs them.
func (r *Relation) Spelled() string { return spelled(r.Schema) + "." + spelled(r.Name) }

func spelled(name string) string {
	if strings.ContainsAny(name, `."`) || strings.TrimSpace(name) != name {
		return session.Ident(name)
	}
	return name
}
