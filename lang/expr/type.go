package expr

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty/gocty"

	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// ParseType reads a column's type: string, decimal(12, 2), list(string), object({ a = long }) and so on.
func ParseType(e hcl.Expression) (coltype.Type, hcl.Diagnostics) {
	switch e := syntax(e).(type) {
	case *hclsyntax.ScopeTraversalExpr:
		return simpleType(e.Traversal.RootName(), len(e.Traversal) == 1, e.SrcRange)
	case *hclsyntax.FunctionCallExpr:
		return typeCall(e)
	case *hclsyntax.TemplateExpr:
		text, _ := literalString(e)
		return coltype.Type{}, problem(e.SrcRange, "Invalid type",
			fmt.Sprintf("A type is written without quotes: %s.", text))
	}
	return coltype.Type{}, problem(e.Range(), "Invalid type",
		"A type is expected here: "+typeList())
}

func typeList() string {
	return "boolean, int, long, float, double, decimal(p, s), date, time, timestamp, timestamptz, string, uuid, binary, list(T), map(K, V) or object({…})."
}

func simpleType(name string, alone bool, rng hcl.Range) (coltype.Type, hcl.Diagnostics) {
	kind, known := coltype.KindOf(name)
	switch {
	case !alone || !known || kind == coltype.Unknown:
		return coltype.Type{}, unknownType(name, rng)
	case kind == coltype.Decimal:
		return coltype.Type{}, problem(rng, "Incomplete type",
			"decimal needs its digits and how many of them stand after the point: decimal(12, 2).")
	case kind.Nested():
		return coltype.Type{}, problem(rng, "Incomplete type",
			"A nested type says what it holds: list(string), map(string, long), object({ a = long }).")
	}
	return coltype.Of(kind), nil
}

func unknownType(name string, rng hcl.Range) hcl.Diagnostics {
	equivalents := map[string]string{
		"bool": "boolean", "integer": "int", "int32": "int", "smallint": "int", "tinyint": "int", "bigint": "long", "int64": "long",
		"real": "float", "float4": "float", "float8": "double", "float64": "double", "number": "decimal(18, 2) or double", "numeric": "decimal(18, 2)",
		"varchar": "string", "text": "string", "char": "string", "datetime": "timestamp", "timestamp_tz": "timestamptz", "bytes": "binary",
		"blob": "binary", "bytea": "binary", "array": "list(T)", "struct": "object({…})", "json": "string", "any": "a type of the column's own",
	}
	if write, ok := equivalents[name]; ok {
		return problem(rng, "Unknown type", fmt.Sprintf("There is no type %q. Write %s.", name, write))
	}
	return problem(rng, "Unknown type", fmt.Sprintf("There is no type %q.%s The types are %s",
		name, diag.Suggest(name, coltype.Names()), typeList()))
}

func typeCall(e *hclsyntax.FunctionCallExpr) (coltype.Type, hcl.Diagnostics) {
	switch e.Name {
	case "decimal":
		return decimalType(e)
	case "list":
		args, diags := typeArgs(e, 1, "list(string)")
		return coltype.ListOf(args[0]), diags
	case "map":
		args, diags := typeArgs(e, 2, "map(string, long)")
		return coltype.MapOf(args[0], args[1]), diags
	case "object":
		return objectType(e)
	}
	if kind, ok := coltype.KindOf(e.Name); ok && kind != coltype.Unknown {
		return coltype.Type{}, problem(e.Range(), "Invalid type", e.Name+" takes no arguments: write it alone.")
	}
	return coltype.Type{}, unknownType(e.Name, e.NameRange)
}

func typeArgs(e *hclsyntax.FunctionCallExpr, n int, form string) ([]coltype.Type, hcl.Diagnostics) {
	out := make([]coltype.Type, n)
	if len(e.Args) != n {
		return out, problem(e.Range(), "Invalid type", fmt.Sprintf("This type takes %s, as in %s.", count(n, "type"), form))
	}
	var diags hcl.Diagnostics
	for i, arg := range e.Args {
		t, more := ParseType(arg)
		out[i], diags = t, append(diags, more...)
	}
	return out, diags
}

func decimalType(e *hclsyntax.FunctionCallExpr) (coltype.Type, hcl.Diagnostics) {
	wrong := problem(e.Range(), "Invalid type", fmt.Sprintf(
		"decimal takes the number of digits, 1 to %d, and how many of them stand after the point: decimal(12, 2).", coltype.MaxPrecision))
	if len(e.Args) != 2 {
		return coltype.Type{}, wrong
	}
	var digits [2]int
	for i, arg := range e.Args {
		v, diags := arg.Value(nil)
		if diags.HasErrors() || !v.IsKnown() || v.IsNull() || gocty.FromCtyValue(v, &digits[i]) != nil {
			return coltype.Type{}, wrong
		}
	}
	if p, s := digits[0], digits[1]; p < 1 || p > coltype.MaxPrecision || s < 0 || s > p {
		return coltype.Type{}, wrong
	}
	return coltype.DecimalOf(digits[0], digits[1]), nil
}

func objectType(e *hclsyntax.FunctionCallExpr) (coltype.Type, hcl.Diagnostics) {
	form := "An object's type lists its fields: object({ item = string, price = double })."
	if len(e.Args) != 1 {
		return coltype.Type{}, problem(e.Range(), "Invalid type", form)
	}
	object, ok := syntax(e.Args[0]).(*hclsyntax.ObjectConsExpr)
	if !ok || len(object.Items) == 0 {
		return coltype.Type{}, problem(e.Range(), "Invalid type", form)
	}
	var diags hcl.Diagnostics
	var fields coltype.Schema
	for _, item := range object.Items {
		name, more := keyName(item.KeyExpr)
		diags = append(diags, more...)
		if fields.Index(name) >= 0 {
			diags = append(diags, problem(item.KeyExpr.Range(), "Duplicate field",
				fmt.Sprintf("The field %q stands twice in this object. Remove one of the two.", name))...)
		}
		t, more := ParseType(item.ValueExpr)
		diags = append(diags, more...)
		fields = append(fields, coltype.Field{Name: name, Type: t})
	}
	return coltype.StructOf(fields...), diags
}
