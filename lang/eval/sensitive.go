// Package eval computes the values of configuration: functions, variables and locals. Secrets are cty marks from the
// moment that they are read.
package eval

import (
	"slices"

	"github.com/zclconf/go-cty/cty"
)

type mark string

// Sensitive is the mark of values that must never be printed, hashed or recorded.
const Sensitive = mark("sensitive")

// ShortestSecret is how many characters a text has at least that is hidden wherever it is printed.
const ShortestSecret = 3

// IsSensitive says whether any part of a value is.
func IsSensitive(v cty.Value) bool {
	return v != cty.NilVal && v.HasMarkDeep(Sensitive)
}

// Secrets are the strings within the sensitive parts of a value: what must be kept out of all that is printed. Those
// of fewer than three characters are left out, as to hide them would garble text and hide nothing.
func Secrets(v cty.Value) []string {
	if v == cty.NilVal {
		return nil
	}
	var found []string
	bare, paths := v.UnmarkDeepWithPaths()
	for _, p := range paths {
		if _, sensitive := p.Marks[Sensitive]; !sensitive {
			continue
		}
		part, err := p.Path.Apply(bare)
		if err != nil {
			part = bare // elements of sets have no path: take the whole
		}
		found = append(found, texts(part)...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func texts(v cty.Value) []string {
	var found []string
	// The callback returns no error, so neither does Walk.
	_ = cty.Walk(v, func(_ cty.Path, part cty.Value) (bool, error) {
		if part.IsKnown() && !part.IsNull() && part.Type() == cty.String && len(part.AsString()) >= ShortestSecret {
			found = append(found, part.AsString())
		}
		return true, nil
	})
	return found
}
