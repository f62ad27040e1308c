package decode

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/eval"
	"github.com/automic-etl/etl/plugins/schema"
)

func dynamicSpec() schema.Block {
	return schema.Block{
		Attributes: []schema.Attribute{
			{Name: "for_each", Required: true, Doc: "The list, set or map to make a block for each element of."},
			{Name: "iterator", Doc: "What to call the element; the block's type by default."},
			{Name: "labels", Doc: "The labels of each block: [each.key]."},
		},
		Blocks: []schema.NestedBlock{{Name: "content", Min: 1, Max: 1, Block: schema.Block{}}},
	}
}

// generator is a `dynamic` block: content, once for each element.
type generator struct {
	block    *hclsyntax.Block
	content  *hclsyntax.Block
	iterator string
	labels   hclsyntax.Expression
}

// generated stands for the blocks that a `dynamic` block would have made.
func generated(block *hclsyntax.Block) *hclsyntax.Block {
	made := *block
	if made.Type = ""; len(block.Labels) > 0 {
		made.Type = block.Labels[0]
	}
	return &made
}

// dynamic expands a `dynamic` block in place, and says whether which blocks it makes is known.
func (b *Body) dynamic(block *hclsyntax.Block, owner string, ctx *hcl.EvalContext) (bool, hcl.Diagnostics) {
	if len(block.Labels) != 1 {
		return false, hcl.Diagnostics{diag.Error(block.DefRange(), "Missing label",
			"A dynamic block has one label, the type of the blocks that it makes: dynamic \"expect\" { … }.")}
	}
	if _, ok := b.Spec.Nested(block.Labels[0]); !ok {
		return false, hcl.Diagnostics{diag.Error(block.LabelRanges[0], "Unsupported block type", "The block %q has no block %q.%s",
			owner, block.Labels[0], offered(block.Labels[0], b.Spec))}
	}
	body, diags := Open(block, dynamicSpec(), nil)
	if diags.HasErrors() || body.Lost {
		return false, diags
	}
	g := generator{block: block, content: body.Of("content")[0].Block, iterator: block.Labels[0]}
	made, more := b.generate(g, body, owner, ctx)
	return made, append(diags, more...)
}

func (b *Body) generate(g generator, body *Body, owner string, ctx *hcl.EvalContext) (bool, hcl.Diagnostics) {
	if attr := body.Attributes["iterator"]; attr != nil {
		if g.iterator = hcl.ExprAsKeyword(attr.Expr); g.iterator == "" {
			return false, hcl.Diagnostics{diag.Error(attr.Expr.Range(), "Invalid iterator",
				"The iterator of a dynamic block is a bare name: iterator = item.")}
		}
	}
	if attr := body.Attributes["labels"]; attr != nil {
		g.labels = attr.Expr
	}
	each, diags := elements(body.Attributes["for_each"].Expr, ctx)
	if diags.HasErrors() || !each.IsKnown() {
		return false, diags
	}
	g.rewrite()
	made := true
	for it := each.ElementIterator(); it.Next(); {
		key, value := it.Element()
		block, child, more := g.make(key, value, ctx)
		diags = append(diags, more...)
		if made = made && !more.HasErrors(); !more.HasErrors() {
			diags = append(diags, b.block(block, owner, child)...)
		}
	}
	return made, diags
}

func elements(e hcl.Expression, ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	v, diags := e.Value(ctx)
	switch {
	case diags.HasErrors():
	case eval.IsSensitive(v):
		diags = append(diags, diag.Error(e.Range(), "Sensitive value", "What blocks there are is shown in plans, so for_each can't "+
			"depend on a sensitive value."))
	case !v.IsKnown(): // validate, where a variable has no value
	case v.IsNull() || !v.CanIterateElements():
		diags = append(diags, diag.Error(e.Range(), "Invalid for_each",
			"for_each takes a list, a set or a map, and this is %s.", v.Type().FriendlyName()))
	}
	return v, diags
}

// hidden is the name under which the element is kept among the locals.
func (g generator) hidden() string { return "dynamic " + g.iterator }

// rewrite makes references to the element, such as expect.value, references to a hidden local: column expressions take
// any other root for a column.
func (g generator) rewrite() {
	for _, traversal := range traversals(g.content.Body, g.labels) {
		root, ok := traversal.Traversal[0].(hcl.TraverseRoot)
		if !ok || root.Name != g.iterator {
			continue
		}
		rewritten := hcl.Traversal{
			hcl.TraverseRoot{Name: "local", SrcRange: root.SrcRange},
			hcl.TraverseAttr{Name: g.hidden(), SrcRange: root.SrcRange},
		}
		traversal.Traversal = append(rewritten, traversal.Traversal[1:]...)
	}
}

func traversals(body *hclsyntax.Body, labels hclsyntax.Expression) []*hclsyntax.ScopeTraversalExpr {
	var found []*hclsyntax.ScopeTraversalExpr
	visit := func(n hclsyntax.Node) hcl.Diagnostics {
		if t, ok := n.(*hclsyntax.ScopeTraversalExpr); ok && !t.Traversal.IsRelative() {
			found = append(found, t)
		}
		return nil
	}
	// The visitor reports nothing, so neither does VisitAll.
	_ = hclsyntax.VisitAll(body, visit)
	if labels != nil {
		_ = hclsyntax.VisitAll(labels, visit)
	}
	return found
}

func (g generator) make(key, value cty.Value, ctx *hcl.EvalContext) (*hclsyntax.Block, *hcl.EvalContext, hcl.Diagnostics) {
	locals := map[string]cty.Value{g.hidden(): cty.ObjectVal(map[string]cty.Value{"key": key, "value": value})}
	for name, local := range variable(ctx, "local") {
		if name != g.hidden() {
			locals[name] = local
		}
	}
	child := ctx.NewChild()
	child.Variables = map[string]cty.Value{"local": cty.ObjectVal(locals)}
	made := *g.content
	made.Type, made.TypeRange = g.block.Labels[0], g.block.LabelRanges[0]
	if g.labels == nil {
		return &made, child, nil
	}
	v, diags := g.labels.Value(child)
	if diags.HasErrors() {
		return nil, nil, diags
	}
	list, err := convert.Convert(v, cty.List(cty.String))
	if err != nil || list.IsNull() || !list.IsWhollyKnown() || eval.IsSensitive(list) {
		return nil, nil, append(diags, diag.Error(g.labels.Range(), "Invalid labels",
			"The labels of a dynamic block are a list of strings that are known and not sensitive."))
	}
	for _, label := range list.AsValueSlice() {
		if label.IsNull() {
			return nil, nil, append(diags, diag.Error(g.labels.Range(), "Invalid labels", "A label of a dynamic block must not be null."))
		}
		made.Labels = append(made.Labels, label.AsString())
		made.LabelRanges = append(made.LabelRanges, g.labels.Range())
	}
	return &made, child, diags
}

// variable is the value of a name in the nearest context that has it, as a map.
func variable(ctx *hcl.EvalContext, name string) map[string]cty.Value {
	for ; ctx != nil; ctx = ctx.Parent() {
		if v, ok := ctx.Variables[name]; ok && v.Type().IsObjectType() && v.IsKnown() {
			return v.AsValueMap()
		}
	}
	return nil
}
