package compile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// contract checks what a table says of its output columns.
type contract struct {
	columns coltype.Schema
	open    bool     // there may be others
	names   []string // what a message lists
	diags   hcl.Diagnostics
}

// Contract applies the `column` blocks of a table to the columns that it really has: documentation, required, and
// wider types. It also checks that keys, partitions and sort order name columns that exist and fit.
func Contract(t *config.Table, columns coltype.Schema) (coltype.Schema, hcl.Diagnostics) {
	return promised(t, Shape{Columns: columns})
}

func promised(t *config.Table, s Shape) (coltype.Schema, hcl.Diagnostics) {
	c := contract{columns: slices.Clone(s.Columns), open: s.Open}
	for _, name := range s.Columns.Names() {
		if !strings.HasPrefix(name, reservedPrefix) {
			c.names = append(c.names, name)
		}
	}
	for _, decl := range t.Columns {
		c.declare(decl)
	}
	c.write(t.Write)
	for _, p := range t.Partition {
		c.partition(p)
	}
	for _, k := range t.Sort {
		c.sort(k)
	}
	return c.columns, c.diags
}

func (c *contract) fail(rng hcl.Range, summary, detail string) {
	c.diags = append(c.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &rng})
}

// lookup finds a column; ok is false where it isn't there, or nothing is known of it.
func (c *contract) lookup(name string, rng hcl.Range) (f coltype.Field, ok bool) {
	f, ok = c.columns.Lookup(name)
	if !ok && !c.open {
		c.fail(rng, "Unknown column", unknownColumn("This table", name, c.names))
	}
	return f, ok && f.Type.Kind != expr.Invalid
}

func (c *contract) declare(d config.ColumnDecl) {
	f, ok := c.lookup(d.Name, d.Range)
	if !ok {
		c.takeAtItsWord(d)
		return
	}
	f.Doc, f.Required = d.Doc, d.Required
	if d.Type != nil && !f.Type.Equal(*d.Type) {
		if !expr.Converts(f.Type, *d.Type) {
			c.fail(d.Range, "Column breaks its contract", fmt.Sprintf(
				"The column %q is declared %s but computed as %s. Change the declaration, or cast the column in a step: cast { %s = %s }.",
				d.Name, d.Type, f.Type, d.Name, d.Type))
			c.columns[c.columns.Index(d.Name)].Type = coltype.Of(expr.Invalid) // either may be meant
			return
		}
		f.Type = *d.Type
	}
	c.columns[c.columns.Index(d.Name)] = f
}

// takeAtItsWord gives a column that isn't known the type that it is declared to have.
func (c *contract) takeAtItsWord(d config.ColumnDecl) {
	i := c.columns.Index(d.Name)
	switch {
	case d.Type == nil:
	case i >= 0:
		c.columns[i].Type = *d.Type
	case c.open:
		c.columns = append(c.columns, coltype.Field{Name: d.Name, Type: *d.Type})
	}
}

func (c *contract) write(w config.Write) {
	for _, name := range w.Key {
		at := w.Places.Of(name, w.Range)
		if f, ok := c.lookup(name, at); ok && (f.Type.Kind.Nested() || f.Type.Kind == coltype.Float || f.Type.Kind == coltype.Double) {
			c.fail(at, "Invalid key", fmt.Sprintf(
				"The key %q is %s. Keys are compared for equality, which floating-point numbers and nested types don't allow. Cast it, or choose another key.", name, f.Type))
		}
	}
	if w.ValidFrom != "" {
		if f, ok := c.lookup(w.ValidFrom, w.Range); ok && f.Type.Kind != coltype.Date && f.Type.Kind != coltype.Timestamp && f.Type.Kind != coltype.Timestamptz {
			c.fail(w.Range, "Version without a time", fmt.Sprintf(
				"valid_from names the column that says since when a version holds, but %q is %s. Name a date or a timestamp, or remove valid_from.", w.ValidFrom, f.Type))
		}
	}
	for _, name := range w.By {
		at := w.Places.Of(name, w.Range)
		f, ok := c.lookup(name, at)
		if ok && w.Lookback != "" && f.Type.Kind != coltype.Date && f.Type.Kind != coltype.Timestamp && f.Type.Kind != coltype.Timestamptz {
			c.fail(at, "Lookback without a time", fmt.Sprintf(
				"A lookback counts back in time, but the column %q is %s. Write partitions by a date, or remove lookback.", name, f.Type))
		}
	}
	if w.Lookback != "" {
		if _, wrong := duration(w.Lookback); wrong != "" {
			c.fail(w.Range, "Invalid duration", wrong)
		}
	}
}

func (c *contract) partition(p config.Transform) {
	f, ok := c.lookup(p.Column, p.Range)
	if !ok || transforms(p.Name, f.Type.Kind) {
		return
	}
	c.fail(p.Range, "Invalid partition transform", fmt.Sprintf("The transform %s doesn't take %s, which the column %q is. %s",
		p.Name, f.Type, p.Column, transformAdvice(p.Name)))
}

// transforms is Iceberg's table of which transform takes which type.
func transforms(name string, k coltype.Kind) bool {
	instant := k == coltype.Timestamp || k == coltype.Timestamptz
	switch name {
	case "identity":
		return !k.Nested() && k != coltype.Unknown
	case "year", "month", "day":
		return instant || k == coltype.Date
	case "hour":
		return instant
	case "bucket":
		return k == coltype.Int || k == coltype.Long || k == coltype.Decimal || k == coltype.Date || k == coltype.Time || instant ||
			k == coltype.String || k == coltype.UUID || k == coltype.Binary
	case "truncate":
		return k == coltype.Int || k == coltype.Long || k == coltype.Decimal || k == coltype.String || k == coltype.Binary
	}
	return false
}

func transformAdvice(name string) string {
	switch name {
	case "year", "month", "day":
		return "It takes a date, timestamp or timestamptz: cast the column first."
	case "hour":
		return "It takes a timestamp or timestamptz; for a date use day."
	case "bucket":
		return "It takes whole numbers, decimals, dates, times, timestamps, strings, uuids and binary."
	case "truncate":
		return "It takes whole numbers, decimals, strings and binary."
	}
	return "Partition by a column that isn't nested."
}

func (c *contract) sort(k config.SortKey) {
	col, ok := k.Expr.(*expr.Column)
	if !ok || len(col.Path) != 1 {
		c.fail(k.Expr.Range(), "Column name expected", "sort_by orders the rows of files by columns. To order by something computed, derive it first.")
		return
	}
	if f, ok := c.lookup(col.Path[0], col.Src); ok && f.Type.Kind.Nested() {
		c.fail(col.Src, "Invalid sort order", fmt.Sprintf("The column %q is %s, and Iceberg sorts by columns that aren't nested.", f.Name, f.Type))
	}
}
