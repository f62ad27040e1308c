package view

import (
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// values says what the variables of a failed expression hold: var.limit is 12.
func values(d *hcl.Diagnostic) []string {
	if d.Expression == nil || d.EvalContext == nil {
		return nil
	}
	var lines []string
	for _, traversal := range d.Expression.Variables() {
		value, diags := traversal.TraverseAbs(d.EvalContext)
		if diags.HasErrors() {
			continue
		}
		lines = append(lines, path(traversal)+" "+describe(value))
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// path spells a traversal as it was written.
func path(traversal hcl.Traversal) string {
	var b strings.Builder
	for _, step := range traversal {
		switch s := step.(type) {
		case hcl.TraverseRoot:
			b.WriteString(s.Name)
		case hcl.TraverseAttr:
			b.WriteString("." + s.Name)
		case hcl.TraverseIndex:
			b.WriteString("[" + key(s.Key) + "]")
		}
	}
	return b.String()
}

func key(v cty.Value) string {
	switch {
	case v.Type() == cty.String && v.IsKnown() && !v.IsNull() && !v.IsMarked():
		return strconv.Quote(v.AsString())
	case v.Type() == cty.Number && v.IsKnown() && !v.IsNull() && !v.IsMarked():
		return v.AsBigFloat().Text('g', -1)
	default:
		return "…"
	}
}

// describe says what a value is, without ever saying a secret.
func describe(v cty.Value) string {
	switch {
	case v.IsMarked():
		return "is a sensitive value"
	case !v.IsKnown():
		return "is known after apply"
	case v.IsNull():
		return "is null"
	case v.Type() == cty.String:
		return "is " + strconv.Quote(cut(v.AsString(), 60))
	case v.Type() == cty.Number:
		return "is " + v.AsBigFloat().Text('g', -1)
	case v.Type() == cty.Bool:
		return "is " + strconv.FormatBool(v.True())
	case v.CanIterateElements():
		return "is " + v.Type().FriendlyName() + " with " + Plural(int64(v.LengthInt()), "element")
	default:
		return "is " + v.Type().FriendlyName()
	}
}
