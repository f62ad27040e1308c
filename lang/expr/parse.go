package expr

import (
	"fmt"
	"maps"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// parser carries what names mean while a tree is walked.
type parser struct {
	env Env
	// params are the arguments of the project's function that is being inlined, nil outside of one.
	params map[string]Node
	inside *Function
	stack  []string // functions being inlined, outermost first
	// locals are the variables of enclosing `for` expressions, numbered.
	locals map[string]int
	// budget bounds the work of inlining, which can double with every function.
	budget *int
}

func newParser(env Env) parser {
	budget := MaxNodes
	return parser{env: env, budget: &budget}
}

// MaxDepth and MaxNodes bound an expression: larger ones come from programs and overflow the parsers of engines.
const (
	MaxDepth = 200
	MaxNodes = 50_000
)

// parse gives a hole for what has a mistake as a whole.
func (p parser) parse(e hcl.Expression) (Node, hcl.Diagnostics) {
	n, diags := p.read(e)
	if n == nil {
		n = &Hole{Src: e.Range()}
	}
	return n, diags
}

func (p parser) read(e hcl.Expression) (Node, hcl.Diagnostics) {
	if *p.budget--; *p.budget < 0 {
		return nil, tooLarge(e.Range())
	}
	switch e := syntax(e).(type) {
	case *hclsyntax.LiteralValueExpr:
		return fromValue(e.Val, e.SrcRange)
	case *hclsyntax.TemplateExpr:
		return p.template(e)
	case *hclsyntax.TemplateWrapExpr:
		return p.parse(e.Wrapped)
	case *hclsyntax.ScopeTraversalExpr:
		return p.traversal(e)
	case *hclsyntax.RelativeTraversalExpr:
		return p.relative(e)
	case *hclsyntax.IndexExpr:
		return p.index(e)
	case *hclsyntax.FunctionCallExpr:
		return p.call(e)
	default:
		return p.composite(e)
	}
}

func (p parser) composite(e hclsyntax.Expression) (Node, hcl.Diagnostics) {
	switch e := e.(type) {
	case *hclsyntax.BinaryOpExpr:
		return p.binary(e)
	case *hclsyntax.UnaryOpExpr:
		return p.unary(e)
	case *hclsyntax.ConditionalExpr:
		args, diags := p.all(e.Condition, e.TrueResult, e.FalseResult)
		return &Call{Name: "?:", Args: args, Src: e.SrcRange, Op: e.SrcRange}, diags
	case *hclsyntax.TupleConsExpr:
		args, diags := p.all(e.Exprs...)
		return &Call{Name: "[...]", Args: args, Src: e.SrcRange, Op: e.OpenRange}, diags
	case *hclsyntax.ObjectConsExpr:
		return p.object(e)
	case *hclsyntax.ForExpr:
		return p.comprehension(e)
	case *hclsyntax.SplatExpr:
		return nil, problem(e.SrcRange, "Splat in a column expression",
			"The * of a splat has no meaning over columns. To compute with each element of a list, write [for x in list : x.field]; to count rows, write count().")
	case *hclsyntax.ExprSyntaxError:
		return nil, e.ParseDiags
	case nil:
		return nil, problem(hcl.Range{}, "Invalid column expression", "This expression can't be read as a column expression.")
	default:
		return nil, problem(e.Range(), "Invalid column expression",
			"This kind of expression has no meaning over columns. Columns are combined with operators, cond ? a : b, templates and functions.")
	}
}

func (p parser) all(es ...hclsyntax.Expression) ([]Node, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	nodes := make([]Node, len(es))
	for i, e := range es {
		n, more := p.parse(e)
		nodes[i], diags = n, append(diags, more...)
	}
	return nodes, diags
}

// operator is HCL's operation in the spelling it is written with.
func operator(op *hclsyntax.Operation) string {
	names := map[*hclsyntax.Operation]string{
		hclsyntax.OpLogicalOr: "||", hclsyntax.OpLogicalAnd: "&&", hclsyntax.OpLogicalNot: "!",
		hclsyntax.OpEqual: "==", hclsyntax.OpNotEqual: "!=", hclsyntax.OpGreaterThan: ">",
		hclsyntax.OpGreaterThanOrEqual: ">=", hclsyntax.OpLessThan: "<", hclsyntax.OpLessThanOrEqual: "<=",
		hclsyntax.OpAdd: "+", hclsyntax.OpSubtract: "-", hclsyntax.OpMultiply: "*", hclsyntax.OpDivide: "/",
		hclsyntax.OpModulo: "%", hclsyntax.OpNegate: "-",
	}
	return names[op]
}

func (p parser) binary(e *hclsyntax.BinaryOpExpr) (Node, hcl.Diagnostics) {
	args, diags := p.all(e.LHS, e.RHS)
	between := hcl.RangeBetween(e.LHS.Range(), e.RHS.Range())
	between.Start, between.End = e.LHS.Range().End, e.RHS.Range().Start
	return &Call{Name: operator(e.Op), Args: args, Src: e.SrcRange, Op: between}, diags
}

// unary folds a minus into a number, so that -5 is one literal however it came about.
func (p parser) unary(e *hclsyntax.UnaryOpExpr) (Node, hcl.Diagnostics) {
	arg, diags := p.parse(e.Val)
	name := operator(e.Op)
	if lit, ok := arg.(*Literal); ok && name == "-" && !lit.Value.IsNull() && lit.Value.Type() == cty.Number {
		return &Literal{Value: lit.Value.Negate(), Src: e.SrcRange}, diags
	}
	return &Call{Name: name, Args: []Node{arg}, Src: e.SrcRange, Op: e.SymbolRange}, diags
}

func (p parser) object(e *hclsyntax.ObjectConsExpr) (Node, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	out := &Call{Name: "{...}", Src: e.SrcRange, Op: e.OpenRange}
	seen := map[string]bool{}
	for _, item := range e.Items {
		name, more := keyName(item.KeyExpr)
		diags = append(diags, more...)
		if seen[name] {
			diags = append(diags, problem(item.KeyExpr.Range(), "Duplicate field",
				fmt.Sprintf("The field %q is set twice in this object. Remove one of the two.", name))...)
		}
		seen[name] = true
		value, more := p.parse(item.ValueExpr)
		diags = append(diags, more...)
		out.Args = append(out.Args, &Literal{Value: cty.StringVal(name), Src: item.KeyExpr.Range()}, value)
	}
	return out, diags
}

// comprehension is [for x in list : result if condition].
func (p parser) comprehension(e *hclsyntax.ForExpr) (Node, hcl.Diagnostics) {
	if e.KeyVar != "" || e.KeyExpr != nil || e.Group {
		return nil, problem(e.SrcRange, "Unsupported for expression",
			"Over columns, for makes a list from a list: [for x in list : expression] or [for x in list : expression if condition].")
	}
	if reserved(e.ValVar) || !bare(e.ValVar) {
		return nil, problem(e.SrcRange, "Invalid variable name", fmt.Sprintf(
			"%q can't name the elements of a for expression. Choose another name, such as x.", e.ValVar))
	}
	list, diags := p.parse(e.CollExpr)
	inner, id := p.withLocal(e.ValVar)
	result, more := inner.parse(e.ValExpr)
	diags = append(diags, more...)
	args := []Node{&Literal{Value: cty.StringVal(e.ValVar), Src: e.OpenRange}, list, result}
	if e.CondExpr != nil {
		cond, more := inner.parse(e.CondExpr)
		diags = append(diags, more...)
		args = append(args, cond)
	}
	diags = append(diags, captured(args[2:], e.ValVar, id)...)
	return &Call{Name: "for", Args: args, Src: e.SrcRange, Op: e.OpenRange}, diags
}

// withLocal adds the variable of a for expression; its number tells it from others of the same name.
func (p parser) withLocal(name string) (parser, int) {
	id := MaxNodes - *p.budget
	locals := maps.Clone(p.locals)
	if locals == nil {
		locals = map[string]int{}
	}
	locals[name] = id
	p.locals = locals
	return p, id
}

// captured refuses columns and outer variables that share the name of a for's variable: printed, they would be it.
func captured(nodes []Node, name string, id int) hcl.Diagnostics {
	for _, n := range nodes {
		for _, col := range Columns(n) {
			if col.Path[0] == name && col.local != id {
				return problem(col.Src, "Name with two meanings", fmt.Sprintf(
					"%q names both the elements of this for expression and something outside of it. Give the variable of the for another name.", name))
			}
		}
	}
	return nil
}

func tooLarge(rng hcl.Range) hcl.Diagnostics {
	return problem(rng, "Expression too large", fmt.Sprintf(
		"With its functions inlined this expression has more than %d parts, or nests deeper than %d levels. Compute it in several derive steps.",
		MaxNodes, MaxDepth))
}

// fits reports whether a tree stays within the bounds; budget shrinks by the nodes seen.
func fits(n Node, depth int, budget *int) bool {
	*budget--
	if n == nil || depth > MaxDepth || *budget < 0 {
		return false
	}
	for _, child := range Children(n) {
		if !fits(child, depth+1, budget) {
			return false
		}
	}
	return true
}

// Children are the nodes directly below.
func Children(n Node) []Node {
	switch n := n.(type) {
	case *Call:
		return n.Args
	case *Cast:
		return []Node{n.Arg}
	}
	return nil
}

// Columns are the column references in a tree, in the order they are written.
func Columns(n Node) []*Column {
	if col, ok := n.(*Column); ok {
		return []*Column{col}
	}
	var out []*Column
	for _, child := range Children(n) {
		out = append(out, Columns(child)...)
	}
	return out
}
