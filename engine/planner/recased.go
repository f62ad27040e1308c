package planner

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/lang/diag"
)

// recased are columns that the source has under names which differ from recorded ones by case alone: no table can have both.
func (n *node) recased() []renamed {
	if n.recorded == nil || n.response == nil {
		return nil
	}
	var names []renamed
	for _, before := range n.sourceColumns(n.recorded.Columns) {
		for _, f := range n.response.Columns {
			if f.Name != before.Name && strings.EqualFold(f.Name, before.Name) {
				names = append(names, renamed{before.Name, f.Name})
			}
		}
	}
	return names
}

func columnRecased(n *node, names []renamed) *hcl.Diagnostic {
	spelled := make([]string, len(names))
	for i, column := range names {
		spelled[i] = fmt.Sprintf("%q, which was %q", column.now, column.old)
	}
	lost := ""
	if n.follows() {
		lost = ", without the changes that it has"
	}
	return diag.Error(n.table.Range, "Column names differ only by case",
		"%s now has the column %s when %s was loaded. SQL can't tell such names apart, so that no table has both. Give the column its former name at the source; or, where the source "+
			"has the new one alone, make the table anew with it%s: `etl apply -resnapshot=%s`.",
		n.source.Addr, diag.List(spelled), n.table.Addr, lost, n.table.Addr)
}
