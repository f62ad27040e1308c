// Package json reads files of JSON: a value a line, one array, or one document. Objects become structs, arrays lists;
// what has no common type becomes the JSON text itself.
package json

import (
	"fmt"
	"sort"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/attribute"
	"github.com/automic-etl/etl/providers/filesource"
)

// New is the provider json.
func New() sdk.Provider { return filesource.New(format{}) }

type format struct{}

func (format) Name() string { return "json" }

func (format) Doc() string {
	return "Rows of JSON files, one an object. Types are inferred from all rows unless declared: boolean, long, decimal(38, 0) " +
		"beyond 64 bits, double, string, object and list. Values of several kinds become strings of their JSON text. A missing " +
		"key is null. Dates, NaN and the like are strings in JSON, and are read as such by declaring the column's type."
}

const defaultMaxRecord = 16 << 20

func (format) Attributes() []schema.Attribute {
	own := []schema.Attribute{
		{Name: "format", Type: cty.String, Default: cty.StringVal("auto"), OneOf: layouts(),
			Doc: "How the files hold their rows: an object a line, one array of objects, or objects that each span lines (of which there " +
				"may be just one). `auto` goes by the beginning of each file."},
		{Name: "null_if", Type: cty.List(cty.String), Doc: "Strings that stand for null, at any depth."},
		{Name: "max_line_bytes", Type: cty.Number, Default: cty.NumberIntVal(defaultMaxRecord), Doc: "The largest row, as JSON text. " +
			"A larger line is a bad row; a larger value of an array or a document is an error."},
	}
	for _, a := range filesource.TextAttributes() {
		if a.Name == "infer_rows" {
			a.Doc = "How many rows of each file inference looks at; 0, the default, means all. Keys that appear only in later rows are " +
				"left out."
		}
		own = append(own, a)
	}
	return own
}

func (format) Configure(cfg sdk.Config, o filesource.Options) (filesource.Reader, sdk.Diagnostics) {
	name, diags := attribute.OneOf(cfg.Source, "format", string(auto), layouts())
	r := &reader{
		options:   o,
		layout:    layout(name),
		maxRecord: int(attribute.Number(cfg.Source, "max_line_bytes", defaultMaxRecord)),
	}
	for _, text := range attribute.Texts(cfg.Source, "null_if", nil) {
		r.nulls = append(r.nulls, []byte(text))
	}
	if r.maxRecord < smallestRecord || r.maxRecord > largestRecord {
		diags = append(diags, filesource.Problem("Invalid length of lines", fmt.Sprintf("The longest allowed line must lie between "+
			"%d and %d bytes, and it is %d.", smallestRecord, largestRecord, r.maxRecord), "max_line_bytes")...)
	}
	return r, diags
}

const (
	smallestRecord = 64
	largestRecord  = 512 << 20
)

type reader struct {
	options   filesource.Options
	layout    layout
	maxRecord int
	nulls     [][]byte
}

// Key has the declared columns too, since inference doesn't look at them.
func (r *reader) Key() string {
	declared := make([]string, 0, len(r.options.Types))
	for name := range r.options.Types {
		declared = append(declared, name)
	}
	sort.Strings(declared)
	return fmt.Sprintf("json %s %d %q %s %q", r.layout, r.maxRecord, r.nulls, r.options.Compression, declared)
}

// OpenEnded holds since any object may have other keys.
func (r *reader) OpenEnded() bool { return true }
