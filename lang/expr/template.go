package expr

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	ctyconvert "github.com/zclconf/go-cty/cty/convert"
)

// template makes one literal of what is known and concat(…) of what isn't, so that "a-${var.x}" and "a-b" are the
// same where var.x is "b".
func (p parser) template(e *hclsyntax.TemplateExpr) (Node, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	var parts []Node
	for _, part := range e.Parts {
		n, more := p.templatePart(part)
		diags = append(diags, more...)
		parts = appendPart(parts, n)
	}
	switch len(parts) {
	case 0:
		return &Literal{Value: cty.StringVal(""), Src: e.SrcRange}, diags
	case 1:
		if lit, ok := parts[0].(*Literal); ok && !lit.Value.IsNull() && lit.Value.Type() == cty.String {
			return &Literal{Value: lit.Value, Src: e.SrcRange}, diags
		}
	}
	return &Call{Name: "concat", Args: parts, Src: e.SrcRange, Op: e.SrcRange}, diags
}

func (p parser) templatePart(e hclsyntax.Expression) (Node, hcl.Diagnostics) {
	if join, ok := e.(*hclsyntax.TemplateJoinExpr); ok {
		return &Hole{Src: join.Range()}, problem(join.Range(), "Template loop in a column expression",
			"A column expression is compiled to SQL, where %{ for } has no meaning. To join the elements of a list, write join(list, \", \").")
	}
	return p.parse(e)
}

// appendPart glues neighbouring constants together.
func appendPart(parts []Node, n Node) []Node {
	text, ok := constantText(n)
	if !ok {
		return append(parts, n)
	}
	if text == "" {
		return parts
	}
	if len(parts) > 0 {
		if before, ok := constantText(parts[len(parts)-1]); ok {
			joined := &Literal{Value: cty.StringVal(before + text), Src: hcl.RangeBetween(parts[len(parts)-1].Range(), n.Range())}
			return append(parts[:len(parts)-1:len(parts)-1], joined)
		}
	}
	return append(parts, &Literal{Value: cty.StringVal(text), Src: n.Range()})
}

func constantText(n Node) (string, bool) {
	lit, ok := n.(*Literal)
	if !ok || lit.Value.IsNull() {
		return "", false
	}
	v, err := ctyconvert.Convert(lit.Value, cty.String)
	if err != nil {
		return "", false
	}
	return v.AsString(), true
}

// literalString is the text of a template without any interpolation.
func literalString(e hcl.Expression) (string, bool) {
	t, ok := syntax(e).(*hclsyntax.TemplateExpr)
	if !ok || !t.IsStringLiteral() && len(t.Parts) != 0 {
		return "", false
	}
	v, diags := t.Value(nil)
	if diags.HasErrors() || v.Type() != cty.String {
		return "", false
	}
	return v.AsString(), true
}
