package planner

import (
	"slices"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Provenance are the columns that every bronze table has after the source's own.
func Provenance() coltype.Schema {
	return coltype.Schema{
		{Name: "_etl_run", Type: coltype.Of(coltype.String), Doc: "The run that loaded the row"},
		{Name: "_etl_loaded_at", Type: coltype.Of(coltype.Timestamptz), Doc: "When the row was loaded"},
		{Name: "_etl_source", Type: coltype.Of(coltype.String), Doc: "The file, table or topic that the row came from"},
		{Name: "_etl_row", Type: coltype.Of(coltype.Long), Doc: "The row's number in its source, from 1"},
	}
}

// IsProvenance tells the names of these columns.
func IsProvenance(name string) bool {
	return slices.ContainsFunc(Provenance(), func(f coltype.Field) bool { return f.Name == name })
}

// sourceColumns are those of a loaded table that the source tells.
func (n *node) sourceColumns(s coltype.Schema) coltype.Schema {
	var own coltype.Schema
	for _, f := range compile.Given(n.table.Write, s) {
		if !IsProvenance(f.Name) && (!n.follows() || !compile.IsChange(f.Name)) {
			own = append(own, f)
		}
	}
	return own
}

// loadedColumns are all columns of the rows that a load brings.
func (n *node) loadedColumns(offered coltype.Schema) coltype.Schema {
	rows := slices.Clone(offered)
	if n.follows() {
		for i := range rows {
			rows[i].Required = false // a delete has the values of its key alone
		}
		rows = append(rows, compile.ChangeColumns()...)
	}
	return append(rows, Provenance()...)
}

// diffColumns lists columns added, retyped and removed: `column amount`, old type → new type.
func diffColumns(old, new coltype.Schema) []plan.Change {
	var changes []plan.Change
	for _, f := range new {
		before, ok := old.Lookup(f.Name)
		switch {
		case !ok:
			changes = append(changes, plan.Change{Path: f.Name, New: spell(f)})
		case spell(before) != spell(f):
			changes = append(changes, plan.Change{Path: f.Name, Old: spell(before), New: spell(f)})
		}
	}
	for _, f := range old {
		if _, ok := new.Lookup(f.Name); !ok {
			changes = append(changes, plan.Change{Path: f.Name, Old: spell(f)})
		}
	}
	return changes
}

func spell(f coltype.Field) string {
	if f.Required {
		return f.Type.String() + " required"
	}
	return f.Type.String()
}

// severity says how much a change of columns hurts readers: removing or retyping breaks them, adding and widening doesn't.
func severity(old, new coltype.Schema) plan.Category {
	worst := plan.Additive
	for _, f := range old {
		now, ok := new.Lookup(f.Name)
		if !ok || !coltype.Promotable(f.Type, now.Type) {
			worst = plan.Breaking
		}
	}
	return worst
}

// evolved merges what a source offers now into what is recorded: recorded columns keep their place and stay even if
// the source no longer has them, types follow where Iceberg can promote them, new columns come last. A column that the
// source doesn't promise, or that older rows can't have, is not required.
func evolved(recorded, offered coltype.Schema) coltype.Schema {
	merged := undeclared(recorded)
	for _, f := range offered {
		i := merged.Index(f.Name)
		if i < 0 {
			f.Required = false
			merged = append(merged, f)
			continue
		}
		merged[i].Required = recorded[i].Required && f.Required
		if coltype.Promotable(merged[i].Type, f.Type) {
			merged[i].Type = f.Type
		}
	}
	return merged
}

// undeclared are recorded columns without what a contract says of them, which the configuration says anew, and without
// field ids, which apply gives by name.
func undeclared(recorded coltype.Schema) coltype.Schema {
	columns := withoutIDs(recorded)
	for i := range columns {
		columns[i].Required = false
		if own, ok := append(Provenance(), compile.ChangeColumns()...).Lookup(columns[i].Name); ok {
			columns[i].Doc = own.Doc
		}
	}
	return columns
}
