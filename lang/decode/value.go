package decode

import (
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/eval"
	"github.com/automic-etl/etl/plugins/schema"
)

// Value evaluates an attribute of kind value and converts it to its type. A null becomes the default.
func Value(e hcl.Expression, spec schema.Attribute, ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	unknown := cty.UnknownVal(spec.ImpliedType())
	v, diags := e.Value(ctx)
	if diags.HasErrors() {
		return unknown, diags
	}
	bare, _ := v.Unmark()
	if len(spec.OneOf) > 0 && bare.IsKnown() && !bare.IsNull() && bare.Type() == cty.String && !v.IsMarked() {
		if d := OneOf(bare.AsString(), spec.OneOf, spec.Name, e.Range()); d != nil {
			return unknown, append(diags, d)
		}
	}
	v, err := spec.Coerce(v)
	if err != nil {
		return unknown, append(diags, diag.Error(e.Range(), "Wrong type of value",
			"The attribute %q %s. %s", spec.Name, err, spec.Doc))
	}
	if spec.Sensitive && !eval.IsSensitive(v) {
		v = v.Mark(eval.Sensitive)
	}
	return v, diags
}

// OneOf refuses a word that isn't one of those allowed.
func OneOf(given string, allowed []string, what string, at hcl.Range) *hcl.Diagnostic {
	for _, word := range allowed {
		if word == given {
			return nil
		}
	}
	if hint := diag.Suggest(given, allowed); hint != "" {
		return diag.Error(at, "Unknown value", "%s can't be %q.%s", what, given, hint)
	}
	quoted := make([]string, len(allowed))
	for i, word := range allowed {
		quoted[i] = strconv.Quote(word)
	}
	return diag.Error(at, "Unknown value", "%s can't be %q. It can be %s.", what, given, diag.List(quoted))
}

// Plain refuses sensitive values where they would be recorded.
func Plain(v cty.Value, name string, at hcl.Range) *hcl.Diagnostic {
	if !eval.IsSensitive(v) {
		return nil
	}
	return diag.Error(at, "Sensitive value", "The attribute %q is recorded and shown in plans, so it can't hold a sensitive "+
		"value. Secrets belong into connection and source blocks only.", name)
}
