package config

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/automic-etl/etl/lang/decode"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/lang/grammar"
)

// checks are the attributes of an expect that are a check each.
var checks = [...]string{"that", "unique", "not_null", "references", "table"}

// expectReader reads one check.
type expectReader struct {
	*tableReader
	body  *decode.Body
	check *Expect
	items []Item // what it says, canonically
	at    hcl.Range
}

// expects reads the checks. Their order has no meaning, so the definition has them by name.
func (r *tableReader) expects() {
	seen := map[string]bool{}
	var read []*expectReader
	for _, block := range r.body.Of("expect") {
		name := block.Labels[1]
		if seen[name] {
			r.report(diag.Error(block.LabelRanges[1], "Duplicate check", "The table has two checks named %q. Give one of them another name: "+
				"results are reported by it.", name))
			continue
		}
		seen[name] = true
		if e := r.expect(block); e != nil {
			r.table.Expects = append(r.table.Expects, *e.check)
			read = append(read, e)
		}
	}
	slices.SortFunc(read, func(a, b *expectReader) int { return cmp.Compare(a.check.Name, b.check.Name) })
	for _, e := range read {
		e.record()
	}
}

// record puts a check that takes rows out of the table among what changes rows, all others not.
func (e *expectReader) record() {
	record := e.table.recordMeta
	if e.check.Action == "drop" || e.check.Action == "quarantine" {
		record = e.table.record
	}
	path := "expect[" + spell(e.check.Name) + "]."
	record(path+"action", spell(e.check.Action), e.at)
	for _, item := range e.items {
		record(path+item.Path, item.Value, e.at)
	}
}

func (r *tableReader) expect(block decode.Block) *expectReader {
	inner := *r
	if block.Eval != nil {
		inner.env.Eval = block.Eval
	}
	defer func() { r.open = r.open || inner.open }()
	e := &expectReader{tableReader: &inner, at: block.DefRange()}
	e.check = &Expect{Action: block.Labels[0], Name: block.Labels[1], Range: block.DefRange()}
	if d := decode.OneOf(e.check.Action, grammar.Actions(), "expect", block.LabelRanges[0]); d != nil {
		r.report(d)
	}
	if strings.TrimSpace(e.check.Name) == "" {
		r.report(diag.Error(block.LabelRanges[1], "Missing name", "A check needs a name: results are reported by it."))
	}
	body, diags := decode.Open(block.Block, block.Spec.Block, inner.env.Eval)
	r.report(diags...)
	e.body = body
	if !e.one() || !e.read() {
		return nil
	}
	return e
}

// one holds that exactly one kind of check stands in the block.
func (e *expectReader) one() bool {
	for _, name := range []string{"model", "anomaly"} {
		if attr := e.body.Attributes[name]; attr != nil {
			e.report(diag.Unsupported(attr.NameRange, "Checks by a language model are", "Use that, unique, not_null, references or table."))
			return false
		}
	}
	var found []*hclsyntax.Attribute
	for _, name := range checks {
		if attr := e.body.Attributes[name]; attr != nil {
			found = append(found, attr)
		}
	}
	switch len(found) {
	case 0:
		if len(e.body.Attributes) == 0 && !e.body.Lost {
			e.report(diag.Error(e.at, "Missing check", "An expect block needs one check: %s.", diag.List(checks[:])))
		}
		return false
	case 1:
		return true
	}
	e.report(diag.Error(e.at, "Two checks in one block", "An expect block holds one check, so that its result has one name. Put %q "+
		"into a block of its own.", found[1].Name))
	return false
}

// read says whether anything of the check could be read.
func (e *expectReader) read() bool {
	if attr := e.body.Attributes["that"]; attr != nil {
		e.check.That = e.node(attr)
	}
	if attr := e.body.Attributes["table"]; attr != nil {
		e.check.Table = e.node(attr)
		if e.check.Action == "drop" || e.check.Action == "quarantine" {
			e.report(diag.Error(attr.NameRange, "Check of the whole table", "The check table is one answer about all rows, so there are no rows to %s. "+
				"Use expect \"warn\" or expect \"fail\".", e.check.Action))
			e.check.Action = "fail" // the rest of the check is read as if it were right
		}
	}
	if attr := e.body.Attributes["unique"]; attr != nil {
		e.check.Unique = e.columns(attr)
	}
	if attr := e.body.Attributes["not_null"]; attr != nil {
		e.check.NotNull = e.columns(attr)
	}
	if attr := e.body.Attributes["references"]; attr != nil {
		e.references(attr)
	}
	c := e.check
	return c.That != nil || c.Table != nil || len(c.Unique)+len(c.NotNull)+len(c.References) > 0
}

func (e *expectReader) node(attr *hclsyntax.Attribute) expr.Node {
	n, diags := expr.Parse(attr.Expr, e.env)
	e.take(diags)
	e.items = append(e.items, Item{Path: attr.Name, Value: n.String()})
	return n
}

func (e *expectReader) columns(attr *hclsyntax.Attribute) []string {
	refs, names := e.columnList(attr)
	e.check.Places = places(refs)
	if len(names) == 0 {
		if !e.failedList(attr.Expr) {
			e.report(diag.Error(attr.Expr.Range(), "Empty list", "The check %s needs at least one column.", attr.Name))
		}
		return nil
	}
	e.items = append(e.items, Item{Path: attr.Name, Value: columnNames(names)})
	return names
}

func (e *expectReader) references(attr *hclsyntax.Attribute) {
	object, ok := attr.Expr.(*hclsyntax.ObjectConsExpr)
	if !ok || len(object.Items) == 0 {
		e.report(diag.Error(attr.Expr.Range(), "References expected", "The check references is a map from columns of this table to columns of others: "+
			"{ customer_id = table.silver.customers.id }."))
		return
	}
	var texts []string
	for _, item := range object.Items {
		name, d := decode.ColumnKey(item.KeyExpr)
		if d != nil {
			e.report(d)
		}
		a, to, ok := e.column(item.ValueExpr, e.env.Eval)
		if !ok || d != nil {
			e.open = true
			continue
		}
		at := hcl.RangeBetween(item.KeyExpr.Range(), item.ValueExpr.Range())
		e.check.References = append(e.check.References, Reference{Column: name, Table: a, To: to, Range: at})
		texts = append(texts, columnName(name)+" = "+a.String()+"."+columnName(to))
	}
	slices.Sort(texts)
	e.items = append(e.items, Item{Path: "references", Value: "{ " + strings.Join(texts, ", ") + " }"})
}
