package config

import (
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
		if h.kind != "layer" || h.broken {
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
	for _, h := range l.headers {
		if h.kind != "function" || h.broken {
			continue
		}
		body, diags := decode.Open(h.block, h.spec, nil)
		l.report(diags...)
		l.text(body, "doc", l.eval)
		f := &expr.Function{Name: h.addr.Name, Range: h.block.DefRange()}
		if attr := body.Attributes["params"]; attr != nil {
			f.Params = l.params(attr)
		}
		if attr := body.Attributes["result"]; attr != nil {
			f.Result = attr.Expr
			l.functions[f.Name] = f
		}
	}
	for _, h := range l.headers {
		if f := l.functions[h.addr.Name]; f != nil && h.kind == "function" && !h.broken {
			l.tryFunction(f)
		}
	}
}

// tryFunction reads the result of a function with its parameters as columns.
func (l *loader) tryFunction(f *expr.Function) {
	call := &hclsyntax.FunctionCallExpr{Name: f.Name, NameRange: f.Range, OpenParenRange: f.Range, CloseParenRange: f.Range}
	for _, name := range f.Params {
		call.Args = append(call.Args, &hclsyntax.ScopeTraversalExpr{
			Traversal: hcl.Traversal{hcl.TraverseRoot{Name: name, SrcRange: f.Range}}, SrcRange: f.Range,
		})
	}
	_, diags := expr.Parse(call, l.env(l.eval))
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
