package filesource

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema"
)

// pathAttributes are what every source of files has.
func pathAttributes(columns string) []schema.Attribute {
	return []schema.Attribute{{
		Name: "path", Type: cty.DynamicPseudoType, Required: true,
		Doc: "A path, or a list of paths, relative to the project's folder. `*`, `?`, `[a-z]`, `{a,b}` match within a " +
			"folder and `**` matches any depth of folders. Hidden files are left out unless named.",
	}, {
		Name: "types", Kind: schema.Types,
		Doc: "Types of columns that inference must not guess. " + columns,
	}}
}

func compressions() []string { return []string{"auto", "none", "gzip", "zstd"} }

// TextAttributes are what sources of text files have in common.
func TextAttributes() []schema.Attribute {
	return []schema.Attribute{{
		Name: "compression", Type: cty.String, Default: cty.StringVal("auto"), OneOf: compressions(),
		Doc: "How the files are compressed. `auto` looks at the first bytes of each file.",
	}, {
		Name: "infer_rows", Type: cty.Number,
		Doc: "How many rows of each file inference looks at; 0 means all. By default it looks at all rows of a file of up to " +
			"64 MiB and at the first 100,000 of a larger one. A later value that does not fit becomes a bad row.",
	}}
}
