package config

import (
	"slices"
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/decode"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/eval"
	"github.com/automic-etl/etl/lang/expr"
)

const (
	bronze            = "bronze"
	defaultMaxBadRows = 1000
)

// tableReader reads one instance of a table.
type tableReader struct {
	*loader
	table *Table
	body  *decode.Body
	env   expr.Env
	// open says that a value isn't known that the table can't do without.
	open bool
	// source is what a bronze table loads, nil where that is wrong.
	source *Source
}

func (l *loader) tables(h *header) {
	l.layerOf(h)
	for _, i := range h.instances {
		t := l.instanceOf(h, i)
		if i.ghost {
			l.project.Nameless = append(l.project.Nameless, t)
		} else {
			l.project.Tables = append(l.project.Tables, t)
		}
	}
}

// instanceOf reads one instance of a table, as far as it can be read.
func (l *loader) instanceOf(h *header, i instance) *Table {
	before := len(l.diags)
	r := &tableReader{loader: l, env: l.env(i.eval)}
	r.table = &Table{
		Addr: h.addr.Instance(i.key), Ident: h.addr.Instance(i.key).Ident(), Range: h.block.DefRange(),
		MaxBadRows: defaultMaxBadRows, OnSchemaChange: "evolve", Attributes: map[string]hcl.Range{}, Contested: h.contested,
	}
	body, diags := decode.Open(h.block, h.spec, i.eval)
	l.report(diags...)
	r.body = body
	r.read()
	r.table.Partial = r.open || h.broken || l.diags[before:].HasErrors()
	return r.table
}

// layerOf refuses tables of layers that nobody declared.
func (l *loader) layerOf(h *header) {
	if reservedLayer(h.addr.Type) {
		return // a reserved name, which has been said
	}
	names := []string{bronze, "gold", "silver"}
	for _, other := range l.headers {
		if other.kind == "layer" {
			names = append(names, other.addr.Name)
		}
	}
	for _, name := range names {
		if name == h.addr.Type || l.project.mayDeclare(h.addr.Type) {
			return
		}
	}
	l.report(diag.Error(h.block.LabelRanges[0], "Unknown layer", "There is no layer %q.%s Declare it with layer %q { }, or use bronze, silver or gold.",
		h.addr.Type, diag.Suggest(h.addr.Type, names), h.addr.Type))
}

func (r *tableReader) read() {
	r.input()
	r.steps()
	r.writing()
	r.layout()
	r.columns()
	r.expects()
	r.settings()
}

// input reads what the table is computed from: a source in bronze, else a table or SQL.
func (r *tableReader) input() {
	from, sql := r.body.Attributes["from"], r.body.Attributes["sql"]
	switch {
	case from != nil && sql != nil:
		r.report(diag.Error(sql.NameRange, "Two inputs", "A table is computed from its input by steps, or by SQL. Remove from, or sql: the "+
			"query names its tables itself."))
	case from == nil && sql == nil && (r.body.Lost || r.body.Loses("from") || r.body.Loses("sql")):
	case from == nil && sql == nil:
		r.report(diag.Error(r.table.Range, "Missing input", "A table needs from = … with the address of %s, or sql = … with a query.",
			map[bool]string{true: "a source", false: "a table"}[r.table.Addr.Type == bronze]))
	case sql != nil && r.table.Addr.Type == bronze:
		r.report(diag.Error(sql.NameRange, "SQL in bronze", "Bronze holds what a source said, as it said it. Load the source here with from, "+
			"and put the query into a table of the layer silver or gold."))
	}
	if sql != nil {
		r.table.SQL = r.query(sql.Expr)
	}
	if from != nil {
		r.from(from.Expr)
	}
}

