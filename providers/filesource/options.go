package filesource

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/attribute"
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
		InferRows:   attribute.Number(source, "infer_rows", -1),
	}
	var diags, more sdk.Diagnostics
	o.Paths, diags = paths(attribute.Of(source, "path"))
	o.Types, more = attribute.Types(source, "types")
	diags = append(diags, more...)
	o.Compression, more = attribute.OneOf(source, "compression", "auto", compressions())
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
