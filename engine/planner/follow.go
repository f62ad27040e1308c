package planner

import (
	"fmt"
	"strings"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/state"
)

// follows says whether a table is loaded from a source that is followed change by change.
func (n *node) follows() bool { return n.source != nil && n.source.Mode == schema.Delta }

// loadedKind says what the rows that a load brings are.
func (n *node) loadedKind() compile.RowKind {
	if n.follows() {
		return compile.ChangeRows
	}
	return compile.StateRows
}

// appended says whether rows are only ever added to a table, each a version of a row.
func (n *node) appended() bool { return n.table.Write.Mode == "append" && !n.changes }

// applied says whether a way to write works rows into those that are there by key.
func applied(mode string) bool { return mode == "merge" || mode == "history" }

// identity are the columns by which rows of a table are found again that changed.
func (n *node) identity() []string {
	switch {
	case applied(n.table.Write.Mode):
		return n.table.Write.Key
	case n.changes || n.compiled == nil:
		return nil
	case len(n.compiled.OutputKeys) == 0:
		return n.table.Write.By
	}
	return n.compiled.OutputKeys
}

func (n *node) sourceKey() []string {
	if n.response == nil {
		return nil
	}
	return n.response.Key
}

// encodedRows are what a table's rows are, as part of its readers' binding keys.
func (in input) encodedRows() string {
	if in.node == nil {
		return ""
	}
	return fmt.Sprint(in.node.changes, in.node.appended(), len(in.node.key), in.node.key, len(in.node.identity()), in.node.identity())
}

// follow plans what a read of changes needs besides, and checks that they can be applied.
func (r *planning) follow(n *node) bool {
	if wrong := compile.SourceKey(n.table, n.response.Key); wrong != "" {
		r.diags = append(r.diags, keyMisfits(n, wrong))
		return false
	}
	f := &plan.Follow{Key: n.response.Key, Keys: n.keysInTurn(r.stays(n)), Creates: n.response.Creates}
	if r.stays(n) {
		f.After = n.recorded.Summary.Highest
	}
	f.Prepare = len(f.Creates) > 0 || !r.continues(n) || n.response.Snapshot
	n.work.Load.Follow, n.planned.Creates = f, n.response.Creates
	return true
}

// warnOfGone says of columns that a followed source no longer has what comes of them: only a snapshot reads all rows anew.
func (r *planning) warnOfGone(n *node) {
	if n.failed || !n.follows() || !r.continues(n) {
		return
	}
	gone := lacking(n.sourceColumns(n.recorded.Columns), n.response.Columns)
	added := lacking(n.sourceColumns(n.work.Columns), n.recorded.Columns)
	switch {
	case len(gone) == 0:
	case len(added) > 0:
		r.diags = append(r.diags, diag.Warning(n.table.Range, "Column gone and another new",
			"%s no longer has %s, and now has %s. Rows of %s that don't change at the source keep their old values in the former and have null in the latter. If this is "+
				"a column that was renamed, read all rows anew with `etl apply -resnapshot=%s`.",
			n.source.Addr, diag.List(gone), diag.List(added), n.table.Addr, n.table.Addr))
	case n.work.Load != nil:
		n.planned.Warnings = append(n.planned.Warnings, fmt.Sprintf("%s no longer has %s: rows keep the values that they have there, and those that come or change have null",
			n.source.Addr, diag.List(gone)))
	}
}

// lacking are the names of columns that the others are without.
func lacking(columns, others coltype.Schema) []string {
	var names []string
	for _, f := range columns {
		if _, there := others.Lookup(f.Name); !there {
			names = append(names, f.Name)
		}
	}
	return names
}

// losesPast says of a history or a log that is made anew that what it is made of doesn't tell what was before.
func (n *node) losesPast() {
	var lost string
	switch {
	case n.changes && n.source != nil:
		lost = "the changes that it has are lost, and what is computed from them: its source tells only the rows as they are now, and how they change from then on"
	case n.table.Write.Mode == "history" && n.source != nil:
		lost = "the versions that it has are lost: its source has only the rows as they are now"
	case n.table.Write.Mode == "history" && n.compiled.Rows == string(compile.StateRows):
		lost = "the versions that it has are lost: what it is computed from has only the rows as they are now"
	case n.source != nil && len(n.response.Lost) > 0:
		lost = "it is read anew, and loses what its source no longer has: " + strings.Join(n.response.Lost, "; ")
	default:
		return
	}
	n.planned.Category = plan.Destructive
	n.planned.Warnings = append(n.planned.Warnings, lost)
}

// RecordedSource is the address of the source that a recorded table is loaded from; empty where it is computed.
func RecordedSource(t *state.Table) string {
	d, err := decodeDefinition(t.Definition)
	if err != nil {
		return ""
	}
	for _, item := range d.Data {
		if item.Path == "from" && strings.HasPrefix(item.Value, "source.") {
			return item.Value
		}
	}
	return ""
}
