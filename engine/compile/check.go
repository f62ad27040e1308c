package compile

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/compile/ducksql"
	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Kinds of checks.
const (
	ThatCheck       = "that"
	UniqueCheck     = "unique"
	NotNullCheck    = "not_null"
	ReferencesCheck = "references"
	TableCheck      = "table"
)

// rowAlias names the row that a condition looks at.
const rowAlias = "t"

// Check is one compiled `expect`.
type Check struct {
	Name   string
	Action string // warn, drop, quarantine, fail
	Kind   string
	// Condition is a boolean over the row "t", or for TableCheck an aggregate over all rows "t". Anything but true is
	// a failure. Empty for UniqueCheck, which needs all rows.
	Condition string
	// Unique are the columns of UniqueCheck.
	Unique []string
	// References are the tables that Condition looks into, each in its ReferencedSchema; the table itself isn't among them.
	References []addr.Ident
	// Now is true where it depends on the run's instant, so that time passing alone can break it.
	Now bool
}

// Checks compiles the expects of a table over its output columns.
func Checks(t *config.Table, columns coltype.Schema, inputs Inputs) ([]Check, hcl.Diagnostics) {
	c := checker{table: t, columns: columns, inputs: inputs}
	return c.all()
}

func (c *checker) all() ([]Check, hcl.Diagnostics) {
	t := c.table
	out := make([]Check, 0, len(t.Expects))
	for _, e := range t.Expects {
		check := Check{Name: e.Name, Action: e.Action}
		c.compile(e, &check)
		check.Now = ducksql.UsesNow(check.Condition)
		out = append(out, check)
	}
	if c.diags.HasErrors() {
		return nil, diag.Unique(c.diags)
	}
	return out, c.diags
}

type checker struct {
	table   *config.Table
	columns coltype.Schema
	inputs  Inputs
	diags   hcl.Diagnostics
	// outline says that no conditions are wanted, only the mistakes; open that there may be other columns.
	outline, open bool
}

func (c *checker) fail(rng hcl.Range, summary, detail string) {
	c.diags = append(c.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &rng})
}

func (c *checker) compile(e config.Expect, check *Check) {
	switch {
	case e.That != nil:
		check.Kind, check.Condition = ThatCheck, c.condition(e, e.That, false)
	case e.Table != nil:
		check.Kind, check.Condition = TableCheck, c.condition(e, e.Table, true)
		if e.Action == "drop" || e.Action == "quarantine" {
			c.fail(e.Range, "Check of a table can't drop rows", fmt.Sprintf(
				"The check %q is about the whole table, so no row of it is the bad one. Use the action \"fail\" or \"warn\".", e.Name))
		}
	case len(e.Unique) > 0:
		check.Kind, check.Unique = UniqueCheck, e.Unique
		c.unique(e)
	case len(e.NotNull) > 0:
		check.Kind, check.Condition = NotNullCheck, c.notNull(e)
	case len(e.References) > 0:
		check.Kind = ReferencesCheck
		check.Condition, check.References = c.references(e)
	default:
		c.fail(e.Range, "Check without a condition", fmt.Sprintf("The check %q checks nothing. Give it that, unique, not_null, references or table.", e.Name))
	}
}

func (c *checker) condition(e config.Expect, n expr.Node, aggregate bool) string {
	scope := &expr.Scope{
		Relations:  []expr.Relation{{Name: c.table.Addr.Name, Columns: unnumbered(c.columns), Open: c.open}},
		Aggregates: aggregate,
		Where:      fmt.Sprintf("the check %q", e.Name),
	}
	t, diags := expr.BindBoolean(n, scope)
	c.diags = append(c.diags, diags...)
	if t == nil {
		return ""
	}
	if aggregate {
		c.aggregated(t)
	}
	return ducksql.Renderer{Names: ducksql.Names{"": rowAlias}}.Expr(t)
}

// aggregated asks that a check of the table is about all of its rows.
func (c *checker) aggregated(t *expr.Typed) {
	b := builder{}
	b.aggregated(t, nil)
	c.diags = append(c.diags, b.diags...)
	if !t.Aggregate && !b.diags.HasErrors() {
		c.fail(t.Node.Range(), "Aggregate expected", "A check of the whole table computes over its rows, such as count() > 0 or max(order_date) >= today() - days(2). To check each row, use that.")
	}
}

func (c *checker) column(name string, rng hcl.Range) (coltype.Field, bool) {
	f, ok := c.columns.Lookup(name)
	if !ok && !c.open {
		c.fail(rng, "Unknown column", unknownColumn("This table", name, c.columns.Names()))
	}
	return f, ok && f.Type.Kind != expr.Invalid
}

func (c *checker) unique(e config.Expect) {
	for _, name := range e.Unique {
		at := e.Places.Of(name, e.Range)
		if f, ok := c.column(name, at); ok && hasMap(f.Type) {
			c.fail(at, "Invalid key", fmt.Sprintf("The column %q is %s, which can't be compared. Choose another column.", name, f.Type))
		}
	}
}

func (c *checker) notNull(e config.Expect) string {
	var parts []string
	for _, name := range e.NotNull {
		if _, ok := c.column(name, e.Places.Of(name, e.Range)); ok {
			parts = append(parts, row(name)+" IS NOT NULL")
		}
	}
	return strings.Join(parts, " AND ")
}

func row(name string) string { return dialect.Ident(rowAlias) + "." + dialect.Ident(name) }

// references are foreign keys: a null refers to nothing and passes.
func (c *checker) references(e config.Expect) (string, []addr.Ident) {
	var parts []string
	var tables []addr.Ident
	for _, ref := range e.References {
		in, ok := c.inputs[ref.Table]
		if ref.Table == c.table.Addr {
			in, ok = Input{Ident: c.table.Ident, Columns: c.columns, Open: c.open}, true
		}
		if !ok && c.outline {
			in = Input{Open: true}
		} else if !ok {
			c.fail(ref.Range, "Unknown table", fmt.Sprintf("The columns of %s are not known, so nothing can be looked up in it. This is a bug in etl.", ref.Table))
			continue
		}
		if text := c.reference(ref, in); text != "" {
			parts = append(parts, text)
		}
		if ref.Table != c.table.Addr {
			tables = append(tables, in.Ident)
		}
	}
	return strings.Join(parts, " AND "), tables
}

func (c *checker) reference(ref config.Reference, in Input) string {
	from, ok := c.column(ref.Column, ref.Range)
	to, found := in.Columns.Lookup(ref.To)
	if !found && !in.Open {
		c.fail(ref.Range, "Unknown column", unknownColumn("The table "+ref.Table.String(), ref.To, in.Columns.Names()))
	}
	if !ok || !found || to.Type.Kind == expr.Invalid {
		return ""
	}
	wide, comparable := coltype.Widen(from.Type, to.Type)
	if !comparable {
		c.fail(ref.Range, "Types can't be compared", fmt.Sprintf(
			"%q is %s and %s of %s is %s, so no row could refer to another. Cast one of them where it is computed.", ref.Column, from.Type, ref.To, ref.Table, to.Type))
		return ""
	}
	table := relation(ReferencedSchema(in.Ident.Namespace), in.Ident.Name)
	if ref.Table == c.table.Addr {
		table = whole
	}
	return fmt.Sprintf("(%s IS NULL OR EXISTS (SELECT 1 FROM %s AS \"r\" WHERE %s = %s))", row(ref.Column), table,
		dialect.Cast(`"r".`+dialect.Ident(ref.To), wide), dialect.Cast(row(ref.Column), wide))
}
