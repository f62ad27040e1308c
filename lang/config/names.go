package config

import (
	"sort"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/syntax"
)

// names checks every reference to var, local, each and path in all blocks, before anything is evaluated.
func (l *loader) names() {
	for _, h := range l.headers {
		if h.kind == "variable" {
			continue
		}
		_, iterates := h.block.Body.Attributes["for_each"]
		for _, t := range variables(h.block.Body) {
			switch t.RootName() {
			case "var":
				l.known(t, addr.Variable, "variable", l.variableNames)
			case "local":
				l.known(t, addr.Local, "local", l.localNames)
			case "path":
				l.path(t)
			case "each":
				h.loose = h.loose || !iterates
				l.loose = l.loose || !iterates
				l.each(h, t, iterates)
			}
		}
	}
}

// variables are the references in all attributes of a body and its blocks, in no particular order.
func variables(body *hclsyntax.Body) []hcl.Traversal {
	var found []hcl.Traversal
	for _, attr := range body.Attributes {
		found = append(found, hclsyntax.Variables(attr.Expr)...)
	}
	for _, block := range body.Blocks {
		found = append(found, variables(block.Body)...)
	}
	return found
}

// known refuses a name that isn't declared. Its value will be unknown, so that nothing else is said about it.
func (l *loader) known(t hcl.Traversal, kind addr.Kind, what string, names func() []string) {
	name, ok := second(t, t.RootName())
	if !ok {
		l.report(diag.Error(t.SourceRange(), "Invalid reference",
			"%q is followed by a dot and the name of a %s: %s.NAME.", t.RootName(), what, t.RootName()))
		return
	}
	if kind == addr.Variable && l.index[addr.Address{Kind: kind, Name: name}] != nil || kind == addr.Local && l.locals[name] != nil {
		return
	}
	l.missing = append(l.missing, addr.Address{Kind: kind, Name: name})
	if l.project.mayDeclare(name) || kind == addr.Local && l.moreLocals {
		return
	}
	declare := "Declare it with variable \"" + name + "\" { … }."
	if kind == addr.Local {
		declare = "Define it in a locals block."
	}
	near := ""
	if n := diag.Nearest(name, names()); n != "" {
		near = " Did you mean \"" + t.RootName() + "." + n + "\"?"
	}
	l.report(diag.Error(t.SourceRange(), "Undeclared "+what, "The project has no %s %q.%s %s", what, name, near, declare))
}

func (l *loader) path(t hcl.Traversal) {
	name, _ := second(t, "path")
	if name == "project" && len(t) == 2 {
		return
	}
	l.report(diag.Error(t.SourceRange(), "Invalid reference", "The only path is path.project, the project's folder.%s",
		diag.Suggest(name, []string{"project"})))
	l.missing = append(l.missing, addr.Address{Kind: "path", Name: name})
}

func (l *loader) each(h *header, t hcl.Traversal, iterates bool) {
	if !iterates && syntax.Lost(h.block.Body) {
		return // for_each may be what could not be read
	}
	if !iterates {
		l.report(diag.Error(t.SourceRange(), "No for_each here",
			"each.key and each.value are the element of for_each, and this block has none. Add for_each = toset([…]) to the block, or "+
				"write the value itself."))
		return
	}
	if name, _ := second(t, "each"); name != "key" && name != "value" {
		h.missing = append(h.missing, name)
		l.report(diag.Error(t.SourceRange(), "Invalid reference", "each has key and value: each.key, each.value.%s",
			diag.Suggest(name, []string{"key", "value"})))
	}
}

// withMissing adds unknown values for the names that are referred to without being declared.
func (l *loader) withMissing(values map[string]cty.Value, kind addr.Kind) cty.Value {
	all := make(map[string]cty.Value, len(values))
	for name, v := range values {
		all[name] = v
	}
	for _, a := range l.missing {
		if a.Kind == kind {
			all[a.Name] = cty.DynamicVal
		}
	}
	return cty.ObjectVal(all)
}

func (l *loader) variableNames() []string {
	var names []string
	for _, h := range l.headers {
		if h.kind == "variable" {
			names = append(names, h.addr.Name)
		}
	}
	return names
}

func (l *loader) localNames() []string {
	names := make([]string, 0, len(l.locals))
	for name := range l.locals {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
