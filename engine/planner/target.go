package planner

import (
	"context"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/lang/diag"
)

// selectTables keeps what -target and -exclude leave: targets with all they read, minus the excluded with all that read them.
func (r *planning) selectTables(context.Context) {
	r.knowDropped()
	if r.Options.Destroy { // a table goes before what it is made from, and stays with it
		r.doomed, r.order = r.chosen(downstream, upstream), nil
		return
	}
	keep := r.chosen(upstream, downstream)
	for _, address := range r.Options.Resnapshot {
		for _, n := range r.addressee("-resnapshot", address) {
			if n.source == nil {
				r.diags = append(r.diags, diag.Error(n.table.Range, "Not a table with a source",
					"-resnapshot reads a source anew, and %s is computed from other tables.", n.table.Addr))
			}
		}
	}
	r.order = slices.DeleteFunc(r.order, func(n *node) bool { return !keep[n] })
}

// chosen are the targets, or all tables, with what each brings in; without the excluded, with what each of them takes out.
func (r *planning) chosen(in, out func(*node) []*node) map[*node]bool {
	keep := map[*node]bool{}
	for _, n := range r.order {
		keep[n] = len(r.Options.Targets) == 0
	}
	for _, address := range r.Options.Targets {
		for _, n := range r.addressee("-target", address) {
			mark(keep, n, true, in)
		}
	}
	for _, address := range r.Options.Exclude {
		for _, n := range r.addressee("-exclude", address) {
			mark(keep, n, false, out)
		}
	}
	return keep
}

// addressee finds the tables that an address on the command line means: one, or all instances of a block.
func (r *planning) addressee(flag, address string) []*node {
	var found []*node
	var known []string
	for _, n := range r.order {
		if n.table.Addr.String() == address || n.table.Addr.Block().String() == address {
			found = append(found, n)
		}
		known = append(known, n.table.Addr.String())
	}
	if len(found) == 0 && !r.dropped[address] {
		near := diag.Suggest(address, known)
		if near == "" { // layer.name alone
			near = diag.Suggest("table."+address, known)
		}
		r.diags = append(r.diags, diag.Error(hcl.Range{}, "Unknown address",
			"%s names %s, and no table of this project has this address.%s", flag, address, near))
	}
	return found
}

func mark(keep map[*node]bool, n *node, value bool, next func(*node) []*node) {
	if done, ok := keep[n]; ok && done == value {
		return // so are all that follow from it
	}
	keep[n] = value
	for _, m := range next(n) {
		mark(keep, m, value, next)
	}
}

func downstream(n *node) []*node { return n.readers }

func upstream(n *node) []*node {
	var up []*node
	for _, in := range n.inputs {
		if in.node != nil {
			up = append(up, in.node)
		}
	}
	return up
}

// knowDropped lists the addresses of tables that are recorded and no longer declared: -exclude may name them.
func (r *planning) knowDropped() {
	r.dropped = map[string]bool{}
	for _, t := range r.recorded {
		if t.Project == r.Project.Name && r.declared(t) == nil {
			r.dropped[t.Address] = true
		}
	}
}
