package planner

import (
	"context"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/plan"
)

// Edge says that a table reads a source or another table. From is empty for a table that reads nothing.
type Edge struct {
	From  string `json:"from,omitempty"`
	To    string `json:"to"`
	Check bool   `json:"check,omitempty"` // read by checks only
}

// Edges are the project's graph, dependencies first.
func (p *Planner) Edges(ctx context.Context) ([]Edge, hcl.Diagnostics) {
	r := &planning{Planner: p, plan: &plan.Plan{}}
	defer r.close()
	r.readState(ctx)
	r.resolve(ctx)
	if r.diags.HasErrors() {
		return nil, r.diags
	}
	var edges []Edge
	for _, n := range r.order {
		to := n.table.Addr.String()
		if n.source != nil {
			edges = append(edges, Edge{From: n.source.Addr.String(), To: to})
		}
		for _, in := range n.inputs {
			edges = append(edges, Edge{From: in.address(), To: to, Check: in.audit})
		}
		if n.source == nil && len(n.inputs) == 0 {
			edges = append(edges, Edge{To: to})
		}
	}
	return edges, r.diags
}
