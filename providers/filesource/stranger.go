package filesource

import (
	"fmt"
	"strings"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

const (
	shownStrangers = 3 // how many files are told of one by one
	shownColumns   = 6 // how many columns of each
)

// strangers warns of files that have none of the columns that were read so far: of another kind, most likely, or without the header
// that they should have.
func (s *survey) strangers(found []Evidence, recorded coltype.Schema) sdk.Diagnostics {
	if len(recorded) == 0 {
		return nil
	}
	known := map[string]bool{}
	for _, name := range recorded.Names() {
		known[name] = true
	}
	for name := range s.options.Types {
		known[name] = true
	}
	var diags sdk.Diagnostics
	left := 0
	for _, i := range s.fresh {
		columns := found[i].Columns.Names()
		switch {
		case len(columns) == 0 || shares(columns, known):
		case len(diags) == shownStrangers:
			left++
		default:
			diags = append(diags, stranger(s.files[i].Path, columns, recorded.Names()))
		}
	}
	if left > 0 {
		diags = append(diags, Warning("More files with other columns", fmt.Sprintf("%d more of the source's files have none of the columns "+
			"that were read so far.", left), "path")...)
	}
	return diags
}

func shares(columns []string, known map[string]bool) bool {
	for _, name := range columns {
		if known[name] {
			return true
		}
	}
	return false
}

func stranger(file string, columns, recorded []string) sdk.Diagnostic {
	return sdk.Warning("File with other columns", fmt.Sprintf("The file %s has the columns %s, and none of those that were read so far: %s. Its rows "+
		"will have nulls in those, and its own columns are new ones, with nulls in all other rows. If it doesn't belong to this source, or lacks its "+
		"header, take it away or narrow path before you apply.", file, listed(columns), listed(recorded)), "path")
}

// listed names columns in quotes: the first few, and how many more there are.
func listed(columns []string) string {
	names := make([]string, 0, shownColumns)
	for _, name := range columns[:min(len(columns), shownColumns)] {
		names = append(names, fmt.Sprintf("%q", name))
	}
	text := strings.Join(names, ", ")
	if more := len(columns) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
