package planner

import (
	"context"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"

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
	add := func(t *config.Table) *node {
		n := &node{table: t, failed: t.Partial}
		if t.From != nil && t.From.Kind == addr.Source {
			n.source = sources[*t.From]
			n.failed = n.failed || n.source == nil
		}
		return n
	}
	for _, t := range r.Project.Tables {
		n := add(t)
		n.recorded = r.recorded[t.Ident]
		r.nodes[t.Addr], r.byIdent[t.Ident] = n, n
	}
	for _, t := range r.Project.Tables {
		r.edges(ctx, r.nodes[t.Addr])
	}
	for _, t := range r.Project.Nameless {
		n := add(t)
		r.edges(ctx, n)
		r.nameless = append(r.nameless, n)
	}
	r.sortNodes()
}

// edges finds what a table reads.
func (r *planning) edges(ctx context.Context, n *node) {
	r.addressed(n)
	r.named(ctx, n)
	sort.Slice(n.inputs, func(i, j int) bool { return n.inputs[i].ident().String() < n.inputs[j].ident().String() })
}

// addressed adds the inputs that the configuration names by address.
func (r *planning) addressed(n *node) {
	t := n.table
	if t.From != nil && t.From.Kind == addr.Table {
		n.read(r.at(n, *t.From))
	}
	for _, step := range t.Steps {
		switch s := step.(type) {
		case *config.Join:
			n.read(r.at(n, s.With))
		case *config.Union:
			for _, with := range s.With {
				n.read(r.at(n, with))
			}
		}
	}
	for _, e := range t.Expects {
		for _, ref := range e.References {
			n.lookUp(r.at(n, ref.Table), e.Action)
		}
	}
}

// at is the table of an address. There is none where the address, or which instances its block has, could not be read.
func (r *planning) at(n *node, a addr.Address) *node {
	found := r.nodes[a]
	n.failed = n.failed || found == nil
	return found
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
	if from == nil || from.table.Addr == n.table.Addr {
		return nil
	}
	for i := range n.inputs {
		if n.inputs[i].node == from {
			return &n.inputs[i]
		}
	}
	n.inputs = append(n.inputs, input{node: from, audit: true})
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
		n.failed, n.unresolved = true, true
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
		if up.table.Addr == n.table.Addr {
			n.failed, n.unresolved = true, true
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
	n.failed, n.unresolved = true, true
	if r.blind || r.Project.MayDeclare(ident) {
		return
	}
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
