package compile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/compile/ducksql"
	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// cte is one named SELECT of the query, in the forms that incremental refresh needs.
type cte struct {
	name string
	sql  string
	// fresh reads new rows only, where it differs.
	fresh string
	// keyed is restricted to the touched keys, where it differs.
	keyed string
}

// builder walks the steps of one table.
type builder struct {
	table   *config.Table
	inputs  Inputs
	diags   hcl.Diagnostics
	ctes    []cte
	frame   frame
	sides   []addr.Address
	drivers []addr.Address
	refresh refresh
	where   string // the current step, for messages
	outline bool   // no query is wanted, only the mistakes and the columns as far as they can be known
	// unfollowed is the step after which the input's changes were none any more.
	unfollowed string
}

func newBuilder(t *config.Table, inputs Inputs) *builder {
	return &builder{table: t, inputs: inputs}
}

func (b *builder) fail(rng hcl.Range, summary, detail string) {
	b.diags = append(b.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &rng})
}

// source reads the driving table.
func (b *builder) source() bool {
	if b.table.From == nil && b.outline {
		b.unknown()
		return true
	}
	if b.table.From == nil {
		b.fail(b.table.Range, "Table without rows", "This table has neither from nor sql, so there is nothing to compute it from.")
		return false
	}
	in, ok := b.input(*b.table.From, b.table.Range)
	if !ok {
		return false
	}
	b.drivers = []addr.Address{*b.table.From}
	b.frame = inputFrame(in)
	read := func(schema string) string {
		return "SELECT " + columnList(in.Columns) + " FROM " + relation(schema, in.Ident.Name)
	}
	b.push(b.frame, cte{sql: read(in.Ident.Namespace), fresh: read(NewSchema)})
	return true
}

func (b *builder) input(a addr.Address, rng hcl.Range) (Input, bool) {
	in, ok := b.inputs[a]
	switch {
	case !ok && b.outline:
		return Input{Ident: a.Ident(), Open: true}, true
	case !ok:
		b.fail(rng, "Unknown table", fmt.Sprintf("The columns of %s are not known, so nothing can be computed from it. This is a bug in etl.", a))
	}
	return in, ok
}

// inputFrame hides the provenance of bronze tables, and of others the column that flows through by itself.
func inputFrame(in Input) frame {
	arrived, ok := in.Columns.Lookup(loadedAt)
	f := frame{open: in.Open, surplus: in.Surplus, loaded: ok && arrived.Type.Kind == coltype.Timestamptz, changes: in.Changes}
	bronze := isBronze(in.Columns)
	for _, field := range in.Columns {
		hidden := field.Name == loadedAt || IsChange(field.Name) || field.Name == DeletedColumn || bronze && strings.HasPrefix(field.Name, reservedPrefix)
		c := column{Field: bare(field), hidden: hidden}
		if in.Changes && slices.Contains(in.Key, field.Name) || !in.Changes && slices.Contains(in.Identity, field.Name) {
			c.keyed, c.plain, c.of = true, true, []string{field.Name}
		}
		f.columns = append(f.columns, c)
	}
	if in.Open && !ok {
		f.expectLoadedAt()
	}
	return f
}

func isBronze(s coltype.Schema) bool {
	for _, name := range []string{"_etl_run", "_etl_source", "_etl_row", loadedAt} {
		if s.Index(name) < 0 {
			return false
		}
	}
	return true
}

// bare is the field as a new column: without its id, docs and contract.
func bare(f coltype.Field) coltype.Field { return coltype.Field{Name: f.Name, Type: f.Type} }

func columnList(s coltype.Schema) string {
	names := make([]string, len(s))
	for i, f := range s {
		names[i] = dialect.Ident(f.Name)
	}
	return strings.Join(names, ", ")
}

func relation(schema, name string) string { return dialect.Ident(schema) + "." + dialect.Ident(name) }

// push makes a SELECT the next step; the frame says what it gives.
func (b *builder) push(f frame, c cte) {
	c.name = stepName(len(b.ctes))
	f.name = c.name
	b.ctes = append(b.ctes, c)
	b.frame = f
}

// project is the common step: named expressions over the frame, then clauses.
func (b *builder) project(f frame, selects []string, clauses string) {
	sql := "SELECT " + strings.Join(selects, ", ") + " FROM " + dialect.Ident(b.frame.name)
	if clauses != "" {
		sql += " " + clauses
	}
	b.push(f, cte{sql: sql})
}

