package config

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/automic-etl/etl/lang/decode"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/expr"
)

// layers reads the `layer` blocks. They declare names; nothing of them concerns rows yet.
func (l *loader) layers() {
	for _, h := range l.headers {
		if h.kind != "layer" {
			continue
		}
		body, diags := decode.Open(h.block, h.spec, nil)
		l.report(diags...)
		l.text(body, "doc", l.eval)
		l.noRetention(body)
	}
}

// noRetention refuses what this version doesn't do: to leave it out silently would keep rows that should go.
func (l *loader) noRetention(body *decode.Body) {
	for _, name := range []string{"retention", "retention_by", "snapshot_retention"} {
		if attr := body.Attributes[name]; attr != nil {
			l.report(diag.Unsupported(attr.NameRange, "The attribute "+name+" is", "Leave it out; a filter step keeps old rows out of a table."))
		}
	}
}

// userFunctions reads the `function` blocks. Their results are read where they are called, and here once with the
// parameters as columns, so that mistakes are told even if nobody calls them.
func (l *loader) userFunctions() {
	var own []*expr.Function
	for _, h := range l.headers {
		if h.kind != "function" {
			continue
		}
		f := l.function(h)
		own = append(own, f)
		called := *f
		if h.contested {
			called.Result = nil
		}
		if !h.second {
			l.functions[f.Name] = &called
		}
	}
	for _, f := range own {
		if f.Result != nil {
			l.tryFunction(f)
		}
	}
}

func (l *loader) function(h *header) *expr.Function {
	f := &expr.Function{Name: h.addr.Name, Range: h.block.DefRange()}
	body, diags := decode.Open(h.block, h.spec, nil)
	l.report(diags...)
	l.text(body, "doc", l.eval)
	before := len(l.diags)
	if attr := body.Attributes["params"]; attr != nil {
		f.Params = l.params(attr)
	}
	if attr := body.Attributes["result"]; attr != nil && !h.broken && !l.diags[before:].HasErrors() {
		f.Result = attr.Expr
	}
	return f
}

// tryFunction reads the result of a function with its parameters as columns.
func (l *loader) tryFunction(f *expr.Function) {
	call := &hclsyntax.FunctionCallExpr{Name: f.Name, NameRange: f.Range, OpenParenRange: f.Range, CloseParenRange: f.Range}
	for _, name := range f.Params {
		call.Args = append(call.Args, &hclsyntax.ScopeTraversalExpr{
			Traversal: hcl.Traversal{hcl.TraverseRoot{Name: name, SrcRange: f.Range}}, SrcRange: f.Range,
		})
	}
	env := l.env(l.eval)
	env.Functions = maps.Clone(l.functions)
	env.Functions[f.Name] = f
	_, diags := expr.Parse(call, env)
	l.reportKnown(diags)
}

func (l *loader) params(attr *hclsyntax.Attribute) []string {
	list, diags := hcl.ExprList(attr.Expr)
	if diags.HasErrors() {
		l.report(diag.Error(attr.Expr.Range(), "Invalid parameters", "The parameters of a function are a list of bare names: params = [x, y]."))
		return nil
	}
	var names []string
	for _, e := range list {
		name := hcl.ExprAsKeyword(e)
		switch {
		case name == "" || reservedRoot(name):
			l.report(diag.Error(e.Range(), "Invalid parameters", "A parameter is a bare name other than var, local, each, path and col."))
		case slices.Contains(names, name):
			l.report(diag.Error(e.Range(), "Invalid parameters", "The parameter %q stands twice in the list. Remove one.", name))
		default:
			names = append(names, name)
		}
	}
	return names
}
