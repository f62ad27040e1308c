package config

import (
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/decode"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/syntax"
)

// progress of something that is worked out on demand: what is met again while it is being worked on is a cycle.
type progress uint8

const (
	waiting progress = iota
	working
	done
)

// local is one attribute of a `locals` block.
type local struct {
	attr  *hclsyntax.Attribute
	value cty.Value
	state progress
}

func (l *loader) collectLocals(h *header) {
	for _, block := range h.block.Body.Blocks {
		l.report(diag.Error(block.DefRange(), "Block among locals",
			"locals holds only lines of the form name = value. A value with parts is written name = { … }."))
	}
	for _, attr := range decode.Ordered(h.block.Body) {
		if first := l.locals[attr.Name]; first != nil {
			l.report(diag.Error(attr.NameRange, "Duplicate local",
				"The local %q is already defined at %s line %d. Give one of them another name, or remove it.",
				attr.Name, first.attr.NameRange.Filename, first.attr.NameRange.Start.Line))
			continue
		}
		l.locals[attr.Name] = &local{attr: attr, value: cty.DynamicVal}
	}
	l.moreLocals = l.moreLocals || syntax.Lost(h.block.Body)
}

// evaluateLocals works out all locals, each after those that it refers to.
func (l *loader) evaluateLocals() {
	names := make([]string, 0, len(l.locals))
	for name := range l.locals {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		l.evaluateLocal(name, nil)
	}
	values := make(map[string]cty.Value, len(names))
	for _, name := range names {
		values[name] = l.locals[name].value
		l.secret(values[name])
	}
	l.eval.Variables["local"] = l.withMissing(values, addr.Local)
}

func (l *loader) evaluateLocal(name string, path []string) cty.Value {
	entry := l.locals[name]
	if entry == nil {
		return cty.DynamicVal // undeclared; reported by the check of names
	}
	path = append(path, name)
	switch entry.state {
	case done:
		return entry.value
	case working:
		l.localCycle(name, path)
		return cty.DynamicVal
	}
	entry.state = working
	needed := map[string]cty.Value{}
	for _, t := range entry.attr.Expr.Variables() {
		if dependency, ok := second(t, "local"); ok {
			needed[dependency] = l.evaluateLocal(dependency, path)
		}
	}
	ctx := l.eval.NewChild()
	ctx.Variables = map[string]cty.Value{"local": cty.ObjectVal(needed)}
	v, diags := entry.attr.Expr.Value(ctx)
	l.evaluated(diags)
	if !diags.HasErrors() {
		entry.value = v
	}
	entry.state = done
	return entry.value
}

func (l *loader) localCycle(name string, path []string) {
	start := 0
	for path[start] != name {
		start++
	}
	at := l.locals[name].attr.NameRange
	l.report(diag.Error(at, "Cycle among locals",
		"These locals refer to each other in a circle, so none of them has a value: %s. Break the circle by writing one of "+
			"them without the others.", "local."+strings.Join(path[start:], " → local.")))
}

// second is the name after the root of a traversal: x of local.x.
func second(t hcl.Traversal, root string) (string, bool) {
	if t.IsRelative() || t.RootName() != root || len(t) < 2 {
		return "", false
	}
	attr, ok := t[1].(hcl.TraverseAttr)
	return attr.Name, ok
}
