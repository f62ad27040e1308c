// Package attribute reads the attributes of a provider's blocks from the values that the host decoded. What is missing,
// null or not known yet reads as its default, so that a block can be checked before everything in it is known.
package attribute

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// Of is an attribute of a block's value; NilVal where the value has none of that name.
func Of(object cty.Value, name string) cty.Value {
	if object == cty.NilVal || object.IsNull() || !object.IsKnown() || !object.Type().IsObjectType() ||
		!object.Type().HasAttribute(name) {
		return cty.NilVal
	}
	return object.GetAttr(name)
}

// Given reports whether a value is there, known and not null.
func Given(v cty.Value) bool { return v != cty.NilVal && v.IsWhollyKnown() && !v.IsNull() }

// Text is a text attribute or its default.
func Text(object cty.Value, name, byDefault string) string {
	if v := Of(object, name); Given(v) && v.Type() == cty.String {
		return v.AsString()
	}
	return byDefault
}

// OneOf is a text attribute with few allowed values, or its default.
func OneOf(object cty.Value, name, byDefault string, allowed []string) (string, sdk.Diagnostics) {
	text := Text(object, name, byDefault)
	if slices.Contains(allowed, text) {
		return text, nil
	}
	return byDefault, sdk.Diagnostics{sdk.Error("Invalid value",
		fmt.Sprintf("The value %q is not one of %s.", text, strings.Join(allowed, ", ")), name)}
}

// Number is a number attribute or its default.
func Number(object cty.Value, name string, byDefault int64) int64 {
	if v := Of(object, name); Given(v) && v.Type() == cty.Number {
		n, _ := v.AsBigFloat().Int64()
		return n
	}
	return byDefault
}

// Flag is a boolean attribute or its default.
func Flag(object cty.Value, name string, byDefault bool) bool {
	if v := Of(object, name); Given(v) && v.Type() == cty.Bool {
		return v.True()
	}
	return byDefault
}

// Texts is a list of texts or its default.
func Texts(object cty.Value, name string, byDefault []string) []string {
	v := Of(object, name)
	if !Given(v) || !v.CanIterateElements() {
		return byDefault
	}
	out := []string{}
	for _, element := range v.AsValueSlice() {
		if !element.IsNull() && element.Type() == cty.String {
			out = append(out, element.AsString())
		}
	}
	return out
}

// Types is an attribute of column types, by column.
func Types(object cty.Value, name string) (map[string]coltype.Type, sdk.Diagnostics) {
	v := Of(object, name)
	if !Given(v) {
		return nil, nil
	}
	var diags sdk.Diagnostics
	out := map[string]coltype.Type{}
	for column, spelled := range v.AsValueMap() {
		if spelled.IsNull() || spelled.Type() != cty.String {
			continue
		}
		t, err := coltype.Parse(spelled.AsString())
		if err != nil {
			diags = append(diags, sdk.Error("Invalid column type",
				fmt.Sprintf("The type of column %q can't be read: %s.", column, err), name, column))
		}
		out[column] = t
	}
	sort.Slice(diags, func(i, j int) bool { return diags[i].Detail < diags[j].Detail })
	return out, diags
}