func (r *tableReader) from(e hcl.Expression) {
	allowed := []addr.Kind{addr.Table, addr.Source}
	if r.table.Addr.Type == bronze {
		slices.Reverse(allowed)
	}
	a, ok := r.address(e, r.env.Eval, allowed...)
	if !ok {
		r.open = true
		return
	}
	inBronze := r.table.Addr.Type == bronze
	switch {
	case inBronze && a.Kind == addr.Table:
		r.report(diag.Error(e.Range(), "Table as input of bronze", "A bronze table loads a source. To compute from %s, use the layer silver or gold.", a))
		return
	case !inBronze && a.Kind == addr.Source:
		r.report(diag.Error(e.Range(), "Source outside of bronze", "Only bronze loads sources, so that what a source said is kept as it said it. "+
			"Load %s into a bronze table, and read that table here.", a))
		return
	case a == r.table.Addr:
		r.report(diag.Error(e.Range(), "Cycle among tables", "%s can't be its own input. Name another table.", a))
		return
	}
	r.table.From = &a
	r.table.record("from", a.String(), e.Range())
	for _, s := range r.project.Sources {
		if s.Addr == a {
			r.source = s
			for _, item := range s.Definition {
				r.table.Definition.Data = append(r.table.Definition.Data, Item{Path: "source." + item.Path, Value: item.Value})
				r.table.Attributes["source."+item.Path] = s.at(item.Path)
			}
		}
	}
}

// at is where an item of a source's definition stands.
func (s *Source) at(path string) hcl.Range {
	if at, ok := s.Attributes[path]; ok {
		return at
	}
	return s.Range
}

// settings reads the attributes that don't change rows.
func (r *tableReader) settings() {
	if doc, at, ok := r.text(r.body, "doc", r.env.Eval); ok {
		r.table.Doc = doc
		r.table.recordMeta("doc", spell(doc), at)
	}
	if tags, at, ok := r.plain(r.body, "tags", r.env.Eval); ok {
		r.table.Tags = stringMap(tags)
		r.table.recordMeta("tags", eval.Canonical(tags), at)
	}
	if mode, at, ok := r.text(r.body, "on_schema_change", r.env.Eval); ok {
		r.table.OnSchemaChange = mode
		if mode != "evolve" {
			r.table.recordMeta("on_schema_change", spell(mode), at)
		}
	}
	if when, at, ok := r.text(r.body, "refresh", r.env.Eval); ok {
		r.table.RefreshAlways = when == "always"
		r.table.recordMeta("refresh", spell(when), at)
	}
	r.badRows()
	r.noRetention(r.body)
	for _, block := range r.body.Of("lifecycle") {
		body, diags := decode.Open(block.Block, block.Spec.Block, nil)
		r.report(diags...)
		r.table.PreventDestroy = r.truth(body, "prevent_destroy", r.env.Eval)
		if r.table.PreventDestroy {
			r.table.recordMeta("lifecycle.prevent_destroy", "true", body.Attributes["prevent_destroy"].Expr.Range())
		}
	}
}

func (r *tableReader) badRows() {
	n, at, ok := r.whole(r.body, "max_bad_rows", r.env.Eval)
	if !ok {
		return
	}
	if n < 0 {
		r.report(diag.Error(at, "Invalid number of rows", "max_bad_rows is a number from 0."))
		return
	}
	r.table.MaxBadRows = n
	if n != defaultMaxBadRows {
		r.table.recordMeta("max_bad_rows", strconv.FormatInt(n, 10), at)
	}
}

func stringMap(v cty.Value) map[string]string {
	m := map[string]string{}
	for key, value := range v.AsValueMap() {
		if !value.IsNull() {
			m[key] = value.AsString()
		}
	}
	return m
}

// reportKnown reports all but that a value isn't known: in a complete load that follows from another mistake, which has
// been reported; in validate it is no mistake. It returns whether a value was missing.
func (l *loader) reportKnown(diags hcl.Diagnostics) bool {
	missing := false
	for _, d := range diags {
		if d.Summary == "Value is not known yet" {
			missing = true
			continue
		}
		l.evaluated(hcl.Diagnostics{d})
	}
	return missing
}
