package filesource

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// Options are the decoded attributes that sources of files share.
type Options struct {
	Dir         string // the project's folder
	Incremental bool
	Paths       []string
	Types       map[string]coltype.Type
	Compression string
	InferRows   int64 // 0 means all; negative means the default
}

func decodeOptions(cfg sdk.Config) (Options, sdk.Diagnostics) {
	source := cfg.Source
	o := Options{
		Dir:         cfg.Dir,
		Incremental: cfg.Mode == "incremental",
		InferRows:   Number(source, "infer_rows", -1),
	}
	var diags, more sdk.Diagnostics
	o.Paths, diags = paths(Attribute(source, "path"))
	o.Types, more = types(Attribute(source, "types"))
	diags = append(diags, more...)
	o.Compression, more = OneOf(source, "compression", "auto", compressions())
	diags = append(diags, more...)
	if o.InferRows < -1 {
		diags = append(diags, Problem("Invalid number of rows",
			"The number of rows to infer types from can't be negative. Write 0 to look at all rows.", "infer_rows")...)
	}
	return o, diags
}

func paths(v cty.Value) ([]string, sdk.Diagnostics) {
	var out []string
	switch {
	case v == cty.NilVal || !v.IsWhollyKnown():
		return nil, nil
	case v.IsNull():
	case v.Type() == cty.String:
		out = []string{v.AsString()}
	case v.CanIterateElements() && !v.Type().IsObjectType() && !v.Type().IsMapType():
		for _, element := range v.AsValueSlice() {
			if element.IsNull() || element.Type() != cty.String {
				return nil, invalidPath()
			}
			out = append(out, element.AsString())
		}
	default:
		return nil, invalidPath()
	}
	if len(out) == 0 || slices.Contains(out, "") {
		return nil, invalidPath()
	}
	return localPaths(out)
}

func invalidPath() sdk.Diagnostics {
	return Problem("Invalid path", "The path must be a text such as \"data/*.csv\", or a list of such texts that has at "+
		"least one element.", "path")
}

// localPaths takes file URLs as paths and refuses the stores that etl can't read yet.
func localPaths(in []string) ([]string, sdk.Diagnostics) {
	var diags sdk.Diagnostics
	out := make([]string, 0, len(in))
	for _, path := range in {
		scheme, rest, isURL := strings.Cut(path, "://")
		switch {
		case !isURL:
			out = append(out, path)
		case scheme == "file":
			out = append(out, "/"+strings.TrimLeft(rest, "/"))
		default:
			diags = append(diags, Problem("Not supported yet", fmt.Sprintf("The path %q is on a remote store (%s), which this "+
				"version of etl can't read. Copy the files to a local folder and name that.", path, scheme), "path")...)
		}
	}
	return out, diags
}

func types(v cty.Value) (map[string]coltype.Type, sdk.Diagnostics) {
	if v == cty.NilVal || v.IsNull() || !v.IsWhollyKnown() {
		return nil, nil
	}
	var diags sdk.Diagnostics
	out := map[string]coltype.Type{}
	for name, spelled := range v.AsValueMap() {
		if spelled.IsNull() || spelled.Type() != cty.String {
			continue
		}
		t, err := coltype.Parse(spelled.AsString())
		if err != nil {
			diags = append(diags, Problem("Invalid column type",
				fmt.Sprintf("The type of column %q can't be read: %s.", name, err), "types", name)...)
		}
		out[name] = t
	}
	sort.Slice(diags, func(i, j int) bool { return diags[i].Detail < diags[j].Detail })
	return out, diags
}

// Attribute is an attribute of a block's value; NilVal where the value has none of that name.
func Attribute(object cty.Value, name string) cty.Value {
	if object == cty.NilVal || object.IsNull() || !object.IsKnown() || !object.Type().IsObjectType() ||
		!object.Type().HasAttribute(name) {
		return cty.NilVal
	}
	return object.GetAttr(name)
}

func given(v cty.Value) bool { return v != cty.NilVal && v.IsWhollyKnown() && !v.IsNull() }

// Text is a text attribute or its default.
func Text(object cty.Value, name, byDefault string) string {
	if v := Attribute(object, name); given(v) && v.Type() == cty.String {
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
	return byDefault, Problem("Invalid value", fmt.Sprintf("The value %q is not one of %s.", text, strings.Join(allowed, ", ")), name)
}

// Number is a number attribute or its default.
func Number(object cty.Value, name string, byDefault int64) int64 {
	if v := Attribute(object, name); given(v) && v.Type() == cty.Number {
		n, _ := v.AsBigFloat().Int64()
		return n
	}
	return byDefault
}

// Flag is a boolean attribute or its default.
func Flag(object cty.Value, name string, byDefault bool) bool {
	if v := Attribute(object, name); given(v) && v.Type() == cty.Bool {
		return v.True()
	}
	return byDefault
}

// Texts is a list of texts or its default.
func Texts(object cty.Value, name string, byDefault []string) []string {
	v := Attribute(object, name)
	if !given(v) || !v.CanIterateElements() {
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
