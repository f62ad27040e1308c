package postgres

import (
	"strings"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/postgres/column"
	"github.com/automic-etl/etl/providers/postgres/session"
)

// selection is how the wanted columns are asked for and made: the copied ones in the order in which the server sends
// them, and those that it doesn't have.
type selection struct {
	wanted coltype.Schema
	copied []copied
	places []int // of each wanted column among the copied ones; -1 where the source has none
}

// copied is a column that the server sends.
type copied struct {
	name   string
	want   coltype.Type
	shape  *column.Shape
	format column.Format
}

// selects matches the wanted columns with the source's by name.
func (s *source) selects(wanted coltype.Schema) selection {
	out := selection{wanted: wanted, places: make([]int, len(wanted))}
	for i, want := range wanted {
		out.places[i] = -1
		for _, f := range s.fields {
			if f.name == want.Name {
				out.places[i] = len(out.copied)
				out.copied = append(out.copied, copied{f.name, want.Type, f.shape, f.shape.Reads(want.Type)})
			}
		}
	}
	return out
}

// also adds columns that are copied but not wanted, for the places of bad rows. They are texts, which all of their values
// have: a row must not be bad for what nobody asked for.
func (s *selection) also(fields []sourceField, names []string) {
	for _, f := range fields {
		for _, name := range names {
			if f.name == name && !s.has(name) {
				text := coltype.Of(coltype.String)
				s.copied = append(s.copied, copied{f.name, text, f.shape, f.shape.Reads(text)})
			}
		}
	}
}

func (s *selection) has(name string) bool {
	for _, c := range s.copied {
		if c.name == name {
			return true
		}
	}
	return false
}

// list is what stands after SELECT. Values that are wanted as text are written by the type's own output function: casts
// to text differ from it for some types.
func (s *selection) list() string {
	terms := make([]string, len(s.copied))
	for i, c := range s.copied {
		terms[i] = session.Ident(c.name)
		if c.format == column.Text {
			terms[i] = "CASE WHEN " + terms[i] + " IS DISTINCT FROM NULL THEN pg_catalog.format('%s', " + terms[i] + ") END"
		}
	}
	return strings.Join(terms, ", ")
}

// columns makes empty columns for the copied values.
func (s *selection) columns() []column.Column {
	out := make([]column.Column, len(s.copied))
	for i, c := range s.copied {
		out[i] = column.New(c.want, c.shape, c.format)
	}
	return out
}

// from is what stands after FROM.
func (s *source) from() string {
	if s.relation == nil {
		return "(" + s.query + "\n) AS query"
	}
	return s.relation.Quoted()
}

// copySQL copies the rows of one piece.
func (s *source) copySQL(selected *selection, p piece) string {
	from := p.from
	if from == "" {
		from = s.from()
	}
	sql := "COPY (SELECT " + selected.list() + " FROM " + from
	switch {
	case p.condition != "":
		sql += " WHERE " + s.meets(p.condition)
	case s.where != "":
		sql += " WHERE " + s.where + "\n"
	}
	return sql + ") TO STDOUT (FORMAT binary)"
}
