package config

import (
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/eval"
)

// address reads the address of an existing block. What is wrong is reported; then ok is false.
func (l *loader) address(e hcl.Expression, ctx *hcl.EvalContext, allowed ...addr.Kind) (addr.Address, bool) {
	a, rest, ok := l.reference(e, ctx, allowed)
	if !ok {
		return a, false
	}
	if len(rest) > 0 {
		l.report(diag.Error(e.Range(), "Address expected", "An address ends after the block's name: write %s.", a))
		return a, false
	}
	return a, l.exists(a, e.Range())
}

// column reads the column of an existing table: table.silver.customers.id.
func (l *loader) column(e hcl.Expression, ctx *hcl.EvalContext) (addr.Address, string, bool) {
	a, rest, ok := l.reference(e, ctx, []addr.Kind{addr.Table})
	if !ok || !l.exists(a, e.Range()) {
		return a, "", false
	}
	if len(rest) == 1 {
		switch step := rest[0].(type) {
		case hcl.TraverseAttr:
			return a, step.Name, true
		case hcl.TraverseIndex:
			if step.Key.Type() == cty.String {
				return a, step.Key.AsString(), true
			}
		}
	}
	l.report(diag.Error(e.Range(), "Column of a table expected", "A reference names one column of another table: %s.id.", a))
	return a, "", false
}

// reference reads an address and what follows it. The key may be computed: table.gold.customers[each.key].
func (l *loader) reference(e hcl.Expression, ctx *hcl.EvalContext, allowed []addr.Kind) (addr.Address, hcl.Traversal, bool) {
	var after hcl.Traversal
	var index hcl.Expression
	inner := e
	if p, ok := inner.(*hclsyntax.ParenthesesExpr); ok {
		inner = p.Expression
	}
	if r, ok := inner.(*hclsyntax.RelativeTraversalExpr); ok {
		inner, after = r.Source, r.Traversal
	}
	if i, ok := inner.(*hclsyntax.IndexExpr); ok {
		inner, index = i.Collection, i.Key
	}
	t, ok := inner.(*hclsyntax.ScopeTraversalExpr)
	if !ok {
		l.report(notAnAddress(e, allowed))
		return addr.Address{}, nil, false
	}
	a, rest, err := addr.FromTraversal(t.Traversal)
	if err != nil {
		hint := "."
		if root := t.Traversal.RootName(); !slices.Contains(addr.Kinds(), root) {
			hint += diag.Suggest(root, addr.Kinds())
		}
		l.report(diag.Error(e.Range(), "Address expected", "This is no address of a block: %s%s", err, hint))
		return a, nil, false
	}
	if !slices.Contains(allowed, a.Kind) {
		l.report(diag.Error(e.Range(), "Address of another kind expected", "%s is no address of a %s, and only that can stand here.", a, choice(allowed)))
		return a, nil, false
	}
	if index != nil && len(rest) == 0 && a.Key == "" {
		if a.Key, ok = l.key(index, ctx); !ok {
			return a, nil, false
		}
	}
	return a, append(rest, after...), true
}

func notAnAddress(e hcl.Expression, allowed []addr.Kind) *hcl.Diagnostic {
	example := map[addr.Kind]string{
		addr.Table: "table.silver.orders", addr.Source: "source.csv.orders", addr.Connection: "connection.postgres.shop",
	}[allowed[0]]
	if _, quoted := e.(*hclsyntax.TemplateExpr); quoted {
		return diag.Error(e.Range(), "Address expected", "An address is written without quotes, as in %s.", example)
	}
	return diag.Error(e.Range(), "Address expected", "What stands here is the address of a %s, as in %s.", choice(allowed), example)
}

func choice(allowed []addr.Kind) string {
	names := make([]string, len(allowed))
	for i, kind := range allowed {
		names[i] = string(kind)
	}
	return strings.Join(names, " or a ")
}

// key evaluates the key of an instance. It is unknown where each is, for the sake of checking a body without instances.
func (l *loader) key(e hcl.Expression, ctx *hcl.EvalContext) (string, bool) {
	v, diags := e.Value(ctx)
	l.evaluated(diags)
	if diags.HasErrors() {
		return "", false
	}
	if eval.IsSensitive(v) {
		l.report(diag.Error(e.Range(), "Sensitive value", "The key of an instance is part of a name, so it can't be sensitive."))
		return "", false
	}
	s, err := convert.Convert(v, cty.String)
	if err != nil || s.IsKnown() && (s.IsNull() || s.AsString() == "") {
		l.report(diag.Error(e.Range(), "Invalid key", "The key of an instance is a string that is not empty."))
		return "", false
	}
	if !s.IsKnown() {
		return "", false
	}
	return s.AsString(), true
}

// exists refuses addresses of blocks and instances that aren't there.
func (l *loader) exists(a addr.Address, at hcl.Range) bool {
	h := l.index[a.Block()]
	if h == nil {
		if !l.project.mayDeclare(a.Name) {
			l.report(l.unknownBlock(a, at))
		}
		return false
	}
	switch keys := h.keys(); {
	case h.open:
		return true
	case !h.iterates() && a.Key != "":
		l.report(diag.Error(at, "Unknown instance", "%s has no for_each, so it has no instances. Write the address without the key.", a.Block()))
	case h.iterates() && a.Key == "":
		l.report(diag.Error(at, "Missing key of an instance", "%s has for_each: choose an instance by its key, as in %s, or follow all "+
			"of them with for_each = %s.%s", a, example(a, keys), a, listKeys(keys)))
	case h.iterates() && !slices.Contains(keys, a.Key):
		l.report(diag.Error(at, "Unknown instance", "%s has no instance %q.%s%s", a.Block(), a.Key, diag.Suggest(a.Key, keys), listKeys(keys)))
	default:
		return true
	}
	return false
}

func example(a addr.Address, keys []string) addr.Address {
	if len(keys) > 0 {
		return a.Instance(keys[0])
	}
	return a.Instance("key")
}

func listKeys(keys []string) string {
	if len(keys) == 0 {
		return " Its for_each is empty."
	}
	quoted := make([]string, 0, len(keys))
	for _, key := range keys {
		if len(quoted) == 20 {
			quoted = append(quoted, strconv.Itoa(len(keys)-20)+" more")
			break
		}
		quoted = append(quoted, strconv.Quote(key))
	}
	return " Its keys are " + diag.List(quoted) + "."
}

func (l *loader) unknownBlock(a addr.Address, at hcl.Range) *hcl.Diagnostic {
	var names []string
	for _, h := range l.headers {
		if h.addr.Kind == a.Kind {
			names = append(names, h.addr.String())
		}
	}
	return diag.Error(at, "Undeclared "+string(a.Kind), "The project has no block %s.%s", a.Block(), diag.Suggest(a.Block().String(), names))
}
