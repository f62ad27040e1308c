// Package input is the variables of a project: their declarations, and the values that are given from outside.
package input

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/lang/decode"
	"github.com/automic-etl/etl/plugins/schema"
)

// Variable is a `variable` block.
type Variable struct {
	Name        string
	Type        cty.Type
	Description string
	Sensitive   bool
	Nullable    bool
	Default     hcl.Expression // nil: a value must be given
	Rules       []Rule
	Range       hcl.Range
	// Broken says that the block has a mistake: the value is unknown.
	Broken bool

	optional *typeexpr.Defaults
}

// Rule is a `validation` block.
type Rule struct {
	Condition hcl.Expression
	Message   hcl.Expression
	Range     hcl.Range
}

// Declare reads a `variable` block. What it says must be constant, but for the default, which may call functions.
func Declare(block *hclsyntax.Block, spec schema.Block) (*Variable, hcl.Diagnostics) {
	v := &Variable{Name: block.Labels[0], Type: cty.DynamicPseudoType, Nullable: true, Range: block.DefRange()}
	body, diags := decode.Open(block, spec, nil)
	if attr := body.Attributes["type"]; attr != nil {
		t, optional, more := typeexpr.TypeConstraintWithDefaults(attr.Expr)
		diags = append(diags, more...)
		if !more.HasErrors() {
			v.Type, v.optional = t, optional
		}
	}
	if attr := body.Attributes["default"]; attr != nil {
		v.Default = attr.Expr
	}
	diags = append(diags, v.settings(body)...)
	for _, rule := range body.Of("validation") {
		opened, more := decode.Open(rule.Block, rule.Spec.Block, nil)
		diags = append(diags, more...)
		if !more.HasErrors() && !opened.Lost {
			v.Rules = append(v.Rules, Rule{
				Condition: opened.Attributes["condition"].Expr,
				Message:   opened.Attributes["error_message"].Expr,
				Range:     rule.DefRange(),
			})
		}
	}
	v.Broken = diags.HasErrors()
	return v, diags
}

func (v *Variable) settings(body *decode.Body) hcl.Diagnostics {
	var diags hcl.Diagnostics
	constant := func(name string) cty.Value {
		attr := body.Attributes[name]
		if attr == nil {
			return cty.NilVal
		}
		described, _ := body.Spec.Attribute(name)
		value, more := decode.Value(attr.Expr, described, nil)
		diags = append(diags, more...)
		if more.HasErrors() || value.IsNull() {
			return cty.NilVal
		}
		return value
	}
	if value := constant("sensitive"); value != cty.NilVal {
		v.Sensitive = value.True()
	}
	if value := constant("nullable"); value != cty.NilVal {
		v.Nullable = value.True()
	}
	if value := constant("description"); value != cty.NilVal {
		v.Description = value.AsString()
	}
	return diags
}
