package expr

import (
	"math"
	"math/big"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// fromValue makes a node of a known value. Secrets are refused: an expression is recorded and hashed.
func fromValue(v cty.Value, rng hcl.Range) (Node, hcl.Diagnostics) {
	switch {
	case v.ContainsMarked():
		return nil, problem(rng, "Sensitive value in a column expression",
			"This value is sensitive. Column expressions are recorded with the table and shown in plans, so no secret may stand in them. "+
				"Use a variable that isn't sensitive, or leave the value to the connection.")
	case !v.IsWhollyKnown():
		return nil, problem(rng, "Value is not known yet",
			"This value is not known before apply, and a column expression must be known at plan.")
	case v.IsNull():
		return &Literal{Value: cty.NullVal(cty.DynamicPseudoType), Src: rng}, nil
	case v.Type() == cty.String && !utf8.ValidString(v.AsString()):
		return nil, notText(rng)
	case v.Type() == cty.Number && !inRange(v.AsBigFloat()):
		return nil, problem(rng, "Number out of range",
			"Columns hold decimals of up to 38 digits and doubles up to about 1.8e308; this number fits neither.")
	}
	switch ty := v.Type(); {
	case ty == cty.String || ty == cty.Number || ty == cty.Bool:
		return &Literal{Value: v, Src: rng}, nil
	case ty.IsListType() || ty.IsSetType() || ty.IsTupleType():
		return fromElements(v, "[...]", rng)
	case ty.IsObjectType() || ty.IsMapType():
		return fromElements(v, "{...}", rng)
	}
	return nil, problem(rng, "Invalid value in a column expression",
		"Only strings, numbers, booleans, null, and lists and objects of those can stand in a column expression.")
}

func fromElements(v cty.Value, name string, rng hcl.Range) (Node, hcl.Diagnostics) {
	out := &Call{Name: name, Src: rng, Op: rng}
	var diags hcl.Diagnostics
	for it := v.ElementIterator(); it.Next(); {
		key, elem := it.Element()
		n, more := fromValue(elem, rng)
		diags = append(diags, more...)
		if name == "{...}" {
			out.Args = append(out.Args, &Literal{Value: key, Src: rng})
		}
		out.Args = append(out.Args, n)
	}
	if diags.HasErrors() {
		return nil, diags
	}
	return out, diags
}

// inRange reports whether a number can be a double at least. Beyond, even to print it would take its digits' memory.
func inRange(f *big.Float) bool {
	near, _ := f.Float64()
	return !math.IsInf(near, 0) && (near != 0 || f.Sign() == 0)
}

func notText(rng hcl.Range) hcl.Diagnostics {
	return problem(rng, "Text is not UTF-8", "This text has bytes that are not UTF-8. Save the file as UTF-8, or write the characters as \\u escapes.")
}
