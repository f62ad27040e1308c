package apply

import (
	"bytes"
	"maps"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/state"
)

// nothingNew says whether a read brought nothing to commit: no row, no definition, and no cursor that moved.
func (t *task) nothingNew() bool {
	l := t.work.Load
	if l == nil || t.base == nil || t.plan.Action != plan.Refresh || len(t.plan.Changes)+len(t.plan.Columns) > 0 || len(l.Present) == 0 && l.Follow == nil {
		return false
	}
	if t.staged.operation == state.Replace || len(t.staged.add)+len(t.staged.remove)+len(t.staged.delete) > 0 || t.outcome.Rows.Read > 0 && l.Follow != nil || t.staged.bad.loaded+t.staged.bad.checked > t.staged.bad.known {
		return false
	}
	return maps.EqualFunc(t.staged.cursor, t.base.Summary.Cursor, bytes.Equal)
}
