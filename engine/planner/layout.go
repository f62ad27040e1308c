package planner

import (
	"fmt"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/state"
)

func quarantineOf(i addr.Ident) addr.Ident {
	return addr.Ident{Namespace: i.Namespace, Name: i.Name + plan.QuarantineSuffix}
}

// partitionFields is the table's partition spec in Iceberg's spelling.
func partitionFields(t *config.Table) []state.PartitionField {
	var fields []state.PartitionField
	for _, p := range t.Partition {
		name := p.Name
		if name == "bucket" || name == "truncate" {
			name = fmt.Sprintf("%s[%d]", name, p.Arg)
		}
		fields = append(fields, state.PartitionField{Column: p.Column, Transform: name})
	}
	return fields
}

// sortFields is the table's sort order; only plain columns can stand in it.
func sortFields(t *config.Table) []state.SortField {
	var fields []state.SortField
	for _, k := range t.Sort {
		if c, ok := k.Expr.(*expr.Column); ok && len(c.Path) == 1 {
			fields = append(fields, state.SortField{Column: c.Path[0], Desc: k.Desc})
		}
	}
	return fields
}
