package compile

import (
	"strings"

	"github.com/automic-etl/etl/engine/compile/ducksql"
	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// finish makes the last SELECT: the visible columns with their contract's types, and loadedAt where rows still have one.
func (b *builder) finish() *Compiled {
	var schema coltype.Schema
	for _, c := range b.frame.columns {
		if !c.hidden && !c.internal {
			schema = append(schema, c.Field)
		}
	}
	if len(schema) == 0 {
		b.withoutColumns()
		return nil
	}
	if b.frame.changes {
		schema = withChanges(schema)
	}
	if b.frame.loaded && schema.Index(loadedAt) < 0 {
		schema = append(schema, coltype.Field{Name: loadedAt, Type: coltype.Of(coltype.Timestamptz)})
	}
	b.appliesChanges()
	stored, diags := Stored(b.table, schema, b.kind())
	b.diags = append(b.diags, diags...)
	if b.diags.HasErrors() {
		return nil
	}
	return b.compiled(stored)
}

func (b *builder) withoutColumns() {
	b.fail(b.table.Range, "Table without columns", "After its steps this table has no column left.")
}

func (b *builder) compiled(stored coltype.Schema) *Compiled {
	rows := Given(b.table.Write, stored)
	order := b.orderOfVersions(rows)
	final := b.final(rows, order)
	query := with(b.ctes, func(c cte) string { return c.sql }) + final
	out := &Compiled{
		Query: query, Columns: stored, Rows: rows, Order: order, Driving: *b.table.From, Sides: b.sides,
		Kind:        b.kind(),
		RowWise:     !b.refresh.mixed,
		Incremental: b.incremental(rows, final),
		Now:         ducksql.UsesNow(query),
	}
	if out.Kind == ChangeRows {
		out.Key = b.key()
	}
	return out
}

// kind says what a row of the output is.
func (b *builder) kind() RowKind {
	appended := len(b.drivers) == 1 && b.inputs[b.drivers[0]].Appended
	switch {
	case b.frame.changes:
		return ChangeRows
	case appended && !b.refresh.mixed && b.frame.loaded:
		return VersionRows
	}
	return StateRows
}

// orderOfVersions are the columns by which bronze numbers the rows of a load, where a row that is a version still has them.
func (b *builder) orderOfVersions(rows coltype.Schema) []string {
	var order []string
	if b.table.Write.Mode == "history" && b.kind() == VersionRows {
		for _, name := range []string{"_etl_source", "_etl_row"} {
			if b.frame.index(name) >= 0 && rows.Index(name) < 0 {
				order = append(order, name)
			}
		}
	}
	return order
}

func (b *builder) final(schema coltype.Schema, more []string) string {
	selects := make([]string, len(schema))
	for i, f := range schema {
		selects[i] = dialect.Cast(b.frame.ref(f.Name), f.Type) + " AS " + dialect.Ident(f.Name)
	}
	for _, name := range more {
		selects = append(selects, b.frame.ref(name))
	}
	text := "SELECT " + strings.Join(selects, ", ") + " FROM " + dialect.Ident(b.frame.name)
	if len(b.frame.order) == 0 {
		return text
	}
	var order []string
	for _, k := range b.frame.order {
		order = append(order, b.frame.ref(k.Expr.(*expr.Column).Path[0])+direction(k.Desc))
	}
	return text + " ORDER BY " + strings.Join(append(order, b.frame.ties()...), ", ")
}
