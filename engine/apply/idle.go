package apply

import (
	"bytes"
	"maps"
	"slices"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/state"
)

// nothingNew says whether a read brought nothing to commit: no row, no definition, no cursor that moved, and no input.
func (t *task) nothingNew() bool {
	if t.base == nil || t.plan.Action != plan.Refresh || len(t.plan.Changes)+len(t.plan.Columns) > 0 {
		return false
	}
	l := t.work.Load
	if l == nil {
		return t.work.IfMoved && !t.inputsMoved()
	}
	if len(l.Present) == 0 && l.Follow == nil {
		return false
	}
	if t.staged.operation == state.Replace || len(t.staged.add)+len(t.staged.remove)+len(t.staged.delete) > 0 || t.outcome.Rows.Read > 0 && l.Follow != nil || t.staged.bad.fresh() > 0 {
		return false
	}
	return maps.EqualFunc(t.staged.cursor, t.base.Summary.Cursor, bytes.Equal)
}

// inputsMoved says whether an input, or what a check looks up, has other rows than those that the table's rows were computed
// from: the plan can't know of one that is to be read first whether it will.
func (t *task) inputsMoved() bool {
	return slices.ContainsFunc(t.work.Inputs, func(in plan.Input) bool {
		table := t.published.get(in.Ident)
		return table == nil || table.Main != in.Since
	})
}
