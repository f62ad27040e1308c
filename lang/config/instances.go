package config

import (
	"regexp"
	"sort"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/eval"
	"github.com/automic-etl/etl/lang/syntax"
)

// instance is one element of a block's for_each, or the block itself without one.
type instance struct {
	key   string
	value cty.Value
	eval  *hcl.EvalContext
	// ghost instances are read for their mistakes only: the keys aren't known, or there are none.
	ghost bool
}

var keyName = regexp.MustCompile(`^[a-z0-9_]+$`)

// iterates says whether instances of the block are told apart by keys.
func (h *header) iterates() bool { return h.block.Body.Attributes["for_each"] != nil }

// keys are the instances' keys, sorted.
func (h *header) keys() []string {
	var keys []string
	for _, i := range h.instances {
		if !i.ghost {
			keys = append(keys, i.key)
		}
	}
	return keys
}

// expand works out the instances of a block.
func (l *loader) expand(h *header) {
	if h.state == done {
		return
	}
	if h.state == working {
		attr := h.block.Body.Attributes["for_each"]
		l.report(diag.Error(attr.Expr.Range(), "Cycle among for_each",
			"This block follows the instances of a block that follows its own, in a circle. Give one of them keys of its own."))
		h.open = true
		return
	}
	h.state = working
	attr := h.block.Body.Attributes["for_each"]
	switch {
	case attr == nil:
		h.instances = []instance{l.instance(h, "", cty.DynamicVal)}
		h.open = syntax.Lost(h.block.Body)
	case !repeats(h.kind):
		h.open = true
	default:
		l.iterate(h, attr.Expr)
	}
	if len(h.instances) == 0 {
		ghost := l.instance(h, "", cty.DynamicVal)
		ghost.eval.Variables = map[string]cty.Value{"each": h.each(cty.UnknownVal(cty.String), cty.DynamicVal)}
		ghost.ghost = true
		h.instances = []instance{ghost}
	}
	if h.second {
		for i := range h.instances {
			h.instances[i].ghost = true
		}
	}
	h.state = done
}

func repeats(kind string) bool { return kind == "table" || kind == "source" || kind == "connection" }

func (l *loader) instance(h *header, key string, value cty.Value) instance {
	ctx := l.eval.NewChild()
	if h.iterates() || h.loose {
		k := cty.StringVal(key)
		if key == "" {
			k = cty.UnknownVal(cty.String)
		}
		ctx.Variables = map[string]cty.Value{"each": h.each(k, value)}
	}
	return instance{key: key, value: value, eval: ctx}
}

func (h *header) each(key, value cty.Value) cty.Value {
	values := map[string]cty.Value{"key": key, "value": value}
	for _, name := range h.missing {
		values[name] = cty.DynamicVal
	}
	return cty.ObjectVal(values)
}

func (l *loader) iterate(h *header, e hclsyntax.Expression) {
	if target, chained := l.followed(h, e); chained {
		if target != nil {
			l.follow(h, target)
		}
		return
	}
	v, diags := e.Value(l.eval)
	l.evaluated(diags)
	if diags.HasErrors() {
		h.open = true
		return
	}
	if d := refuseKeys(v, e.Range()); d != nil {
		h.open = true
		l.report(d)
		return
	}
	if !v.IsKnown() {
		h.open = true
		return
	}
	for it := v.ElementIterator(); it.Next(); {
		key, value := it.Element()
		if v.Type().IsSetType() {
			key = value
		}
		l.element(h, key, value, e.Range())
	}
	sort.Slice(h.instances, func(i, j int) bool { return h.instances[i].key < h.instances[j].key })
}

func (l *loader) element(h *header, key, value cty.Value, at hcl.Range) {
	if !key.IsKnown() {
		h.open = true
		return
	}
	if key.IsNull() || !keyName.MatchString(key.AsString()) {
		l.report(diag.Error(at, "Invalid key of for_each", "The key %s becomes part of a table's name, so it may hold only lower-case letters, "+
			"digits and underscores, and must not be empty. Use a map whose keys are such names.", eval.Canonical(key)))
		return
	}
	h.instances = append(h.instances, l.instance(h, key.AsString(), value))
}

// refuseKeys says what is wrong with a value as for_each.
func refuseKeys(v cty.Value, at hcl.Range) *hcl.Diagnostic {
	bare, _ := v.Unmark()
	t := v.Type()
	switch {
	case v.IsMarked() || t.IsSetType() && eval.IsSensitive(v):
		return diag.Error(at, "Sensitive value", "The keys of for_each become names of tables, so they can't depend on a sensitive value.")
	case t == cty.DynamicPseudoType && !bare.IsKnown():
		return nil
	case bare.IsKnown() && bare.IsNull():
		return diag.Error(at, "Invalid for_each", "for_each must not be null. For no instances write {}.")
	case t.IsListType() || t.IsTupleType():
		return diag.Error(at, "Invalid for_each", "for_each takes a set of strings or a map, and this is a list. Write toset([…]).")
	case t.IsSetType() && t.ElementType() != cty.String && t.ElementType() != cty.DynamicPseudoType,
		!t.IsSetType() && !t.IsMapType() && !t.IsObjectType():
		return diag.Error(at, "Invalid for_each", "for_each takes a set of strings or a map, and this is %s. Write toset([\"a\", \"b\"]) or "+
			"{ a = …, b = … }.", t.FriendlyName())
	}
	return nil
}

// followed finds the block whose instances a for_each follows: for_each = source.postgres.shop.
func (l *loader) followed(h *header, e hclsyntax.Expression) (*header, bool) {
	t, ok := e.(*hclsyntax.ScopeTraversalExpr)
	if !ok {
		return nil, false
	}
	switch addr.Kind(t.Traversal.RootName()) {
	case addr.Source, addr.Table, addr.Connection:
	default:
		return nil, false
	}
	a, rest, err := addr.FromTraversal(t.Traversal)
	if err != nil || len(rest) > 0 || a.Key != "" {
		l.report(diag.Error(e.Range(), "Invalid for_each", "To follow a block's instances, write its address alone, as in for_each = source.csv.shop."))
		h.open = true
		return nil, true
	}
	target := l.index[a]
	switch {
	case target == nil:
		if !l.project.mayDeclare(a.Name) {
			l.report(l.unknownBlock(a, e.Range()))
		}
		h.open = true
	case target.block.Body.Attributes["for_each"] == nil:
		l.report(diag.Error(e.Range(), "Invalid for_each", "%s has no for_each, so there are no instances to follow.", a))
		h.open = true
		return nil, true
	}
	return target, true
}

func (l *loader) follow(h, target *header) {
	l.expand(target)
	if target.open {
		h.open = true
	}
	for _, i := range target.instances {
		if !i.ghost {
			h.instances = append(h.instances, l.instance(h, i.key, i.value))
		}
	}
}
