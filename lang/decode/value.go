package decode

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/eval"
	"github.com/automic-etl/etl/plugins/schema"
)

// Value evaluates an attribute of kind value and converts it to its type.
func Value(e hcl.Expression, spec schema.Attribute, ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	v, diags := e.Value(ctx)
	if diags.HasErrors() {
		return cty.UnknownVal(spec.Type), diags
	}
	v, err := convert.Convert(v, spec.Type)
	if err != nil {
		return cty.UnknownVal(spec.Type), append(diags, diag.Error(e.Range(), "Wrong type of value",
			"The attribute %q takes %s: %s.", spec.Name, spec.Type.FriendlyNameForConstraint(), err))
	}
	if d := check(v, spec, e.Range()); d != nil {
		return cty.UnknownVal(spec.Type), append(diags, d)
	}
	if spec.Sensitive && !eval.IsSensitive(v) {
		v = v.Mark(eval.Sensitive)
	}
	return v, diags
}

// check holds a value against what else the description says of it.
func check(v cty.Value, spec schema.Attribute, at hcl.Range) *hcl.Diagnostic {
	bare, _ := v.Unmark()
	if !bare.IsKnown() {
		return nil
	}
	if bare.IsNull() {
		if spec.Required {
			return diag.Error(at, "Missing attribute", "The attribute %q must not be null. %s", spec.Name, spec.Doc)
		}
		return nil
	}
	if len(spec.OneOf) == 0 || bare.Type() != cty.String || v.IsMarked() {
		return nil
	}
	return OneOf(bare.AsString(), spec.OneOf, spec.Name, at)
}

// OneOf refuses a word that isn't one of those allowed.
func OneOf(given string, allowed []string, what string, at hcl.Range) *hcl.Diagnostic {
	for _, word := range allowed {
		if word == given {
			return nil
		}
	}
	return diag.Error(at, "Unknown value", "%q can't be %q.%s It is one of %s.", what, given,
		diag.Suggest(given, allowed), diag.List(allowed))
}

// Plain refuses sensitive values where they would be recorded.
func Plain(v cty.Value, name string, at hcl.Range) *hcl.Diagnostic {
	if !eval.IsSensitive(v) {
		return nil
	}
	return diag.Error(at, "Sensitive value", "The attribute %q is recorded with the table and shown in plans, so it can't hold "+
		"a sensitive value. Secrets belong into connection and source blocks only.", name)
}
