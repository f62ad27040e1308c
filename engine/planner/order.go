package planner

import (
	"errors"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/graph"
	"github.com/automic-etl/etl/lang/diag"
)

// edge is from a table to one that it reads, by their addresses.
type edge [2]string

// sortNodes puts dependencies first. Each cycle is reported with its path, and opened, so that the tables in it are checked
// too.
func (r *planning) sortNodes() {
	byName := make(map[string]*node, len(r.nodes))
	for _, n := range r.nodes {
		byName[n.table.Addr.String()] = n
	}
	opened := map[edge]bool{}
	for {
		names, err := r.graph(opened)
		var cycle *graph.CycleError
		switch {
		case errors.As(err, &cycle):
			r.circular(cycle.Path, byName)
			for i, name := range cycle.Path[1:] {
				opened[edge{cycle.Path[i], name}] = true
			}
			continue
		case err != nil:
			r.abort(computeFailed(hcl.Range{}, err))
		}
		for _, name := range names {
			n := byName[name]
			r.order = append(r.order, n)
			for _, in := range n.inputs {
				if in.node != nil {
					in.node.readers = append(in.node.readers, n)
				}
			}
		}
		return
	}
}

// graph orders the tables without the edges that were opened.
func (r *planning) graph(opened map[edge]bool) ([]string, error) {
	g := graph.New()
	for _, t := range r.Project.Tables {
		g.Add(t.Addr.String())
	}
	for _, t := range r.Project.Tables {
		for _, in := range r.nodes[t.Addr].inputs {
			if in.node == nil || opened[edge{t.Addr.String(), in.address()}] {
				continue
			}
			if err := g.Depend(t.Addr.String(), in.address()); err != nil {
				return nil, err
			}
		}
	}
	return g.Order()
}

func (r *planning) circular(path []string, byName map[string]*node) {
	for _, name := range path {
		byName[name].failed = true
	}
	r.diags = append(r.diags, diag.Error(byName[path[0]].table.Range, "Cycle between tables",
		"These tables read each other in a circle: %s. Break it by letting one of them read something else.", strings.Join(path, " → ")))
}
