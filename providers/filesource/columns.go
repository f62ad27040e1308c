package filesource

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/naming"
)

// settledColumns are a source's columns and how they came to differ from the recorded ones.
type settledColumns struct {
	columns coltype.Schema
	changes []string
}

// settle decides on columns: what is declared holds, what was recorded is widened where the lakehouse can promote it,
// and a column of nothing but nulls is a string.
func settle(inferred, recorded coltype.Schema, declared map[string]coltype.Type, openEnded bool) (settledColumns, sdk.Diagnostics) {
	recorded = withoutProvenance(recorded)
	files := naming.Source{Have: "The files have", Where: "in the files", Path: "path"}
	diags := files.Reserved(inferred.Names())
	if !openEnded {
		diags = append(diags, files.Declared(append(recorded.Names(), inferred.Names()...), declared)...)
	}
	var out settledColumns
	for _, column := range recorded {
		next, there := inferred.Lookup(column.Name)
		t, warnings := widened(column, next, there, declared)
		diags = append(diags, warnings...)
		if !t.Equal(column.Type) {
			out.changes = append(out.changes, fmt.Sprintf("%s: %s → %s", column.Name, column.Type, t))
		}
		out.columns = append(out.columns, coltype.Field{Name: column.Name, Type: t})
	}
	for _, column := range withDeclared(inferred, declared, openEnded) {
		if recorded.Index(column.Name) >= 0 {
			continue
		}
		t := known(column.Type)
		if d, ok := declared[column.Name]; ok {
			t = d
		}
		if len(recorded) > 0 {
			out.changes = append(out.changes, fmt.Sprintf("%s: new, %s", column.Name, t))
		}
		out.columns = append(out.columns, coltype.Field{Name: column.Name, Type: t})
	}
	return out, append(diags, files.Case(out.columns.Names())...)
}

// widened is a recorded column's type now.
func widened(column, next coltype.Field, there bool, declared map[string]coltype.Type) (coltype.Type, sdk.Diagnostics) {
	if t, ok := declared[column.Name]; ok {
		return t, nil
	}
	if !there {
		return column.Type, nil
	}
	both := known(coltype.Unify(column.Type, next.Type))
	if coltype.Promotable(column.Type, both) {
		return both, nil
	}
	return column.Type, Warning("Values of another type", fmt.Sprintf("The column %q was recorded as %s, and the files now "+
		"have values of type %s, to which a table's column can't be promoted. Rows whose values are no %s become bad rows. To load "+
		"them all, declare the column's type: types = { %s = %s }.",
		column.Name, column.Type, known(next.Type), column.Type, column.Name, both), "types")
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
func withDeclared(inferred coltype.Schema, declared map[string]coltype.Type, openEnded bool) coltype.Schema {
	if !openEnded {
		return inferred
	}
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		if inferred.Index(name) < 0 {
			inferred = append(inferred[:len(inferred):len(inferred)], coltype.Field{Name: name, Type: declared[name]})
		}
	}
	return inferred
}
