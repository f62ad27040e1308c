package expr

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty/gocty"

	"github.com/automic-etl/etl/lang/diag"
)

// Transform is a field of a partition spec.
type Transform struct {
	Name   string // identity, year, month, day, hour, bucket, truncate
	Arg    int    // of bucket and truncate
	Column string
	Range  hcl.Range
}

// ParseTransform reads one field of partition_by: a column, month(x), bucket(16, x) and so on.
func ParseTransform(e hcl.Expression) (Transform, hcl.Diagnostics) {
	call, ok := syntax(e).(*hclsyntax.FunctionCallExpr)
	if !ok {
		name, diags := ParseName(e)
		return Transform{Name: "identity", Column: name.Name, Range: e.Range()}, diags
	}
	t := Transform{Name: call.Name, Range: e.Range()}
	switch {
	case slices.Contains([]string{"identity", "year", "month", "day", "hour"}, call.Name):
		return t.column(call, 0, call.Name+"(column)")
	case slices.Contains([]string{"bucket", "truncate"}, call.Name):
		return t.sized(call)
	}
	return t, problem(call.NameRange, "Unknown partition transform",
		"Iceberg partitions by a column, or by "+strings.Join(transformNames(), ", ")+" of one."+
			diag.Suggest(call.Name, transformNames()))
}

func transformNames() []string {
	return []string{"year", "month", "day", "hour", "bucket", "truncate", "identity"}
}

func (t Transform) sized(call *hclsyntax.FunctionCallExpr) (Transform, hcl.Diagnostics) {
	form := call.Name + "(16, column)"
	if len(call.Args) == 2 {
		v, diags := call.Args[0].Value(nil)
		if diags.HasErrors() || gocty.FromCtyValue(v, &t.Arg) != nil || t.Arg < 1 || t.Arg > 1<<30 {
			return t, problem(call.Args[0].Range(), "Invalid partition transform",
				"The first argument of "+call.Name+" is a whole number from 1: "+form+".")
		}
	}
	return t.column(call, 1, form)
}

func (t Transform) column(call *hclsyntax.FunctionCallExpr, at int, form string) (Transform, hcl.Diagnostics) {
	if len(call.Args) != at+1 {
		return t, problem(call.Range(), "Wrong number of arguments", "This partition transform is written "+form+".")
	}
	name, diags := ParseName(call.Args[at])
	t.Column = name.Name
	return t, diags
}

// ParseTransforms reads partition_by: a list of transforms.
func ParseTransforms(e hcl.Expression) ([]Transform, hcl.Diagnostics) {
	return each(e, "Each element is a column, or a transform such as month(order_date).", ParseTransform)
}
