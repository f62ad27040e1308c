package expr

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Env is what the names of a column expression can mean besides columns.
type Env struct {
	// Eval holds var, local, each and path.
	Eval *hcl.EvalContext
	// Functions are the project's own, by name.
	Functions map[string]*Function
	// May says whether the project may have a function that could not be read, so that its name isn't unknown. Nil: none.
	May func(name string) bool
	// Files are the sources of the expressions; where one is given, what HCL took for a comment is found in it.
	Files map[string]*hcl.File
}

// Function is a `function` block: a column expression with parameters, inlined where it is called.
type Function struct {
	Name   string
	Params []string
	// Result is nil where it could not be read.
	Result hcl.Expression
	Range  hcl.Range
}

// Parse turns HCL's tree into ours: variables and locals become literals, the project's functions are inlined, and
// every name that is left is a column. All mistakes are reported; a part that has one is a Hole.
func Parse(e hcl.Expression, env Env) (Node, hcl.Diagnostics) {
	hole := &Hole{Src: e.Range()}
	if diags := commentHint(e, env); diags.HasErrors() {
		return hole, diags
	}
	n, diags := newParser(env).parse(e)
	if budget := MaxNodes; !fits(n, 0, &budget) {
		return hole, append(diags, tooLarge(e.Range())...)
	}
	return n, diags
}

// syntax is the native syntax tree behind an expression; wrappers such as those of dynamic blocks are taken off.
func syntax(e hcl.Expression) hclsyntax.Expression {
	found := hcl.UnwrapExpressionUntil(e, func(e hcl.Expression) bool {
		_, ok := e.(hclsyntax.Expression)
		return ok
	})
	native, _ := found.(hclsyntax.Expression)
	return unparen(native)
}

func unparen(e hclsyntax.Expression) hclsyntax.Expression {
	for {
		p, ok := e.(*hclsyntax.ParenthesesExpr)
		if !ok {
			return e
		}
		e = p.Expression
	}
}

func problem(rng hcl.Range, summary, detail string) hcl.Diagnostics {
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &rng}}
}
