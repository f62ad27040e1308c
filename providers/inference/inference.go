// Package inference settles on the types of columns that a source doesn't declare: what values were seen, what was
// recorded of earlier ones, and what the user declares come together in one schema.
package inference

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/naming"
)

// Evidence is what is known of a source's columns.
type Evidence struct {
	Seen      coltype.Schema // inferred from values
	Recorded  coltype.Schema // from earlier reads
	Declared  map[string]coltype.Type
	OpenEnded bool          // other rows may have other columns, declared ones for example
	Source    naming.Source // for messages
	Values    string        // "the files now have values", for messages
}

// Settled are a source's columns and how they came to differ from the recorded ones.
type Settled struct {
	Columns coltype.Schema
	Changes []string
}

// Settle decides on columns: what is declared holds, what was recorded is widened where the lakehouse can promote it,
// and a column of nothing but nulls is a string. What differs from a recorded name only by case is the host's to refuse, which
// knows the table.
func (e Evidence) Settle() (Settled, sdk.Diagnostics) {
	recorded := withoutProvenance(e.Recorded)
	diags := e.Source.Reserved(e.Seen.Names())
	if !e.OpenEnded {
		diags = append(diags, e.Source.Declared(append(recorded.Names(), e.Seen.Names()...), e.Declared)...)
	}
	var out Settled
	for _, column := range recorded {
		next, there := e.Seen.Lookup(column.Name)
		t, warnings := e.widened(column, next, there)
		diags = append(diags, warnings...)
		if !t.Equal(column.Type) {
			out.Changes = append(out.Changes, fmt.Sprintf("%s: %s → %s", column.Name, column.Type, t))
		}
		out.Columns = append(out.Columns, coltype.Field{Name: column.Name, Type: t})
	}
	for _, column := range e.withDeclared() {
		if recorded.Index(column.Name) >= 0 {
			continue
		}
		t := known(column.Type)
		if d, ok := e.Declared[column.Name]; ok {
			t = d
		}
		if len(recorded) > 0 {
			out.Changes = append(out.Changes, fmt.Sprintf("%s: new, %s", column.Name, t))
		}
		out.Columns = append(out.Columns, coltype.Field{Name: column.Name, Type: t})
	}
	return out, append(diags, e.Source.Case(e.withDeclared().Names())...)
}

// widened is a recorded column's type now.
func (e Evidence) widened(column, next coltype.Field, there bool) (coltype.Type, sdk.Diagnostics) {
	if t, ok := e.Declared[column.Name]; ok {
		return t, nil
	}
	if !there {
		return column.Type, nil
	}
	both := known(unified(column.Type, next.Type))
	if coltype.Promotable(column.Type, both) {
		return both, nil
	}
	return column.Type, sdk.Diagnostics{sdk.Warning("Values of another type", fmt.Sprintf("The column %q was recorded as %s, and %s "+
		"of type %s, to which a table's column can't be promoted. Rows whose values are no %s become bad rows. To load "+
		"them all, declare the column's type: types = { %s = %s }.",
		column.Name, column.Type, e.Values, known(next.Type), column.Type, column.Name, both), "types")}
}

// unified is what holds the values of both types, exactly: where no decimal has enough digits, that is text.
func unified(a, b coltype.Type) coltype.Type {
	both := coltype.Unify(a, b)
	if both.Kind == coltype.Double && (a.Kind == coltype.Decimal || b.Kind == coltype.Decimal) {
		return coltype.Of(coltype.String)
	}
	return both
}

// known makes a string of what has no type yet, inside nested types too.
func known(t coltype.Type) coltype.Type {
	switch t.Kind {
	case coltype.Unknown:
		return coltype.Of(coltype.String)
	case coltype.List:
		return coltype.ListOf(known(t.Elem.Type))
	case coltype.Map:
		return coltype.MapOf(known(t.Key.Type), known(t.Elem.Type))
	case coltype.Struct:
		fields := make([]coltype.Field, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = coltype.Field{Name: f.Name, Type: known(f.Type), Doc: f.Doc}
		}
		return coltype.StructOf(fields...)
	}
	return t
}

func withoutProvenance(columns coltype.Schema) coltype.Schema {
	var out coltype.Schema
	for _, c := range columns {
		if !strings.HasPrefix(c.Name, naming.ReservedPrefix) {
			out = append(out, c)
		}
	}
	return out
}

// withDeclared adds declared columns that a sample may have missed.
func (e Evidence) withDeclared() coltype.Schema {
	if !e.OpenEnded {
		return e.Seen
	}
	columns := slices.Clone(e.Seen)
	for _, name := range slices.Sorted(maps.Keys(e.Declared)) {
		if columns.Index(name) < 0 {
			columns = append(columns, coltype.Field{Name: name, Type: e.Declared[name]})
		}
	}
	return columns
}
