package compile

import (
	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Shape is what is known of a table's columns. A column of which nothing but the name is known has the type expr.Invalid.
type Shape struct {
	Columns coltype.Schema
	// Open says that there may be other columns, Surplus that some of these may not be there.
	Open, Surplus bool
	// Kind says what a row is; empty where that isn't known.
	Kind RowKind
}

// Whole says whether everything is known.
func (s Shape) Whole() bool {
	if s.Open || s.Surplus {
		return false
	}
	for _, f := range s.Columns {
		if f.Type.Kind == expr.Invalid {
			return false
		}
	}
	return true
}

// Outline finds the mistakes in the steps of a table that can't be compiled, since it or what it reads has mistakes, and
// what is known of the columns of its rows all the same. What follows from a mistake isn't one.
func Outline(t *config.Table, inputs Inputs) (Shape, hcl.Diagnostics) {
	b := newBuilder(t, inputs)
	b.outline = true
	if b.source() {
		for i, step := range t.Steps {
			b.step(i, step)
		}
	}
	return b.shape(), diag.Unique(b.diags)
}

// unknown forgets all columns: what they are after a step that can't be read isn't known.
func (b *builder) unknown() {
	b.frame = frame{name: b.frame.name, open: true}
	b.frame.expectLoadedAt()
}

// shape are the visible columns, as finish has them.
func (b *builder) shape() Shape {
	s := Shape{Open: b.frame.open, Surplus: b.frame.surplus}
	for _, c := range b.frame.columns {
		if !c.hidden && !c.internal {
			s.Columns = append(s.Columns, c.Field)
		}
	}
	if len(s.Columns) == 0 && !s.Open {
		b.withoutColumns()
		s.Open = true
	}
	if b.frame.changes {
		s.Columns = withChanges(s.Columns)
	}
	if b.frame.loaded && s.Columns.Index(loadedAt) < 0 {
		s.Columns = append(s.Columns, coltype.Field{Name: loadedAt, Type: coltype.Of(coltype.Timestamptz)})
	}
	if s.Whole() {
		b.appliesChanges()
	}
	if s.Whole() || b.frame.changes {
		s.Kind = b.kind()
	}
	return s
}

// Promises finds the mistakes in what a table says of its columns, as far as those are known: contract, keys, layout and
// checks. The shape is that of the contract, with the columns that writing adds.
func Promises(t *config.Table, s Shape, inputs Inputs) (Shape, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	if !s.Surplus {
		diags = clashes(t, s.Columns)
	}
	if s.Kind != "" {
		diags = append(append(diags, deletable(t, s.Kind)...), ofChanges(t, s.Kind)...)
	}
	s.Columns = withAdded(t.Write, s.Columns)
	columns, more := promised(t, s)
	s.Columns, diags = columns, append(diags, more...)
	c := checker{table: t, columns: columns, inputs: inputs, outline: true, open: s.Open}
	_, found := c.all()
	return s, append(diags, found...)
}
