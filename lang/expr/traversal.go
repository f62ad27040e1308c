package expr

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/lang/diag"
)

// configRoots keep their meaning of configuration inside column expressions.
var configRoots = [...]string{"var", "local", "each", "path"}

func isConfigRoot(name string) bool { return slices.Contains(configRoots[:], name) }

func (p parser) traversal(e *hclsyntax.ScopeTraversalExpr) (Node, hcl.Diagnostics) {
	root := e.Traversal.RootName()
	if n, ok := p.params[root]; ok {
		return p.steps(n, e.Traversal[1:], e.SrcRange)
	}
	if id, ok := p.locals[root]; ok {
		return p.steps(&Column{Path: []string{root}, Src: e.Traversal[0].SourceRange(), local: id}, e.Traversal[1:], e.SrcRange)
	}
	if isConfigRoot(root) {
		return p.config(e)
	}
	if p.inside != nil {
		return nil, p.unknownParam(root, e.SrcRange)
	}
	return p.column(e)
}

// config is a reference to configuration: its value, which must be known and not secret.
func (p parser) config(e *hclsyntax.ScopeTraversalExpr) (Node, hcl.Diagnostics) {
	v, diags := e.Value(p.env.Eval)
	if diags.HasErrors() {
		return nil, diags
	}
	return fromValue(v, e.SrcRange)
}

func (p parser) unknownParam(name string, rng hcl.Range) hcl.Diagnostics {
	return problem(rng, "Unknown parameter", fmt.Sprintf(
		"The result of a function can name its parameters only, and %q has none called %q. Its parameters are: %s.%s",
		p.inside.Name, name, listing(p.inside.Params), diag.Suggest(name, p.inside.Params)))
}

func (p parser) column(e *hclsyntax.ScopeTraversalExpr) (Node, hcl.Diagnostics) {
	t := e.Traversal
	if diags := nameHints(t); diags.HasErrors() {
		return nil, diags
	}
	start := t[0].SourceRange()
	if t.RootName() != "col" {
		return p.steps(&Column{Path: []string{t.RootName()}, Src: start}, t[1:], e.SrcRange)
	}
	if len(t) > 1 {
		if name, ok := stepName(t[1]); ok {
			first := hcl.RangeBetween(start, t[1].SourceRange())
			return p.steps(&Column{Path: []string{name}, Src: first}, t[2:], e.SrcRange)
		}
	}
	return nil, problem(e.SrcRange, "Column name expected",
		"col names a column: col.NAME, or col[\"odd name\"]. A column that is itself called col is col.col.")
}

// steps applies .name and [key] to a node, extending a column's path as long as the steps are names.
func (p parser) steps(n Node, steps hcl.Traversal, rng hcl.Range) (Node, hcl.Diagnostics) {
	for _, step := range steps {
		src := hcl.RangeBetween(n.Range(), step.SourceRange())
		if name, ok := stepName(step); ok {
			n = field(n, name, step.SourceRange(), src)
			continue
		}
		index, ok := step.(hcl.TraverseIndex)
		if !ok {
			return nil, problem(rng, "Invalid column expression", "This path can't be followed into a column.")
		}
		key, diags := fromValue(index.Key, index.SrcRange)
		if diags.HasErrors() {
			return nil, diags
		}
		n = &Call{Name: "[]", Args: []Node{n, key}, Src: src, Op: index.SrcRange}
	}
	return n, nil
}

func field(n Node, name string, at, src hcl.Range) Node {
	if col, ok := n.(*Column); ok {
		return &Column{Path: append(slices.Clone(col.Path), name), Src: src, local: col.local}
	}
	key := &Literal{Value: cty.StringVal(name), Src: at}
	return &Call{Name: ".", Args: []Node{n, key}, Src: src, Op: at}
}

func stepName(step hcl.Traverser) (string, bool) {
	switch s := step.(type) {
	case hcl.TraverseAttr:
		return s.Name, true
	case hcl.TraverseIndex:
		if s.Key.Type() == cty.String && !s.Key.IsNull() {
			return s.Key.AsString(), true
		}
	}
	return "", false
}

func (p parser) relative(e *hclsyntax.RelativeTraversalExpr) (Node, hcl.Diagnostics) {
	n, diags := p.parse(e.Source)
	if diags.HasErrors() {
		return nil, diags
	}
	if diags := nameHints(e.Traversal); diags.HasErrors() {
		return nil, diags
	}
	return p.steps(n, e.Traversal, e.SrcRange)
}

func (p parser) index(e *hclsyntax.IndexExpr) (Node, hcl.Diagnostics) {
	args, diags := p.all(e.Collection, e.Key)
	if key, ok := args[1].(*Literal); ok && !key.Value.IsNull() && key.Value.Type() == cty.String {
		return field(args[0], key.Value.AsString(), key.Src, e.SrcRange), diags
	}
	return &Call{Name: "[]", Args: args, Src: e.SrcRange, Op: e.BracketRange}, diags
}

// nameHints refuse a-b, which HCL reads as one name.
func nameHints(t hcl.Traversal) hcl.Diagnostics {
	for _, step := range t {
		name, rng := attrName(step)
		if a, b, dash := strings.Cut(name, "-"); dash {
			return problem(rng, "Minus without spaces", fmt.Sprintf(
				"HCL reads %q as one name. To subtract, put spaces around the minus: %s - %s. A column of that name is written col[%q].",
				name, a, b, name))
		}
	}
	return nil
}

func attrName(step hcl.Traverser) (string, hcl.Range) {
	switch s := step.(type) {
	case hcl.TraverseRoot:
		return s.Name, s.SrcRange
	case hcl.TraverseAttr:
		return s.Name, s.SrcRange
	}
	return "", hcl.Range{}
}
