package compile

import (
	"slices"
	"strconv"
	"strings"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// loadedAt is the provenance that rows keep beyond bronze.
const loadedAt = "_etl_loaded_at"

// reservedPrefix starts the names that are the engine's own.
const reservedPrefix = "_etl_"

// column is one column between two steps.
type column struct {
	coltype.Field
	// hidden columns can be named by expressions and are no part of the output.
	hidden bool
	// internal columns are carried for the engine and can't be named.
	internal bool
	// keyed columns are made of the columns that identify a row at the source alone, of says which; plain ones are such a column as it was.
	keyed, plain bool
	of           []string
}

// frame is what the rows look like between two steps.
type frame struct {
	name    string // of the CTE
	columns []column
	// open says that there may be other columns, as a mistake keeps them from being known; surplus that some may not be there.
	open, surplus bool
	// loaded says that loadedAt still belongs to the row: no step has made one row of several.
	loaded bool
	// changes says that a row is a change of one row, with the columns that say which.
	changes bool
	// order are the internal columns to sort the output by.
	order []config.SortKey
}

// expectLoadedAt adds loadedAt where a table may have it.
func (f *frame) expectLoadedAt() {
	c := typed(loadedAt, coltype.Of(coltype.Timestamptz))
	c.hidden, f.loaded = true, true
	f.columns = append(f.columns, c)
}

// untyped forgets the types of all columns.
func (f *frame) untyped() {
	for i := range f.columns {
		f.columns[i].Type = coltype.Of(expr.Invalid)
	}
}

func (f frame) index(name string) int {
	return slices.IndexFunc(f.columns, func(c column) bool { return c.Name == name && !c.internal })
}

// sameButCase finds a column whose name differs from this one in case alone.
func (f frame) sameButCase(name string) (string, bool) {
	for _, c := range f.columns {
		if !f.surplus && c.Name != name && strings.EqualFold(c.Name, name) {
			return c.Name, true
		}
	}
	return "", false
}

// relation is the frame as expressions see it.
func (f frame) relation(name string) expr.Relation {
	rel := expr.Relation{Name: name, Hidden: map[string]bool{}, Open: f.open}
	for _, c := range f.columns {
		if c.internal {
			continue
		}
		rel.Columns = append(rel.Columns, c.Field)
		if c.hidden {
			rel.Hidden[c.Name] = true
		}
	}
	return rel
}

// ref is a column in the SQL of a step that reads the frame.
func (f frame) ref(name string) string { return dialect.Ident(f.name) + "." + dialect.Ident(name) }

// selects lists all columns for a SELECT.
func (f frame) selects() []string {
	out := make([]string, len(f.columns))
	for i, c := range f.columns {
		out[i] = f.ref(c.Name)
	}
	return out
}

// ties orders by every column, so that two rows that an order can't tell apart are equal altogether. Columns that are
// equal anyway, by their SQL, would only make the sort slower.
func (f frame) ties(equal ...string) []string {
	var out []string
	for _, c := range f.columns {
		if c.internal || slices.Contains(equal, f.ref(c.Name)) {
			continue
		}
		out = append(out, sortable(f.ref(c.Name), c.Type)+" NULLS LAST")
	}
	return out
}

// sortable makes text of types that have no order.
func sortable(sql string, t coltype.Type) string {
	if hasMap(t) {
		return "CAST(" + sql + " AS VARCHAR)"
	}
	return sql
}

func hasMap(t coltype.Type) bool {
	if t.Kind == coltype.Map {
		return true
	}
	if t.Elem != nil && hasMap(t.Elem.Type) {
		return true
	}
	return slices.ContainsFunc(t.Fields, func(f coltype.Field) bool { return hasMap(f.Type) })
}

func stepName(i int) string { return "s" + strconv.Itoa(i) }
