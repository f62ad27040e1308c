package csv

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/attribute"
	"github.com/automic-etl/etl/providers/filesource"
	"github.com/automic-etl/etl/providers/textencoding"
)

// dialect is how a file divides its text into records and fields, and what it means by them.
type dialect struct {
	delimiter byte
	quote     byte // 0: no quoting
	escape    byte // 0: a quote is doubled
	comment   byte // 0: none
	trim      bool
	header    bool
	columns   []string // where there is no header
	skip      int      // lines before the header
	maxLine   int
	encoding  string
	nulls     [][]byte
	newline   byte // \n, or \r in files of old Macs; known once a file is open
	numbers   numberStyle
	clock     clockStyle
}

// oneByte reads an attribute that must be one ASCII character.
func oneByte(cfg sdk.Config, name, byDefault string, optional bool) (byte, sdk.Diagnostics) {
	text := attribute.Text(cfg.Source, name, byDefault)
	if text == "" && optional {
		return 0, nil
	}
	if len(text) != 1 || text[0] >= utf8.RuneSelf || text[0] == '\n' || text[0] == '\r' {
		return 0, filesource.Problem("Invalid character", fmt.Sprintf("The %s must be exactly one ASCII character other than a "+
			"line break, and it is %q.", name, text), name)
	}
	return text[0], nil
}

func decodeDialect(cfg sdk.Config) (dialect, sdk.Diagnostics) {
	var diags, more sdk.Diagnostics
	d := dialect{
		trim:    attribute.Flag(cfg.Source, "trim", false),
		header:  attribute.Flag(cfg.Source, "header", true),
		columns: attribute.Texts(cfg.Source, "columns", nil),
		skip:    int(attribute.Number(cfg.Source, "skip_rows", 0)),
		maxLine: int(attribute.Number(cfg.Source, "max_line_bytes", defaultMaxLine)),
	}
	d.delimiter, diags = oneByte(cfg, "delimiter", ",", false)
	d.quote, more = oneByte(cfg, "quote", `"`, true)
	diags = append(diags, more...)
	d.escape, more = oneByte(cfg, "escape", "", true)
	diags = append(diags, more...)
	d.comment, more = oneByte(cfg, "comment", "", true)
	diags = append(diags, more...)
	d.numbers = decodeNumberStyle(cfg)
	d.clock, more = decodeClockStyle(cfg)
	diags = append(diags, more...)
	d.encoding, more = attribute.OneOf(cfg.Source, "encoding", "utf-8", textencoding.Names())
	diags = append(diags, more...)
	if d.escape == d.quote {
		d.escape = 0
	}
	for _, null := range attribute.Texts(cfg.Source, "null_if", []string{""}) {
		d.nulls = append(d.nulls, []byte(null))
	}
	return d, append(diags, d.check()...)
}

const (
	defaultMaxLine = 16 << 20
	smallestLine   = 64
	largestLine    = 256 << 20 // what a block of text may hold
)

func (d *dialect) check() sdk.Diagnostics {
	var diags sdk.Diagnostics
	if d.delimiter != 0 && (d.delimiter == d.quote || d.delimiter == d.escape || d.delimiter == d.comment) {
		diags = append(diags, filesource.Problem("Conflicting characters", "The delimiter, the quote, the escape and the comment "+
			"character must differ from each other.", "delimiter")...)
	}
	if d.skip < 0 {
		diags = append(diags, filesource.Problem("Invalid number of lines", "The number of lines to skip can't be negative.", "skip_rows")...)
	}
	if d.maxLine < smallestLine || d.maxLine > largestLine {
		diags = append(diags, filesource.Problem("Invalid length of lines", fmt.Sprintf("The longest allowed line must lie between "+
			"%d and %d bytes, and it is %d.", smallestLine, largestLine, d.maxLine), "max_line_bytes")...)
	}
	if d.header && len(d.columns) > 0 {
		diags = append(diags, filesource.Problem("Columns named twice", "The names of the columns come from the header. Write "+
			"header = false if the files have none, or remove columns.", "columns")...)
	}
	return append(diags, d.checkColumns()...)
}

func (d *dialect) checkColumns() sdk.Diagnostics {
	if _, err := columnNames(d.columns, "columns"); err != nil {
		return err
	}
	return nil
}

// isNull holds for a text that stands for null. What was quoted is a text and never null.
func (d *dialect) isNull(b []byte) bool {
	for _, null := range d.nulls {
		if len(null) == len(b) && bytes.Equal(null, b) {
			return true
		}
	}
	return false
}

// key identifies everything that changes rows.
func (d *dialect) key() string {
	return fmt.Sprintf("csv %d %d %d %d %t %t %q %d %d %s %q %v %v", d.delimiter, d.quote, d.escape, d.comment, d.trim,
		d.header, d.columns, d.skip, d.maxLine, d.encoding, d.nulls, d.numbers, d.clock)
}
