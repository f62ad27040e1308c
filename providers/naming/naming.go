// Package naming checks the names of a source's columns, in words that fit what the source is made of.
package naming

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/agext/levenshtein"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// ReservedPrefix marks the columns that the host adds.
const ReservedPrefix = "_etl_"

// Source says what has the columns, for messages.
type Source struct {
	Have  string // "The files have"
	Where string // "in the files"
	Path  string // the attribute that names them
}

// Reserved refuses names that are kept for the host's columns.
func (s Source) Reserved(columns []string) sdk.Diagnostics {
	var diags sdk.Diagnostics
	for _, name := range columns {
		if strings.HasPrefix(name, ReservedPrefix) {
			diags = append(diags, sdk.Error("Reserved column name", fmt.Sprintf("%s a column %q, and names that begin "+
				"with %s are kept for where a row came from. Rename the column %s.", s.Have, name, ReservedPrefix, s.Where), s.Path))
		}
	}
	return diags
}

// Case refuses names that engines without regard to case could not tell apart.
func (s Source) Case(columns []string) sdk.Diagnostics {
	var diags sdk.Diagnostics
	seen := make(map[string]string, len(columns))
	for _, name := range columns {
		lower := strings.ToLower(name)
		if other, ok := seen[lower]; ok && other != name {
			diags = append(diags, sdk.Error("Column names differ only by case", fmt.Sprintf("%s the columns %q and %q, "+
				"which SQL can't tell apart. Give them different names %s.", s.Have, other, name, s.Where), s.Path))
		}
		seen[lower] = name
	}
	return diags
}

// Declared refuses types that are declared for no column.
func (s Source) Declared(columns []string, declared map[string]coltype.Type) sdk.Diagnostics {
	var diags sdk.Diagnostics
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		if slices.Contains(columns, name) {
			continue
		}
		detail := fmt.Sprintf("%s no column %q, whose type is declared.", s.Have, name)
		if near := Nearest(name, columns); near != "" {
			detail += fmt.Sprintf(" Did you mean %q?", near)
		} else {
			detail += " Remove it from types."
		}
		diags = append(diags, sdk.Error("Unknown column", detail, "types", name))
	}
	return diags
}

// Nearest is the name that was probably meant, or empty.
func Nearest(name string, names []string) string {
	best, distance := "", 3
	for _, candidate := range names {
		if d := levenshtein.Distance(strings.ToLower(name), strings.ToLower(candidate), nil); d < distance {
			best, distance = candidate, d
		}
	}
	return best
}
