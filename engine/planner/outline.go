package planner

import (
	"context"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/diag"
)

// Check finds the mistakes of a project that show without a source being asked: in its SQL, in what its tables read, and in
// expressions over columns as far as the configuration says which there are.
func (p *Planner) Check(ctx context.Context) hcl.Diagnostics {
	r := &planning{Planner: p, plan: &plan.Plan{}}
	defer r.close()
	r.readState(ctx)
	r.resolve(ctx)
	for _, n := range r.order {
		if ctx.Err() != nil {
			return hcl.Diagnostics{interrupted()}
		}
		r.outline(ctx, n)
	}
	r.checkNameless(ctx)
	return diag.Unique(r.diags)
}

func (r *planning) checkNameless(ctx context.Context) {
	for _, n := range r.nameless {
		r.outline(ctx, n)
	}
}

// outline checks a table that can't be planned as far as what it reads is known, and keeps for its readers what is known of
// its columns. What only follows from the mistake of another is not reported.
func (r *planning) outline(ctx context.Context, n *node) {
	shape, diags := r.shapeOf(ctx, n)
	r.diags = append(r.diags, diags...)
	shape, diags = compile.Promises(n.table, shape, n.compileInputs())
	r.diags = append(r.diags, diags...)
	n.failed, n.known = true, &shape
	n.changes = shape.Kind == compile.ChangeRows && !applied(n.table.Write.Mode)
}

func (r *planning) shapeOf(ctx context.Context, n *node) (compile.Shape, hcl.Diagnostics) {
	t := n.table
	switch {
	case t.From != nil && t.From.Kind == addr.Source, t.From == nil && t.Addr.Type == bronze:
		return r.loaded(n)
	case t.From == nil && t.SQL != nil:
		return r.selected(ctx, n)
	}
	return compile.Outline(t, n.compileInputs())
}

// bronze is the layer whose tables load sources.
const bronze = "bronze"

// loaded is the shape of a table that loads a source: that of the source, if it was asked and could answer.
func (r *planning) loaded(n *node) (compile.Shape, hcl.Diagnostics) {
	unknown := compile.Shape{Columns: Provenance(), Open: true}
	if n.response == nil {
		return unknown, nil
	}
	columns, ok := r.loadColumns(n)
	if !ok {
		return unknown, nil
	}
	shape := compile.Shape{Columns: columns, Open: n.source.Contested, Kind: n.loadedKind()}
	if wrong := compile.SourceKey(n.table, n.response.Key); wrong != "" && !n.table.Partial && (n.follows() || n.detectsDeletes()) {
		return shape, hcl.Diagnostics{keyMisfits(n, wrong)}
	}
	return shape, nil
}

// selected is the shape of a query's result, which the compute engine knows where all that the query reads is known.
func (r *planning) selected(ctx context.Context, n *node) (compile.Shape, hcl.Diagnostics) {
	if n.unresolved || n.table.SQL.Holes {
		return compile.Shape{Open: true}, nil
	}
	for _, in := range n.inputs {
		if !in.audit && !in.shape().Whole() {
			return compile.Shape{Open: true}, nil
		}
	}
	columns, diags := r.describe(ctx, n)
	if diags.HasErrors() {
		return compile.Shape{Open: true}, diags
	}
	_, diags = compile.SQLTable(n.table, columns)
	return compile.Shape{Columns: columns, Kind: compile.StateRows}, diags
}

// shape is what is known of an input's columns where its reader is checked.
func (in input) shape() compile.Shape {
	n := in.node
	switch {
	case n == nil:
		return compile.Shape{Columns: in.foreign.Columns}
	case n.known != nil:
		known := *n.known
		known.Open = known.Open || n.table.Contested
		return known
	case n.failed, n.work == nil: // it stands in a circle with its reader, or beyond what is planned
		return compile.Shape{Open: true}
	}
	return compile.Shape{Columns: n.work.Columns, Open: n.table.Contested}
}

// unsaid finds a table that can't be planned although no mistake was reported: to leave it out would be silent.
func (r *planning) unsaid() hcl.Diagnostics {
	if r.Doubtful || r.diags.HasErrors() {
		return nil
	}
	for _, n := range r.order {
		if n.failed {
			return hcl.Diagnostics{diag.Error(n.table.Range, "Table can't be planned",
				"Something of %s isn't known that a plan needs, and no mistake was found. This is a bug in etl.", n.table.Addr)}
		}
	}
	return nil
}
