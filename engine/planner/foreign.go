package planner

import (
	"fmt"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// renamed is a column that another writer gave another name.
type renamed struct{ old, now string }

// foreignColumns says what other writers did to a table's columns since etl wrote it last, and which of them they renamed.
func (n *node) foreignColumns() (did []string, names []renamed) {
	if n.recorded == nil || len(n.recorded.Before) == 0 {
		return nil, nil
	}
	now := byID(n.recorded.Columns)
	for _, then := range n.recorded.Before {
		f, there := now[then.ID]
		delete(now, then.ID)
		switch {
		case !there:
			did = append(did, "dropped the column "+then.Name)
		case f.Name != then.Name:
			did = append(did, fmt.Sprintf("renamed the column %s to %s", then.Name, f.Name))
			names = append(names, renamed{then.Name, f.Name})
		case !f.Type.Equal(then.Type):
			did = append(did, fmt.Sprintf("made the column %s %s, which was %s", f.Name, f.Type, then.Type))
		}
	}
	for _, f := range n.recorded.Columns {
		if _, added := now[f.ID]; added {
			did = append(did, "added the column "+f.Name)
		}
	}
	return did, names
}

func byID(columns coltype.Schema) map[int]coltype.Field {
	all := make(map[int]coltype.Field, len(columns))
	for _, f := range columns {
		all[f.ID] = f
	}
	return all
}

// becauseOfOthers names what other writers did to the columns of a table for which there is something to do.
func (n *node) becauseOfOthers() {
	did, _ := n.foreignColumns()
	if len(did) > 0 && n.planned.Action != plan.None {
		n.because("drift", "another writer "+diag.List(did))
	}
}

// warnOfRenamed says what comes of it where another writer renamed a column of a loaded table.
func (r *planning) warnOfRenamed(n *node) {
	_, names := n.foreignColumns()
	for _, column := range names {
		if _, taken := n.recorded.Columns.Lookup(column.old); taken {
			continue
		}
		r.diags = append(r.diags, diag.Warning(n.table.Range, "Another writer renamed a column",
			"Since etl wrote %s last, another writer renamed its column %s to %s. What %s has as %s is loaded into a new column of that name, which is null in the "+
				"rows that are there, and %s is null in what is loaded. To go on with one column, rename it back with the tool that renamed it; to keep the "+
				"new name, rename it in a table that reads this one.",
			n.table.Addr, column.old, column.now, n.source.Addr, column.old, column.now))
	}
}
