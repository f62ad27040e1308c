package input

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/eval"
	"github.com/automic-etl/etl/lang/syntax"
)

// Result is the values of all variables, and the files that were read for them.
type Result struct {
	Values map[string]cty.Value
	Files  []*syntax.File
}

// Values gives each declared variable its value. Where none is given and required is false, it is unknown.
func Values(declared map[string]*Variable, from Sources, functions map[string]function.Function, required bool) (Result, hcl.Diagnostics) {
	c := from.collect(declared)
	result := Result{Values: make(map[string]cty.Value, len(declared)), Files: c.files}
	ctx := &hcl.EvalContext{Functions: functions}
	for _, name := range sortedNames(declared) {
		v := declared[name]
		value, diags := v.value(c.values, ctx, required)
		c.diags = append(c.diags, diags...)
		if diags.HasErrors() {
			value = cty.UnknownVal(v.Type)
		}
		if v.Sensitive && !eval.IsSensitive(value) {
			value = value.Mark(eval.Sensitive)
		}
		result.Values[name] = value
	}
	for _, name := range sortedNames(declared) {
		v := declared[name]
		c.diags = append(c.diags, v.validate(v.origin(c.values), result.Values, functions)...)
	}
	return result, c.diags
}

// origin is where the value stands, or the variable's declaration if it isn't in a file.
func (v *Variable) origin(values map[string]given) hcl.Range {
	g, ok := values[v.Name]
	switch {
	case ok && g.expr != nil:
		return g.expr.Range()
	case !ok && v.Default != nil:
		return v.Default.Range()
	}
	return v.Range
}

func (v *Variable) value(values map[string]given, ctx *hcl.EvalContext, required bool) (cty.Value, hcl.Diagnostics) {
	g, ok := values[v.Name]
	switch {
	case v.Broken:
		return cty.DynamicVal, nil
	case !ok && v.Default != nil:
		g = given{expr: v.Default, origin: "its default"}
	case !ok && required:
		return cty.NilVal, hcl.Diagnostics{diag.Error(v.Range, "Missing value of a variable",
			"The variable %q has no default, and no value is given for it. Give one with -var %s=…, in a file with -var-file "+
				"or named *.auto.etlvars.hcl, or in the environment variable %s%s.", v.Name, v.Name, EnvPrefix, v.Name)}
	case !ok:
		return cty.UnknownVal(v.Type), nil
	}
	return v.convert(g, ctx)
}

func (v *Variable) convert(g given, ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	at := v.Range
	if g.expr != nil {
		at = g.expr.Range()
	}
	e, diags := g.expression(v.Type)
	if diags.HasErrors() {
		return cty.NilVal, hcl.Diagnostics{diag.Error(at, "Invalid value of a variable",
			"The value of the variable %q in %s isn't an expression of the language: a list is written [\"a\", \"b\"], a map "+
				"{ a = 1 }. (%s)", v.Name, g.origin, diags[0].Detail)}
	}
	value, diags := e.Value(ctx)
	if diags.HasErrors() && g.expr == nil { // it stands in no file
		return cty.NilVal, hcl.Diagnostics{diag.Error(at, "Invalid value of a variable",
			"The value of the variable %q in %s can't be computed: %s Texts within it are written in quotes.", v.Name, g.origin, diags[0].Detail)}
	}
	if diags.HasErrors() {
		return cty.NilVal, diags
	}
	if v.optional != nil && !value.IsNull() {
		value = v.optional.Apply(value)
	}
	value, err := convert.Convert(value, v.Type)
	if err != nil {
		return cty.NilVal, hcl.Diagnostics{diag.Error(at, "Invalid value of a variable",
			"The value of the variable %q in %s doesn't fit its type, which is %s: %s.", v.Name, g.origin,
			v.Type.FriendlyNameForConstraint(), err)}
	}
	if value.IsNull() && !v.Nullable {
		return cty.NilVal, hcl.Diagnostics{diag.Error(at, "Invalid value of a variable",
			"The variable %q is declared with nullable = false, and its value in %s is null.", v.Name, g.origin)}
	}
	return value, nil
}

func parseText(text string) (hcl.Expression, hcl.Diagnostics) {
	if d := syntax.TooDeep([]byte(text), ""); d != nil {
		return nil, hcl.Diagnostics{d}
	}
	return hclsyntax.ParseExpression([]byte(text), "", hcl.InitialPos)
}

// validate holds the value against the variable's rules.
func (v *Variable) validate(at hcl.Range, values map[string]cty.Value, functions map[string]function.Function) hcl.Diagnostics {
	ctx := &hcl.EvalContext{
		Functions: functions,
		Variables: map[string]cty.Value{"var": cty.ObjectVal(values)},
	}
	var diags hcl.Diagnostics
	for _, rule := range v.Rules {
		diags = append(diags, v.hold(rule, at, ctx)...)
	}
	return diags
}

func (v *Variable) hold(rule Rule, at hcl.Range, ctx *hcl.EvalContext) hcl.Diagnostics {
	ok, diags := rule.Condition.Value(ctx)
	if diags.HasErrors() {
		return diags
	}
	ok, _ = ok.UnmarkDeep()
	ok, err := convert.Convert(ok, cty.Bool)
	if err != nil || ok.IsNull() {
		return hcl.Diagnostics{diag.Error(rule.Condition.Range(), "Invalid rule of a variable",
			"The condition of a validation must be true or false.")}
	}
	if !ok.IsKnown() || ok.True() {
		return nil
	}
	text, diags := rule.Message.Value(ctx)
	if diags.HasErrors() {
		return diags
	}
	if eval.IsSensitive(text) {
		return hcl.Diagnostics{diag.Error(rule.Message.Range(), "Sensitive value", "An error message must not contain a "+
			"sensitive value, as it is printed. Say what is wrong without the value.")}
	}
	text, err = convert.Convert(text, cty.String)
	if err != nil || text.IsNull() || !text.IsKnown() {
		return hcl.Diagnostics{diag.Error(rule.Message.Range(), "Invalid rule of a variable", "The error message of a validation must be a known string.")}
	}
	return hcl.Diagnostics{diag.Error(at, "Invalid value of a variable",
		"%s\n\nThat is the rule for the variable %q at %s line %d.", text.AsString(), v.Name, rule.Range.Filename, rule.Range.Start.Line)}
}
