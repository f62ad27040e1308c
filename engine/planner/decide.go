package planner

import (
	"context"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/state"
)

// decide gives each selected table its action, dependencies first.
func (r *planning) decide(ctx context.Context) {
	for _, n := range r.order {
		if ctx.Err() != nil {
			return
		}
		r.begin(n)
		switch n.failed = r.refused(n) || n.failed || r.blind || n.blocked(); {
		case n.failed:
		case n.source != nil:
			r.decideLoad(ctx, n)
		default:
			r.decideQuery(ctx, n)
		}
		n.becauseOfOthers()
		if n.source != nil {
			r.warnOfRenamed(n)
			r.warnOfGone(n)
		}
		n.warnOfRekeyed()
		if n.failed {
			r.outline(ctx, n)
		}
	}
	r.checkNameless(ctx)
}

// begin fills what every table's plan has.
func (r *planning) begin(n *node) {
	t := n.table
	n.planned = plan.Table{Address: t.Addr.String(), Ident: t.Ident, Action: plan.None,
		Reads: plan.Estimate{Rows: -1, Bytes: -1}, Writes: plan.Estimate{Rows: -1, Bytes: -1}, Partition: partitionFields(t)}
	if n.source != nil {
		n.planned.From = append(n.planned.From, n.source.Addr.String())
	}
	for _, in := range n.inputs {
		if !in.audit {
			n.planned.From = append(n.planned.From, in.address())
		}
		if in.node != nil {
			n.planned.DependsOn = append(n.planned.DependsOn, in.address())
		}
	}
	for _, e := range t.Expects {
		n.planned.Checks = append(n.planned.Checks, e.Action+" "+e.Name)
	}
	n.work = &plan.Work{Definition: n.definition(),
		Partition: n.planned.Partition, Sort: sortFields(t), MaxBadRows: t.MaxBadRows, Quarantine: quarantineOf(t.Ident),
		Write: plan.Write{Mode: t.Write.Mode, Key: t.Write.Key, By: t.Write.By, Lookback: t.Write.Lookback, Deletes: t.Write.Deletes, ValidFrom: t.Write.ValidFrom}}
	if n.recorded != nil {
		n.work.Base = &plan.Base{UUID: n.recorded.UUID, Main: n.recorded.Main}
	}
}

// blocked is true where an input could not be planned: then this table can't be either.
func (n *node) blocked() bool {
	for _, in := range n.inputs {
		if in.node != nil && in.node.failed {
			return true
		}
	}
	return false
}

// refused reports tables in the catalog that this project must not touch.
func (r *planning) refused(n *node) bool {
	t := n.recorded
	switch {
	case t == nil:
		return false
	case t.Address == "" && t.Main == 0 || t.Project != r.Project.Name:
		r.diags = append(r.diags, foreignOwner(n.table, t, r.Project.Name))
	case t.StateAt == 0 && t.Main != 0:
		r.diags = append(r.diags, noState(n.table))
	default:
		return false
	}
	return true
}

// act records the action with its first reason.
func (n *node) act(action plan.Action, category plan.Category, kind, text string) {
	n.planned.Action, n.planned.Category = action, category
	n.because(kind, text)
}

func (n *node) because(kind, text string) {
	n.planned.Reasons = append(n.planned.Reasons, plan.Reason{Kind: kind, Text: text})
}

// becauseRolledBack says of a table that was rolled back that this is no pin.
func (n *node) becauseRolledBack() {
	if n.recorded.Summary.Mode == state.ModeRollback {
		n.because("own", "it was rolled back, and goes forward again")
	}
}

// compare fills the differences of definition and schema against what is recorded.
func (n *node) compare() (data, meta []plan.Change) {
	if !n.sameDefinition() {
		recorded, err := decodeDefinition(n.recorded.Definition)
		if err != nil {
			recorded = config.Definition{}
		}
		data = diffItems(recorded.Data, n.table.Definition.Data)
		meta = diffItems(recorded.Meta, n.table.Definition.Meta)
	}
	n.planned.Changes = append(append([]plan.Change{}, data...), meta...)
	n.planned.Columns = diffColumns(n.recorded.Columns, n.work.Columns)
	if checksChanged(meta) { // the rows that exist have not been audited by them
		for i := range n.work.Checks {
			n.work.Checks[i].New = true
		}
	}
	return data, meta
}

// newlyRequired names a column that must have values from now on, where existing rows were written without that promise.
func (n *node) newlyRequired() string {
	for _, declared := range n.table.Columns {
		if before, ok := n.recorded.Columns.Lookup(declared.Name); declared.Required && (!ok || !before.Required) {
			return declared.Name
		}
	}
	return ""
}

// decideMetadata is for tables whose rows stay: a changed half that isn't about rows, or columns added and widened.
func (r *planning) decideMetadata(ctx context.Context, n *node, meta []plan.Change) {
	if len(meta) == 0 && len(n.planned.Columns) == 0 && !n.layoutChanged() {
		if !r.decideQuarantine(ctx, n) {
			r.decideChecks(ctx, n)
		}
		return
	}
	n.onlyMetadata()
	category, kind, text := plan.Metadata, "own", "its description changed, not its rows"
	if len(n.planned.Columns) > 0 {
		category = severity(n.recorded.Columns, n.work.Columns)
		if len(meta) == 0 {
			kind, text = "upstream", "the columns that it is made from changed"
		}
	}
	n.act(plan.Evolve, category, kind, text)
	if checksChanged(meta) {
		n.because("check", "a new or changed check audits the rows that exist")
	}
}

func (n *node) onlyMetadata() {
	n.work.Kind, n.work.Compute = plan.MetadataWork, plan.ComputeMetadata
	n.planned.Compute = plan.ComputeMetadata
}

func checksChanged(meta []plan.Change) bool {
	for _, c := range meta {
		if len(c.Path) >= 6 && c.Path[:6] == "expect" {
			return true
		}
	}
	return false
}

// layoutChanged says whether partitions or sort order differ from the recorded ones.
func (n *node) layoutChanged() bool {
	return !equalFields(n.recorded.Partition, n.work.Partition) || !equalFields(n.recorded.Sort, n.work.Sort)
}

func equalFields[T comparable](a, b []T) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// estimate is the size of a table as recorded.
func recordedSize(t *state.Table) plan.Estimate {
	if t == nil {
		return plan.Estimate{Rows: -1, Bytes: -1}
	}
	return plan.Estimate{Rows: t.Rows, Bytes: t.Bytes}
}
