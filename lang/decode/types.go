package decode

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/expr"
)

// types reads { zip = string, price = decimal(12, 2) } to a map of strings in the language's spelling.
func types(e hclsyntax.Expression) (cty.Value, hcl.Diagnostics) {
	unknown := cty.UnknownVal(cty.Map(cty.String))
	object, ok := e.(*hclsyntax.ObjectConsExpr)
	if !ok {
		return unknown, hcl.Diagnostics{diag.Error(e.Range(), "Types expected",
			"The types of columns are written as { zip = string, price = decimal(12, 2) }.")}
	}
	var diags hcl.Diagnostics
	values := map[string]cty.Value{}
	for _, item := range object.Items {
		name, d := ColumnKey(item.KeyExpr)
		if d != nil {
			diags = append(diags, d)
			continue
		}
		if _, twice := values[name]; twice {
			diags = append(diags, diag.Error(item.KeyExpr.Range(), "Duplicate column",
				"The type of the column %q is given twice. Remove one of the two.", name))
		}
		t, more := expr.ParseType(item.ValueExpr)
		diags = append(diags, more...)
		values[name] = cty.StringVal(t.String())
	}
	if diags.HasErrors() {
		return unknown, diags
	}
	if len(values) == 0 {
		return cty.MapValEmpty(cty.String), diags
	}
	return cty.MapVal(values), diags
}

// ColumnKey is the name to the left of an equals sign within braces, bare or in quotes, for maps whose keys are columns.
func ColumnKey(e hclsyntax.Expression) (string, *hcl.Diagnostic) {
	if k, ok := e.(*hclsyntax.ObjectConsKeyExpr); ok && !k.ForceNonLiteral {
		if name := hcl.ExprAsKeyword(k.Wrapped); name != "" {
			return name, nil
		}
		v, diags := k.Wrapped.Value(nil)
		if !diags.HasErrors() && v.Type() == cty.String && v.IsKnown() && !v.IsNull() && v.AsString() != "" {
			return v.AsString(), nil
		}
	}
	return "", diag.Error(e.Range(), "Invalid column name",
		"The name of a column is written bare or in quotes to the left of the equals sign.")
}
