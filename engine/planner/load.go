package planner

import (
	"context"
	"fmt"
	"strings"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// decideLoad is for tables that read a source.
func (r *planning) decideLoad(ctx context.Context, n *node) {
	columns, ok := r.loadColumns(n)
	if !ok {
		n.failed = true
		return
	}
	n.work.Columns = columns
	if !r.compileLoad(ctx, n) {
		n.failed = true
		return
	}
	columns = n.compiled.Columns
	n.work.Columns, n.planned.Schema = columns, columns
	n.pinInputs()
	n.planned.Position = n.response.Position
	n.work.Load = &plan.Load{Source: n.source.Addr.String(), Provider: n.source.Provider, Until: n.response.Until, Partitions: n.response.Partitions,
		Fingerprint: n.response.Fingerprint, Position: n.response.Position, Columns: n.sourceColumns(columns), Append: n.table.Write.Mode == "append"}
	if n.follows() && !r.follow(n) || n.detectsDeletes() && !r.detects(n) {
		n.failed = true
		return
	}
	switch {
	case n.recorded == nil || n.recorded.StateAt == 0:
		n.load(plan.Create, plan.Additive, "own", "it is declared and not in the catalog")
		n.work.Load.Append = false
	case !r.dataUnchanged(n):
		n.compare()
		n.load(plan.Rebuild, plan.Breaking, "own", "how its rows are read changed")
		n.work.Load.Append = false
	case r.resnapshot(n) && r.stays(n):
		n.compare()
		n.load(plan.Refresh, "", "own", "-resnapshot asks for it to be read anew; what it has of before stays or goes as the snapshot says")
	case r.resnapshot(n):
		n.compare()
		n.load(plan.Rebuild, plan.Breaking, "own", "-resnapshot asks for it to be read anew")
		n.work.Load.Append = false
	case n.newlyRequired() != "":
		n.compare()
		n.load(plan.Rebuild, plan.Additive, "own", n.newlyRequired()+" is required now, which existing rows were not written for")
		n.work.Load.Append = false
	default:
		r.decideNewData(ctx, n)
	}
	if n.planned.Action == plan.Rebuild {
		n.losesPast()
	}
}

// decideNewData is for sources whose definition is the recorded one.
func (r *planning) decideNewData(ctx context.Context, n *node) {
	if !n.response.Resumable {
		r.diags = append(r.diags, diag.Error(n.table.Range, "The source can't go on from the recorded position",
			"%s can't be read on from where %s stands (%s). Read it anew with `etl apply -resnapshot=%s`.",
			n.source.Addr, n.table.Addr, n.recorded.Summary.Position, n.table.Addr))
		n.failed = true
		return
	}
	if n.follows() && n.rekeyed() {
		r.diags = append(r.diags, keyChanged(n))
		n.failed = true
		return
	}
	_, meta := n.compare()
	unchanged := !n.response.Changed && !n.detectsDeletes() || n.source.Mode == schema.Batch && n.response.Fingerprint != "" && n.response.Fingerprint == n.recorded.Summary.Fingerprint
	if unchanged && !n.table.RefreshAlways {
		n.work.Load = nil
		r.decideMetadata(ctx, n, meta)
		return
	}
	n.work.Load.Cursor = n.recorded.Summary.Cursor
	if o := n.response.Overlap; o != nil {
		n.work.Load.Overlap = &plan.Overlap{Column: o.Column, From: o.From}
	}
	text := fmt.Sprintf("%s has new data", n.source.Addr)
	if n.source.Mode == schema.Batch && n.response.Fingerprint == "" {
		text = fmt.Sprintf("%s can't tell whether it changed", n.source.Addr)
	}
	if n.detectsDeletes() {
		n.work.Load.Present = n.table.Write.Key
		if !n.response.Changed {
			text = fmt.Sprintf("%s has no new rows; whether rows of before were deleted only their keys tell, which are read by the apply", n.source.Addr)
		}
	}
	n.load(plan.Refresh, "", "data", text)
	n.becauseRolledBack()
	if len(n.planned.Columns) > 0 {
		n.planned.Category = severity(n.recorded.Columns, n.work.Columns)
	}
}

func (n *node) load(action plan.Action, category plan.Category, kind, text string) {
	n.act(action, category, kind, text)
	n.work.Kind, n.work.Compute = plan.LoadWork, plan.ComputeLoad
	n.planned.Compute = plan.ComputeLoad
	n.planned.Reads = plan.Estimate{Rows: n.response.Rows, Bytes: n.response.Bytes, AtLeast: n.response.AtLeast}
}

// loadColumns is the table's schema after the load: what the source offers, merged into what is recorded as
// on_schema_change says, then provenance.
func (r *planning) loadColumns(n *node) (coltype.Schema, bool) {
	offered := n.response.Columns
	for _, f := range offered {
		name := strings.ToLower(f.Name) // SQL has no other regard for case
		if IsProvenance(name) || n.follows() && (compile.IsChange(name) || name == compile.DeletedColumn) {
			r.diags = append(r.diags, diag.Error(n.source.Range, "Reserved column name",
				"The source has a column %q, and etl writes its own column of this name to the table. Rename it at the source.", f.Name))
			return nil, false
		}
	}
	rows := n.loadedColumns(offered)
	if !r.stays(n) {
		return rows, true
	}
	if names := n.recased(); len(names) > 0 {
		r.diags = append(r.diags, columnRecased(n, names))
		return nil, false
	}
	recorded := compile.Given(n.table.Write, n.recorded.Columns)
	switch n.table.OnSchemaChange {
	case "ignore":
		return undeclared(recorded), true
	case "freeze":
		declared, diags := compile.Stored(n.table, rows, n.loadedKind())
		if diags.HasErrors() {
			r.diags = append(r.diags, diags...)
			return nil, false
		}
		if changes := diffColumns(n.recorded.Columns, declared); len(changes) > 0 {
			n.planned.Columns = changes
			r.diags = append(r.diags, schemaFrozen(n, n.source.Addr.String()))
			return nil, false
		}
	}
	return evolved(recorded, rows), true
}

// describe spells changes in a sentence: `amount long → string, note string added`.
func describe(changes []plan.Change) string {
	text := ""
	for i, c := range changes {
		if i > 0 {
			text += ", "
		}
		switch {
		case c.Old == "":
			text += fmt.Sprintf("%s %s added", c.Path, c.New)
		case c.New == "":
			text += fmt.Sprintf("%s %s removed", c.Path, c.Old)
		default:
			text += fmt.Sprintf("%s %s → %s", c.Path, c.Old, c.New)
		}
	}
	return text
}
