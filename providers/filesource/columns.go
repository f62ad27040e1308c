package filesource

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/agext/levenshtein"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// provenancePrefix marks the columns that the host adds.
const provenancePrefix = "_etl_"

// settledColumns are a source's columns and how they came to differ from the recorded ones.
type settledColumns struct {
	columns coltype.Schema
	changes []string
}

// settle decides on columns: what is declared holds, what was recorded is widened where the lakehouse can promote it,
// and a column of nothing but nulls is a string.
func settle(inferred, recorded coltype.Schema, declared map[string]coltype.Type, openEnded bool) (settledColumns, sdk.Diagnostics) {
	recorded = withoutProvenance(recorded)
	diags := checkNames(inferred)
	if !openEnded {
		diags = append(diags, checkDeclared(append(recorded.Names(), inferred.Names()...), declared)...)
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
	return out, append(diags, checkCase(out.columns)...)
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
		if !strings.HasPrefix(c.Name, provenancePrefix) {
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
	for _, name := range sortedNames(declared) {
		if inferred.Index(name) < 0 {
			inferred = append(inferred[:len(inferred):len(inferred)], coltype.Field{Name: name, Type: declared[name]})
		}
	}
	return inferred
}

func sortedNames(declared map[string]coltype.Type) []string {
	names := make([]string, 0, len(declared))
	for name := range declared {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func checkNames(inferred coltype.Schema) sdk.Diagnostics {
	var diags sdk.Diagnostics
	for _, c := range inferred {
		if strings.HasPrefix(c.Name, provenancePrefix) {
			diags = append(diags, Problem("Reserved column name", fmt.Sprintf("The files have a column %q, and names that begin "+
				"with %s are kept for where a row came from. Rename the column in the files.", c.Name, provenancePrefix), "path")...)
		}
	}
	return diags
}

// checkCase refuses names that engines without regard to case could not tell apart.
func checkCase(columns coltype.Schema) sdk.Diagnostics {
	var diags sdk.Diagnostics
	seen := make(map[string]string, len(columns))
	for _, c := range columns {
		lower := strings.ToLower(c.Name)
		if other, ok := seen[lower]; ok && other != c.Name {
			diags = append(diags, Problem("Column names differ only by case", fmt.Sprintf("The files have the columns %q and %q, "+
				"which SQL can't tell apart. Give them different names in the files.", other, c.Name), "path")...)
		}
		seen[lower] = c.Name
	}
	return diags
}

func checkDeclared(names []string, declared map[string]coltype.Type) sdk.Diagnostics {
	var diags sdk.Diagnostics
	for _, name := range sortedNames(declared) {
		if slices.Contains(names, name) {
			continue
		}
		detail := fmt.Sprintf("The files have no column %q, whose type is declared.", name)
		if near := nearest(name, names); near != "" {
			detail += fmt.Sprintf(" Did you mean %q?", near)
		} else {
			detail += " Remove it from types."
		}
		diags = append(diags, Problem("Unknown column", detail, "types", name)...)
	}
	return diags
}

func nearest(name string, names []string) string {
	best, distance := "", 3
	for _, candidate := range names {
		if d := levenshtein.Distance(strings.ToLower(name), strings.ToLower(candidate), nil); d < distance {
			best, distance = candidate, d
		}
	}
	return best
}
