package view

import (
	"cmp"
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// folded is a diagnostic with the other places where the very same is to be said.
type folded struct {
	*hcl.Diagnostic
	also []hcl.Range
}

// fold sorts diagnostics, drops repeats, and joins those that differ in their place only. Errors come last, where a
// terminal shows them.
func fold(diags hcl.Diagnostics) []folded {
	sorted := slices.Clone(diags)
	slices.SortStableFunc(sorted, func(a, b *hcl.Diagnostic) int {
		return cmp.Or(
			cmp.Compare(b.Severity, a.Severity), comparePlaces(a.Subject, b.Subject),
			cmp.Compare(a.Summary, b.Summary), cmp.Compare(a.Detail, b.Detail),
		)
	})
	type message struct {
		severity        hcl.DiagnosticSeverity
		summary, detail string
	}
	index := map[message]int{}
	var out []folded
	for _, d := range sorted {
		key := message{d.Severity, d.Summary, d.Detail}
		i, seen := index[key]
		switch {
		case !seen:
			index[key] = len(out)
			out = append(out, folded{Diagnostic: d})
		case d.Subject != nil && !out[i].covers(*d.Subject):
			out[i].also = append(out[i].also, *d.Subject)
		}
	}
	return out
}

func (f folded) covers(r hcl.Range) bool {
	return f.Subject != nil && *f.Subject == r || slices.Contains(f.also, r)
}

// comparePlaces orders by file and position; what has no place comes last.
func comparePlaces(a, b *hcl.Range) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return cmp.Or(
		cmp.Compare(a.Filename, b.Filename),
		cmp.Compare(a.Start.Line, b.Start.Line), cmp.Compare(a.Start.Column, b.Start.Column),
	)
}
