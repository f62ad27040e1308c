package csv

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/providers/filesource"
	"github.com/automic-etl/etl/providers/textencoding"
)

func attributes() []schema.Attribute {
	text, list := cty.String, cty.List(cty.String)
	own := []schema.Attribute{
		{Name: "delimiter", Type: text, Default: cty.StringVal(","), Doc: "The character between fields."},
		{Name: "quote", Type: text, Default: cty.StringVal(`"`), Doc: "The character around fields that hold delimiters or " +
			"line breaks. An empty text switches quoting off."},
		{Name: "escape", Type: text, Doc: "The character before a quote inside a quoted field. By default a quote is doubled."},
		{Name: "header", Type: cty.Bool, Default: cty.True, Doc: "Whether the first record names the columns. A column without a " +
			"name becomes column_N by its place."},
		{Name: "columns", Type: list, Doc: "The names of the columns where there is no header."},
		{Name: "null_if", Type: list, Default: cty.ListVal([]cty.Value{cty.StringVal("")}), Doc: "Texts that stand for null " +
			"where they are not quoted. A quoted empty field is an empty string; in a column that is no string it is null."},
		{Name: "encoding", Type: text, Default: cty.StringVal("utf-8"), OneOf: textencoding.Names(), Doc: "The encoding of the files. A " +
			"byte order mark at the beginning is left out."},
		{Name: "comment", Type: text, Doc: "The character that begins a line of comment."},
		{Name: "skip_rows", Type: cty.Number, Default: cty.NumberIntVal(0), Doc: "How many lines to leave out before the header."},
		{Name: "trim", Type: cty.Bool, Default: cty.False, Doc: "Whether spaces and tabs around fields that are not quoted are left out."},
		{Name: "max_line_bytes", Type: cty.Number, Default: cty.NumberIntVal(defaultMaxLine), Doc: "The longest record. A longer one " +
			"is a bad row."},
		{Name: "decimal_separator", Type: text, Default: cty.StringVal("."), OneOf: []string{".", ","}, Doc: "The character before " +
			"the fraction of a number."},
		{Name: "date_format", Type: text, Doc: "How dates are written, as in \"%d.%m.%Y\". By default ISO 8601."},
		{Name: "timestamp_format", Type: text, Doc: "How timestamps are written, as in \"%d.%m.%Y %H:%M:%S\". By default ISO 8601."},
	}
	return append(own, filesource.TextAttributes()...)
}
