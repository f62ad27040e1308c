package planner

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/plugins/schema"
)

// detectAttribute is the attribute by which a provider's incremental sources offer to look for deleted rows.
const detectAttribute = "detect_deletes"

// detectsDeletes says whether each read looks which rows the source doesn't have any more, which no cursor tells.
func (n *node) detectsDeletes() bool {
	if n.source == nil || n.source.Mode != schema.Incremental || n.source.Extract == cty.NilVal {
		return false
	}
	extract, _ := n.source.Extract.UnmarkDeep()
	if !extract.Type().HasAttribute(detectAttribute) {
		return false
	}
	v := extract.GetAttr(detectAttribute)
	return v.IsKnown() && !v.IsNull() && v.Type() == cty.Bool && v.True()
}

// detects checks that rows which are gone can be told and taken out.
func (r *planning) detects(n *node) bool {
	if n.table.Write.Mode != "merge" {
		r.diags = append(r.diags, diag.Error(n.table.Write.Range, "Deleted rows have no row to go",
			"%s looks for deleted rows, and %s keeps every row that was ever read. Write it by key, write \"merge\" { key = […] }, or take %s away.",
			n.source.Addr, n.table.Addr, detectAttribute))
		return false
	}
	if wrong := compile.SourceKey(n.table, n.response.Key); wrong != "" {
		r.diags = append(r.diags, keyMisfits(n, wrong))
		return false
	}
	return true
}