func (b *builder) scope() *expr.Scope {
	return &expr.Scope{Relations: []expr.Relation{b.frame.relation(b.driverName())}, Where: b.where}
}

// driverName is the name by which expressions may qualify the step's own input.
func (b *builder) driverName() string {
	if b.table.From == nil {
		return ""
	}
	return b.table.From.Name
}

// bind is nil for what has a mistake, be it one that was found when the expression was read.
func (b *builder) bind(n expr.Node, s *expr.Scope) *expr.Typed {
	if n == nil {
		return nil
	}
	t, diags := expr.Bind(n, s)
	b.diags = append(b.diags, diags...)
	return t
}

func (b *builder) renderer() ducksql.Renderer {
	return ducksql.Renderer{Names: ducksql.Names{"": b.frame.name, b.driverName(): b.frame.name}}
}

func (b *builder) step(i int, s config.Step) {
	b.where = fmt.Sprintf("step %s of %s", s.Kind(), b.table.Addr.Block())
	switch s := s.(type) {
	case *config.Filter:
		b.filter(s)
	case *config.Derive:
		b.derive(s)
	case *config.Select:
		b.selectColumns(s)
	case *config.Rename:
		b.rename(s)
	case *config.CastTo:
		b.castTo(s)
	case *config.Dedupe:
		b.dedupe(s)
	case *config.Join:
		b.join(s)
	case *config.Union:
		b.union(s)
	case *config.Unnest:
		b.unnest(s)
	case *config.Aggregate:
		b.aggregate(s)
	case *config.Window:
		b.window(s)
	case *config.Session:
		b.session(s)
	case *config.SortBy:
		b.sortBy(s)
	case *config.Unread:
		b.unknown()
	default:
		b.fail(s.Range(), "Unknown step", fmt.Sprintf("The step %q (number %d) can't be compiled. This is a bug in etl.", s.Kind(), i+1))
	}
}

// named checks the name of a new column of a frame.
func (b *builder) named(f frame, name string, rng hcl.Range) bool {
	switch other, clash := f.sameButCase(name); {
	case strings.HasPrefix(name, reservedPrefix):
		b.fail(rng, "Reserved column name", fmt.Sprintf("Names that start with %s are the engine's own. Name the column %q differently.", reservedPrefix, name))
	case name == "":
		b.fail(rng, "Invalid column name", "A column needs a name.")
	case clash:
		b.fail(rng, "Names that differ by case alone", fmt.Sprintf(
			"There are %q and %q, and engines that read the table don't tell them apart. Rename one of them.", name, other))
	default:
		return true
	}
	return false
}

// value binds and renders an expression for a column of its own; a mistake makes the column invalid.
func (b *builder) value(n expr.Node, s *expr.Scope, r ducksql.Renderer) (string, coltype.Type, *expr.Typed) {
	t := b.bind(n, s)
	if t == nil {
		return "NULL", coltype.Of(expr.Invalid), nil
	}
	if why := incomplete(t.Type); why != "" {
		b.fail(n.Range(), "Column without a type", why)
		return "NULL", coltype.Of(expr.Invalid), nil
	}
	return r.Expr(t), t.Type, t
}

// incomplete says why a type can't be a column's.
func incomplete(t coltype.Type) string {
	switch {
	case t.Kind == coltype.Unknown:
		return "This is always null, and a bare null has no type. Write cast(null, string), or the type you mean."
	case t.Kind == expr.Days || t.Kind == expr.Interval:
		return "This is an interval, which no column can hold. Add it to a date or timestamp, or keep a number of days, hours or seconds."
	case t.Elem != nil && incomplete(t.Elem.Type) != "":
		return "The elements of this list have no type. Cast it: cast([], list(string))."
	}
	return ""
}

// set replaces the column of a name in place, or adds it after the visible ones.
func (f *frame) set(c column) {
	if i := f.index(c.Name); i >= 0 {
		f.columns[i] = c
		return
	}
	at := len(f.columns)
	for at > 0 && (f.columns[at-1].hidden || f.columns[at-1].internal) {
		at--
	}
	f.columns = slices.Insert(f.columns, at, c)
}

// put replaces the column at an index, or adds one where the index is negative.
func (f *frame) put(i int, c column) {
	if i < 0 {
		f.set(c)
		return
	}
	f.columns[i] = c
}

// typed is a plain column.
func typed(name string, t coltype.Type) column {
	return column{Field: coltype.Field{Name: name, Type: t}}
}

func (f frame) clone() frame {
	f.columns = slices.Clone(f.columns)
	return f
}
