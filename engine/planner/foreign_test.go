package planner

import (
	"slices"
	"testing"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/state"
)

func TestForeignColumns(t *testing.T) {
	field := func(id int, name string, kind coltype.Kind) coltype.Field {
		return coltype.Field{ID: id, Name: name, Type: coltype.Of(kind)}
	}
	before := coltype.Schema{field(1, "id", coltype.Int), field(2, "amount", coltype.Long), field(3, "note", coltype.String), field(4, "at", coltype.Date)}
	now := coltype.Schema{field(4, "at", coltype.Date), field(1, "id", coltype.Long), field(2, "total", coltype.Long), field(5, "note", coltype.String)}
	n := &node{recorded: &state.Table{Before: before, Columns: now}, planned: plan.Table{Action: plan.Refresh}}
	did, names := n.foreignColumns()
	want := []string{"made the column id long, which was int", "renamed the column amount to total", "dropped the column note", "added the column note"}
	if !slices.Equal(did, want) || !slices.Equal(names, []renamed{{"amount", "total"}}) {
		t.Errorf("others did %q, renamed %v", did, names)
	}
	n.becauseOfOthers()
	if len(n.planned.Reasons) != 1 || n.planned.Reasons[0].Kind != "drift" {
		t.Errorf("the reasons are %v", n.planned.Reasons)
	}
	for _, quiet := range []*node{{}, {recorded: &state.Table{Columns: now}}, {recorded: &state.Table{Before: before, Columns: now}, planned: plan.Table{Action: plan.None}}} {
		if quiet.becauseOfOthers(); len(quiet.planned.Reasons) > 0 {
			t.Errorf("nothing is planned or nobody changed a thing, and the reasons are %v", quiet.planned.Reasons)
		}
	}
}
