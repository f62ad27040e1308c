package planner

import (
	"context"
	"errors"
	"slices"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/graph"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/diag"
)

// resolve makes a node of each declared table and finds what it reads: by address in the configuration, by name in SQL.
func (r *planning) resolve(ctx context.Context) {
	r.nodes = make(map[addr.Address]*node, len(r.Project.Tables))
	r.byIdent = make(map[addr.Ident]*node, len(r.Project.Tables))
	sources := make(map[addr.Address]*config.Source, len(r.Project.Sources))
	for _, s := range r.Project.Sources {
		sources[s.Addr] = s
	}
	for _, t := range r.Project.Tables {
		n := &node{table: t, recorded: r.recorded[t.Ident]}
		r.nodes[t.Addr], r.byIdent[t.Ident] = n, n
		if t.From != nil && t.From.Kind == addr.Source {
			n.source = sources[*t.From]
		}
	}
	for _, t := range r.Project.Tables {
		n := r.nodes[t.Addr]
		r.addressed(n)
		r.named(ctx, n)
		sort.Slice(n.inputs, func(i, j int) bool { return n.inputs[i].ident().String() < n.inputs[j].ident().String() })
	}
	r.sortNodes()
}

// addressed adds the inputs that the configuration names by address.
func (r *planning) addressed(n *node) {
	t := n.table
	if t.From != nil && t.From.Kind == addr.Table {
		n.read(r.nodes[*t.From])
	}
	for _, step := range t.Steps {
		switch s := step.(type) {
		case *config.Join:
			n.read(r.nodes[s.With])
		case *config.Union:
			for _, with := range s.With {
				n.read(r.nodes[with])
			}
		}
	}
	for _, e := range t.Expects {
		for _, ref := range e.References {
			n.lookUp(r.nodes[ref.Table], e.Action)
		}
	}
}

// read adds an edge once; reading for rows wins over reading for checks only.
func (n *node) read(from *node) {
	if in := n.edge(from); in != nil {
		in.audit = false
	}
}

// lookUp adds an edge that only a check needs, unless the table is read anyway.
func (n *node) lookUp(in *node, action string) {
	if edge := n.edge(in); edge != nil {
		edge.takes = edge.takes || takesOut(action)
	}
}

// edge is the one input from a table, made where it is missing.
func (n *node) edge(from *node) *input {
	if from == nil || from == n {
		return nil
	}
	for i := range n.inputs {
		if n.inputs[i].node == from {
			return &n.inputs[i]
		}
	}
	n.inputs = append(n.inputs, input{node: from, audit: true})
	from.readers = append(from.readers, n)
	return &n.inputs[len(n.inputs)-1]
}

// takesOut says whether an action takes failing rows out of the table.
func takesOut(action string) bool { return action == "drop" || action == "quarantine" }

// named adds the inputs that the table's SQL names.
func (r *planning) named(ctx context.Context, n *node) {
	if n.table.SQL == nil {
		return
	}
	facts, diags := r.sqlFacts(ctx, n.table)
	r.diags = append(r.diags, diags...)
	if diags.HasErrors() {
		n.failed = true
		return
	}
	for _, name := range facts.Volatile {
		r.diags = append(r.diags, diag.Warning(n.table.SQL.Range, "Result is different each time",
			"The SQL calls %s, so that recomputing the table gives other rows although nothing changed.", name))
	}
	for _, name := range facts.Names {
		r.namedOne(n, name)
	}
}

func (r *planning) namedOne(n *node, name sqlName) {
	ident := name.Ident
	if up := r.byIdent[ident]; up != nil {
		if up == n {
			n.failed = true
			r.diags = append(r.diags, diag.Error(sqlRange(n.table.SQL, name.Offset, len(ident.String())), "Table reads itself",
				"The SQL of %s reads %s, which is the table itself. Read its inputs instead.", n.table.Addr, ident))
			return
		}
		n.read(up)
		return
	}
	if t := r.recorded[ident]; t != nil && t.Project != r.Project.Name {
		n.inputs = append(n.inputs, input{foreign: t})
		return
	}
	if slices.ContainsFunc(r.Project.Open, func(o config.Open) bool { return o.Ident == ident }) {
		return // declared, and left out since values of variables are missing
	}
	n.failed = true
	r.diags = append(r.diags, diag.Error(sqlRange(n.table.SQL, name.Offset, len(ident.String())), "Unknown table",
		"The SQL reads %s, which is neither declared in this project nor in the catalog.%s", ident, diag.Suggest(ident.String(), r.identNames())))
}

func (r *planning) identNames() []string {
	names := make([]string, 0, len(r.byIdent))
	for ident := range r.byIdent {
		names = append(names, ident.String())
	}
	sort.Strings(names)
	return names
}

// sqlRange is the place in the file of a stretch of the SQL's text; the whole text where the offset is unknown.
func sqlRange(s *config.SQL, offset, length int) hcl.Range {
	if offset < 0 || offset > len(s.Text) {
		return s.Range
	}
	end := min(offset+length, len(s.Text))
	if i := strings.IndexByte(s.Text[offset:end], '\n'); i >= 0 {
		end = offset + i
	}
	return hcl.Range{Filename: s.Filename, Start: s.At(offset), End: s.At(end)}
}

// sortNodes puts dependencies first and reports cycles with their path.
func (r *planning) sortNodes() {
	g := graph.New()
	for _, t := range r.Project.Tables {
		g.Add(t.Addr.String())
	}
	byName := make(map[string]*node, len(r.nodes))
	for _, t := range r.Project.Tables {
		n := r.nodes[t.Addr]
		byName[t.Addr.String()] = n
		for _, in := range n.inputs {
			if in.node == nil {
				continue
			}
			if err := g.Depend(t.Addr.String(), in.node.table.Addr.String()); err != nil {
				r.abort(computeFailed(t.Range, err))
				return
			}
		}
	}
	names, err := g.Order()
	var cycle *graph.CycleError
	if errors.As(err, &cycle) {
		first := byName[cycle.Path[0]]
		r.abort(diag.Error(first.table.Range, "Cycle between tables",
			"These tables read each other in a circle: %s. Break it by letting one of them read something else.", strings.Join(cycle.Path, " → ")))
		return
	}
	if err != nil {
		r.abort(computeFailed(hcl.Range{}, err))
		return
	}
	for _, name := range names {
		r.order = append(r.order, byName[name])
	}
}

func (in input) ident() addr.Ident {
	if in.node != nil {
		return in.node.table.Ident
	}
	return in.foreign.Ident
}

// address is of the table, or its SQL name where it belongs to another project.
func (in input) address() string {
	if in.node != nil {
		return in.node.table.Addr.String()
	}
	return in.foreign.Ident.String()
}
