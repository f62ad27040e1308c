package expr

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

func (p parser) call(e *hclsyntax.FunctionCallExpr) (Node, hcl.Diagnostics) {
	if diags := callHints(e); diags.HasErrors() {
		return nil, diags
	}
	if e.Name == "cast" || e.Name == "try_cast" {
		return p.cast(e)
	}
	own, isOwn := p.env.Functions[e.Name]
	_, isBuiltin := Lookup(e.Name)
	switch {
	case isOwn && isBuiltin:
		return nil, problem(e.NameRange, "Function name is taken", fmt.Sprintf(
			"%q is a function of the engine, so the project's own function can't have this name. Rename the function block.", e.Name))
	case isOwn:
		return p.inline(e, own)
	case !isBuiltin:
		return nil, p.unknownFunction(e.Name, e.NameRange)
	}
	args, diags := p.exprs(e.Args)
	return &Call{Name: e.Name, Args: args, Src: e.Range(), Op: e.NameRange}, diags
}

func (p parser) exprs(es []hclsyntax.Expression) ([]Node, hcl.Diagnostics) { return p.all(es...) }

func (p parser) cast(e *hclsyntax.FunctionCallExpr) (Node, hcl.Diagnostics) {
	if len(e.Args) != 2 {
		return nil, problem(e.Range(), "Wrong number of arguments",
			fmt.Sprintf("%s takes an expression and a type, such as %s(amount, decimal(12, 2)).", e.Name, e.Name))
	}
	arg, diags := p.parse(e.Args[0])
	ty, more := ParseType(e.Args[1])
	if more.HasErrors() {
		ty = coltype.Of(Invalid)
	}
	diags = append(diags, more...)
	return &Cast{Arg: arg, Type: ty, Try: e.Name == "try_cast", Src: e.Range()}, diags
}

// inline replaces the call of a project's function by its result, with the arguments in place of the parameters.
func (p parser) inline(e *hclsyntax.FunctionCallExpr, f *Function) (Node, hcl.Diagnostics) {
	if slices.Contains(p.stack, f.Name) {
		return nil, problem(e.NameRange, "Recursive function", fmt.Sprintf(
			"The function %q calls itself (%s). Functions are inlined where they are called, so they can't be recursive.",
			f.Name, strings.Join(append(slices.Clone(p.stack), f.Name), " → ")))
	}
	if f.Result == nil {
		_, diags := p.exprs(e.Args)
		return nil, append(diags, diag.Told(e.Range()))
	}
	if len(e.Args) != len(f.Params) {
		return nil, problem(e.Range(), "Wrong number of arguments", fmt.Sprintf(
			"The function %q takes %s, but %d are given.", f.Name, count(len(f.Params), "argument"), len(e.Args)))
	}
	args, diags := p.exprs(e.Args)
	inner := parser{env: p.env, inside: f, params: map[string]Node{}, budget: p.budget}
	inner.stack = append(slices.Clone(p.stack), f.Name)
	for i, name := range f.Params {
		inner.params[name] = args[i]
	}
	n, more := inner.parse(f.Result)
	return n, append(diags, more...)
}

func (p parser) unknownFunction(name string, rng hcl.Range) hcl.Diagnostics {
	if p.env.May != nil && p.env.May(name) {
		return hcl.Diagnostics{diag.Told(rng)}
	}
	if instead, ok := foreign(name); ok {
		return problem(rng, "Unknown function", fmt.Sprintf("There is no function %q for column expressions. %s", name, instead))
	}
	names := append(Names(), slices.Sorted(maps.Keys(p.env.Functions))...)
	suggestion := diag.Suggest(name, names)
	if suggestion == "" {
		suggestion = " The reference lists all functions of column expressions; those of configuration, such as file or lookup, are others."
	}
	return problem(rng, "Unknown function", fmt.Sprintf("There is no function %q for column expressions.%s", name, suggestion))
}
