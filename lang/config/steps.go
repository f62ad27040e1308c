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
		case block.Lost && (known || later || !slices.Contains(r.body.Spec.Names(), block.Type)):
			r.unread(block)
		case block.Lost:
		case later:
			r.report(diag.Unsupported(block.DefRange(), "The step "+block.Type+" is", "Leave it out: steps that use language models come later."))
			r.unread(block)
		case known:
			r.misplaced(block)
			r.step(block)
		}
	}
}

// unread keeps the place of a step that can't be read, since the steps after it see what it makes.
func (r *tableReader) unread(block decode.Block) {
	r.table.Steps = append(r.table.Steps, &Unread{Header: Header{Type: block.Type, Src: block.DefRange()}})
}

// misplaced refuses steps where a table takes none.
func (r *tableReader) misplaced(block decode.Block) {
	switch {
	case r.table.Addr.Type == bronze:
		r.report(diag.Error(block.DefRange(), "Step in bronze", "Bronze holds what a source said, as it said it, so it takes no steps. Put this step "+
			"into a table of the layer silver or gold that reads this one."))
	case r.body.Attributes["sql"] != nil && r.body.Attributes["from"] == nil:
		r.report(diag.Error(block.DefRange(), "Step beside SQL", "A table with sql takes no steps. Say it in the query, or put the step into a "+
			"table that reads this one."))
	}
}

func (r *tableReader) step(block decode.Block) {
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
	if len(d.Columns) == 0 {
		s.empty("columns: name = expression")
	}
	return d
}

func (s *stepReader) selectColumns() Step {
	step := &Select{Header: s.header, Columns: s.columnRefs("columns"), Except: s.columnRefs("except")}
	columns, except := s.body.Attributes["columns"], s.body.Attributes["except"]
	if !s.body.Lost && (columns == nil && except != nil || columns != nil && except == nil && len(step.Columns) > 0) {
		return step
	}
	switch {
	case s.body.Lost:
	case columns != nil && except != nil:
		s.report(diag.Error(except.NameRange, "Two selections", "The step select takes columns, which to keep, or except, which to leave out. Remove one."))
	case columns == nil && except == nil:
		s.empty("columns = [a, b] or except = [c]")
	default:
		s.report(diag.Error(columns.Expr.Range(), "Empty selection", "A table needs at least one column."))
	}
	step.Columns = append(step.Columns, ColumnRef{})
	return step
}

func (s *stepReader) aggregate() Step {
	step := &Aggregate{Header: s.header}
	if attr := s.body.Attributes["by"]; attr != nil {
		step.By = s.groups(attr)
	} else if s.body.Lost {
		step.By = []Assignment{{}}
	}
	step.Columns = s.free()
	if len(step.Columns) == 0 && s.body.Attributes["by"] == nil {
		s.empty("by = [a] or a column: n = count()")
	}
	seen := map[string]bool{}
	step.By, step.Columns = s.unique(step.By, seen), s.unique(step.Columns, seen)
	return step
}

// unique refuses names that are both a group and an aggregate, or twice the same; the first of them stays.
func (s *stepReader) unique(columns []Assignment, seen map[string]bool) []Assignment {
	return slices.DeleteFunc(columns, func(c Assignment) bool {
		twice := c.Name != "" && seen[c.Name]
		if twice {
			s.report(diag.Error(c.Range, "Duplicate column", "The column %q is made twice by this step. Give one of them another name.", c.Name))
		}
		seen[c.Name] = true
		return twice
	})
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
	j.As = s.as(j.As)
	j.On = s.expression("on")
	j.Columns = s.assignments("columns")
	if attr := s.body.Attributes["columns"]; attr != nil && (j.How == "semi" || j.How == "anti") {
		s.report(diag.Error(attr.NameRange, "Columns of a semi or anti join", "A semi or anti join only keeps or drops rows, so it adds no columns. "+
			"Remove columns, or use join \"left\"."))
	}
	return j
}

// as is the name that the attribute as gives, or else the usual one; empty where it can't be read.
func (s *stepReader) as(usual string) string {
	name, at, ok := s.name("as")
	switch {
	case s.body.Attributes["as"] == nil && !s.body.Lost:
		return usual
	case !ok:
		return ""
	case name != usual:
		s.data("as", columnName(name), at)
	}
	return name
}

// side is another table that a step reads.
func (s *stepReader) side(e hcl.Expression) (addr.Address, bool) {
	a, ok := s.address(e, s.env.Eval, addr.Table)
	if !ok {
		s.open = true
		return addr.Address{}, false
	}
	if a == s.table.Addr {
		s.report(diag.Error(e.Range(), "Cycle among tables", "%s can't be its own input. Name another table.", a))
		return addr.Address{}, false
	}
	return a, true
}

func (s *stepReader) union() Step {
	u := &Union{Header: s.header}
	attr := s.body.Attributes["with"]
	if attr == nil {
		u.With = []addr.Address{{}}
		return u
	}
	items, diags := hcl.ExprList(attr.Expr)
	if diags.HasErrors() {
		s.report(diag.Error(attr.Expr.Range(), "List expected", "The tables stand in square brackets, even one alone: with = [table.silver.b]."))
		with, _ := s.side(attr.Expr)
		u.With = []addr.Address{with}
		return u
	}
	var texts []string
	for _, e := range items {
		a, ok := s.side(e)
		if u.With = append(u.With, a); ok {
			texts = append(texts, a.String())
		}
	}
	if len(items) == 0 {
		s.report(diag.Error(attr.Expr.Range(), "Empty list", "The step union needs at least one table."))
	}
	s.data("with", list(texts), attr.SrcRange)
	return u
}
