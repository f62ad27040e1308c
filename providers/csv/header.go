package csv

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/filesource"
)

// columnNames gives nameless columns a name by their place, and refuses names that would not be unique in SQL.
func columnNames(found []string, path string) ([]string, sdk.Diagnostics) {
	names := make([]string, len(found))
	seen := make(map[string]int, len(found))
	for i, name := range found {
		if name == "" {
			name = fmt.Sprintf("column_%d", i+1)
		}
		names[i] = name
		lower := strings.ToLower(name)
		first, there := seen[lower]
		seen[lower] = i
		if !there {
			continue
		}
		if names[first] == name {
			return nil, filesource.Problem("Duplicate column name", fmt.Sprintf("The columns %d and %d are both named %q. Give them "+
				"different names, or leave the header out with skip_rows = 1, header = false and columns = […].",
				first+1, i+1, name), path)
		}
		return nil, filesource.Problem("Column names differ only by case", fmt.Sprintf("The columns %d and %d are named %q and %q, "+
			"which SQL can't tell apart. Give them different names, or leave the header out with skip_rows = 1, header = false and "+
			"columns = […].", first+1, i+1, names[first], name), path)
	}
	return names, nil
}

// header reads the names of the columns: from the file's first record, from the configuration, or from the width of the
// first record, which then is a row.
func (b *blocks) header() ([]string, error) {
	d := b.dialect
	if !d.header && len(d.columns) > 0 {
		names, diags := columnNames(d.columns, "columns")
		return names, orNil(diags)
	}
	fields, next, how, err := b.firstRecord()
	if err != nil {
		return nil, err
	}
	if how != complete {
		return nil, b.brokenHeader(how)
	}
	found := make([]string, len(fields))
	if d.header {
		for i, f := range fields {
			found[i] = string(b.text(f))
			if !utf8.ValidString(found[i]) {
				return nil, filesource.Problem("Header is not UTF-8", fmt.Sprintf("The name of column %d in the header of %s is not "+
					"valid UTF-8. If the file is in another encoding, say so, as in encoding = \"windows-1252\".", i+1, b.source), "encoding")
			}
		}
		b.line += lines(b.held[:next], d.newline)
		b.held = b.held[next:]
	}
	names, diags := columnNames(found, "path")
	for i := range diags {
		diags[i].Detail = "In the header of " + b.source + ": " + strings.ToLower(diags[i].Detail[:1]) + diags[i].Detail[1:]
	}
	return names, orNil(diags)
}

func orNil(diags sdk.Diagnostics) error {
	if len(diags) == 0 {
		return nil
	}
	return diags
}

func (b *blocks) text(f field) []byte {
	if f.escaped() {
		return b.dialect.unescape(f.text(b.held), nil)
	}
	return f.text(b.held)
}

// errEmpty says that a file has no record at all, not even a header: it has no rows either.
var errEmpty = errors.New("the file is empty")

// firstRecord passes over comments and empty lines, and finds the first record without taking it.
func (b *blocks) firstRecord() ([]field, int, ending, error) {
	want := b.size
	for {
		if err := b.fill(want); err != nil {
			return nil, 0, complete, err
		}
		if len(b.held) == 0 {
			return nil, 0, complete, errEmpty
		}
		fields, next, how := b.dialect.record(b.held, 0, b.ended, nil)
		switch {
		case how == incomplete:
			want *= 2
		case how == comment, how == complete && len(fields) == 1 && fields[0].start == fields[0].end:
			b.line += lines(b.held[:next], b.dialect.newline)
			b.held = b.held[next:]
		default:
			return fields, next, how, nil
		}
	}
}

func (b *blocks) brokenHeader(how ending) error {
	reason := map[ending]string{
		malformed:    "text follows a closing quote",
		unterminated: "a quoted name is opened and nothing closes it",
		overlong:     fmt.Sprintf("it is longer than the %d bytes that max_line_bytes allows", b.dialect.maxLine),
	}[how]
	return filesource.Problem("Unreadable header", fmt.Sprintf("The first record of %s can't be read: %s. Look at the file's first "+
		"line, and check quote and delimiter.", b.source, reason), "path")
}
