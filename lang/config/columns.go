package config

import (
	"cmp"
	"regexp"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

var duration = regexp.MustCompile(`^[0-9]+(ms|s|m|h|d|w)([0-9]+(ms|s|m|h|d|w))*$`)

func (l *loader) duration(text string, at hcl.Range) bool {
	ok := duration.MatchString(text)
	if !ok {
		l.report(diag.Error(at, "Invalid duration", "%q is no duration. Write a number and a unit, as in \"30m\", \"12h\" or \"3d\".", text))
	}
	return ok
}

func (s *stepReader) rename() Step {
	step := &Rename{Header: s.header}
	for _, attr := range s.byName() {
		old, diags := expr.ParseName(attr.Expr)
		if named := s.newColumn(attr.Name, attr.NameRange); !s.take(diags) || !named {
			step.Columns = append(step.Columns, unread(attr, named))
			continue
		}
		column := &expr.Column{Path: []string{old.Name}, Src: old.Range}
		step.Columns = append(step.Columns, Assignment{Name: attr.Name, Expr: column, Range: attr.NameRange})
		s.data(attr.Name, columnName(old.Name), attr.SrcRange)
	}
	switch {
	case s.body.Lost:
		step.Columns = append(step.Columns, Assignment{})
	case len(s.body.Free) == 0:
		s.empty("columns: new = old")
	}
	return step
}

// unread is a column of which the name at most could be read.
func unread(attr *hclsyntax.Attribute, named bool) Assignment {
	if !named {
		return Assignment{}
	}
	return Assignment{Name: attr.Name, Range: attr.NameRange}
}

// byName are the attributes that are columns where their order has no meaning, so that it isn't part of the definition.
func (s *stepReader) byName() []*hclsyntax.Attribute {
	return slices.SortedFunc(slices.Values(s.body.Free), func(a, b *hclsyntax.Attribute) int {
		return cmp.Compare(a.Name, b.Name)
	})
}

func (s *stepReader) cast() Step {
	step := &CastTo{Header: s.header}
	for _, attr := range s.byName() {
		t, diags := expr.ParseType(attr.Expr)
		if !s.take(diags) {
			t = coltype.Type{}
		}
		step.Columns = append(step.Columns, ColumnType{Name: attr.Name, Type: t, Range: attr.NameRange})
		s.data(attr.Name, t.String(), attr.SrcRange)
	}
	switch {
	case s.body.Lost:
		step.Columns = append(step.Columns, ColumnType{})
	case len(s.body.Free) == 0:
		s.empty("columns: name = type")
	}
	return step
}

func (s *stepReader) unnest() Step {
	step := &Unnest{Header: s.header}
	if attr := s.body.Attributes["column"]; attr != nil {
		column, ok := s.columnRef(attr)
		if ok {
			step.Column, step.As = column, column.Name
			s.data("column", columnName(column.Name), attr.SrcRange)
		}
	}
	step.As = s.as(step.As)
	return step
}

func (s *stepReader) columnRef(attr *hclsyntax.Attribute) (ColumnRef, bool) {
	found, diags := expr.ParseName(attr.Expr)
	return ColumnRef(found), s.take(diags)
}

func (s *stepReader) session() Step {
	step := &Session{Header: s.header, By: s.expressions("by"), At: s.expression("at")}
	if gap, at, ok := s.text(s.body, "gap", s.env.Eval); ok {
		if s.duration(gap, at) {
			step.Gap = gap
		}
		s.data("gap", spell(gap), at)
	}
	step.As = s.as("")
	return step
}
