package config

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/decode"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/grammar"
)

// stepReader reads one step.
type stepReader struct {
	*tableReader
	body   *decode.Body
	header Header
	path   string // of the step in the definition: steps[0].filter
}

func (r *tableReader) steps() {
	for _, block := range r.body.Blocks {
		switch known, later := grammar.Step(block.Type); {
		case later:
			r.report(diag.Unsupported(block.DefRange(), "The step "+block.Type+" is", "Leave it out: steps that use language models come later."))
		case known:
			r.step(block)
		}
	}
}

func (r *tableReader) step(block decode.Block) {
	if r.table.Addr.Type == bronze {
		r.report(diag.Error(block.DefRange(), "Step in bronze", "Bronze holds what a source said, as it said it, so it takes no steps. Put this step "+
			"into a table of the layer silver or gold that reads this one."))
		return
	}
	if r.body.Attributes["sql"] != nil {
		r.report(diag.Error(block.DefRange(), "Step beside SQL", "A table with sql takes no steps. Say it in the query, or put the step into a "+
			"table that reads this one."))
		return
	}
	inner := *r
	if block.Eval != nil {
		inner.env.Eval = block.Eval
	}
	body, diags := decode.Open(block.Block, block.Spec.Block, inner.env.Eval)
	r.report(diags...)
	s := &stepReader{tableReader: &inner, body: body, header: Header{Type: block.Type, Src: block.DefRange()}}
	s.path = fmt.Sprintf("steps[%d].%s", len(r.table.Steps), block.Type)
	if step := s.read(block); step != nil {
		r.table.Steps = append(r.table.Steps, step)
	}
	r.open = r.open || inner.open
}

func (s *stepReader) read(block decode.Block) Step {
	switch block.Type {
	case "filter":
		return &Filter{Header: s.header, Where: s.expression("where")}
	case "derive":
		return s.derive()
	case "select":
		return s.selectColumns()
	case "rename":
		return s.rename()
	case "cast":
		return s.cast()
	case "dedupe":
		return &Dedupe{Header: s.header, Key: s.expressions("key"), Keep: s.keep("keep")}
	case "join":
		return s.join(block)
	case "union":
		return s.union()
	case "unnest":
		return s.unnest()
	case "aggregate":
		return s.aggregate()
	case "window":
		return &Window{Header: s.header, By: s.expressions("by"), Order: s.sortKeys("order"), Columns: s.assignments("columns")}
	case "session":
		return s.session()
	}
	return &SortBy{Header: s.header, Keys: s.sortKeys("by")}
}

// empty refuses a step whose attributes are columns and that has none.
func (s *stepReader) empty(what string) {
	s.report(diag.Error(s.header.Src, "Empty step", "The step %s does nothing without %s.", s.header.Type, what))
}

func (s *stepReader) derive() Step {
	d := &Derive{Header: s.header, Columns: s.free()}
	if len(s.body.Free) == 0 {
		s.empty("columns: name = expression")
	}
	return d
}

func (s *stepReader) selectColumns() Step {
	step := &Select{Header: s.header, Columns: s.columnRefs("columns"), Except: s.columnRefs("except")}
	columns, except := s.body.Attributes["columns"], s.body.Attributes["except"]
	switch {
	case columns != nil && except != nil:
		s.report(diag.Error(except.NameRange, "Two selections", "The step select takes columns, which to keep, or except, which to leave out. Remove one."))
	case columns == nil && except == nil:
		s.empty("columns = [a, b] or except = [c]")
	case columns != nil && len(step.Columns) == 0 && !s.failed(columns):
		s.report(diag.Error(columns.Expr.Range(), "Empty selection", "A table needs at least one column."))
	}
	return step
}

func (s *stepReader) aggregate() Step {
	step := &Aggregate{Header: s.header}
	if attr := s.body.Attributes["by"]; attr != nil {
		step.By = s.groups(attr)
	}
	step.Columns = s.free()
	if len(s.body.Free) == 0 && s.body.Attributes["by"] == nil {
		s.empty("by = [a] or a column: n = count()")
	}
	s.unique(append(slices.Clone(step.By), step.Columns...))
	return step
}

// unique refuses a name that is both a group and an aggregate.
func (s *stepReader) unique(columns []Assignment) {
	seen := map[string]bool{}
	for _, c := range columns {
		if c.Name != "" && seen[c.Name] {
			s.report(diag.Error(c.Range, "Duplicate column", "The column %q is made twice by this step. Give one of them another name.", c.Name))
		}
		seen[c.Name] = true
	}
}

func (s *stepReader) join(block decode.Block) Step {
	j := &Join{Header: s.header, How: block.Labels[0]}
	if d := decode.OneOf(j.How, grammar.Joins(), "join", block.LabelRanges[0]); d != nil {
		s.report(d)
	}
	s.data("kind", spell(j.How), block.LabelRanges[0])
	if attr := s.body.Attributes["with"]; attr != nil {
		if a, ok := s.side(attr.Expr); ok {
			j.With, j.As = a, a.Name
			s.data("with", a.String(), attr.SrcRange)
		}
	}
	if name, at, ok := s.name("as"); ok && name != j.As {
		j.As = name
		s.data("as", columnName(name), at)
	}
	j.On = s.expression("on")
	j.Columns = s.assignments("columns")
	if attr := s.body.Attributes["columns"]; attr != nil && (j.How == "semi" || j.How == "anti") {
		s.report(diag.Error(attr.NameRange, "Columns of a semi or anti join", "A semi or anti join only keeps or drops rows, so it adds no columns. "+
			"Remove columns, or use join \"left\"."))
	}
	return j
}

// side is another table that a step reads.
func (s *stepReader) side(e hcl.Expression) (addr.Address, bool) {
	a, ok := s.address(e, s.env.Eval, addr.Table)
	if !ok {
		s.open = true
		return a, false
	}
	if a == s.table.Addr {
		s.report(diag.Error(e.Range(), "Cycle among tables", "%s can't be its own input. Name another table.", a))
		return a, false
	}
	return a, true
}

func (s *stepReader) union() Step {
	u := &Union{Header: s.header}
	attr := s.body.Attributes["with"]
	if attr == nil {
		return u
	}
	items, diags := hcl.ExprList(attr.Expr)
	if diags.HasErrors() {
		s.report(diag.Error(attr.Expr.Range(), "List expected", "The tables stand in square brackets, even one alone: with = [table.silver.b]."))
		return u
	}
	var texts []string
	for _, e := range items {
		if a, ok := s.side(e); ok {
			u.With = append(u.With, a)
			texts = append(texts, a.String())
		}
	}
	if len(items) == 0 {
		s.report(diag.Error(attr.Expr.Range(), "Empty list", "The step union needs at least one table."))
	}
	s.data("with", list(texts), attr.SrcRange)
	return u
}
