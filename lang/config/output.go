package config

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/decode"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/eval"
)

// output reads an `output` block. A table's address, alone, is the table's name in SQL.
func (l *loader) output(h *header) {
	body, diags := decode.Open(h.block, h.spec, nil)
	l.report(diags...)
	attr := body.Attributes["value"]
	if attr == nil {
		return
	}
	o := Output{Addr: h.addr, Sensitive: l.truth(body, "sensitive", l.eval)}
	o.Doc, _, _ = l.text(body, "description", l.eval)
	v, ok := l.outputValue(attr.Expr)
	if !ok {
		return
	}
	if eval.IsSensitive(v) && !o.Sensitive {
		l.report(diag.Error(attr.Expr.Range(), "Sensitive value", "The value is sensitive, so the output must say so: add sensitive = true. It is then "+
			"listed without its value."))
		return
	}
	if o.Value = v; !h.second {
		l.project.Outputs = append(l.project.Outputs, o)
	}
}

func (l *loader) outputValue(e hclsyntax.Expression) (cty.Value, bool) {
	if isTable(e) {
		a, ok := l.address(e, l.eval, addr.Table)
		return cty.StringVal(a.Ident().String()), ok
	}
	v, diags := e.Value(l.eval)
	l.evaluated(diags)
	return v, !diags.HasErrors()
}

// isTable says whether an expression is the address of a table, computed key or not.
func isTable(e hcl.Expression) bool {
	if i, ok := e.(*hclsyntax.IndexExpr); ok {
		e = i.Collection
	}
	t, ok := e.(*hclsyntax.ScopeTraversalExpr)
	return ok && t.Traversal.RootName() == string(addr.Table)
}
