// Package diag builds the diagnostics of the language: a fixed summary without the user's names, and a detail that says
// what is wrong, why, and how to fix it.
package diag

import (
	"fmt"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// Error is a mistake at a place. The detail is formatted with args.
func Error(at hcl.Range, summary, detail string, args ...any) *hcl.Diagnostic {
	return build(hcl.DiagError, at, summary, detail, args)
}

// Warning is something that works and probably isn't meant.
func Warning(at hcl.Range, summary, detail string, args ...any) *hcl.Diagnostic {
	return build(hcl.DiagWarning, at, summary, detail, args)
}

func build(severity hcl.DiagnosticSeverity, at hcl.Range, summary, detail string, args []any) *hcl.Diagnostic {
	if len(args) > 0 {
		detail = fmt.Sprintf(detail, args...)
	}
	d := &hcl.Diagnostic{Severity: severity, Summary: summary, Detail: strings.TrimSpace(detail)}
	if at != (hcl.Range{}) {
		d.Subject = at.Ptr()
	}
	return d
}

// Unsupported says that a feature of the language isn't there yet, and what to do instead.
func Unsupported(at hcl.Range, what, instead string) *hcl.Diagnostic {
	return Error(at, "Not supported yet", "%s not supported by this version of etl. %s", what, instead)
}

type told struct{}

// Told stands for a mistake that was reported where it was made: what fails by it has nothing more to say.
func Told(at hcl.Range) *hcl.Diagnostic {
	d := Error(at, "Mistake elsewhere", "What this needs has a mistake, which was reported.")
	d.Extra = told{}
	return d
}

// IsTold says whether a diagnostic is not to be reported.
func IsTold(d *hcl.Diagnostic) bool {
	_, ok := d.Extra.(told)
	return ok
}

// Suggest returns ` Did you mean "x"?` with the name nearest to what was given, or nothing if none is near.
func Suggest(given string, names []string) string {
	if name := Nearest(given, names); name != "" {
		return fmt.Sprintf(" Did you mean %q?", name)
	}
	return ""
}

// List joins names for a sentence: `a, b and c`.
func List(names []string) string {
	switch len(names) {
	case 0:
		return "none"
	case 1:
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// Sort orders diagnostics by file and position, those without a place first.
func Sort(diags hcl.Diagnostics) {
	sort.SliceStable(diags, func(i, j int) bool {
		a, b := place(diags[i]), place(diags[j])
		if a.Filename != b.Filename {
			return a.Filename < b.Filename
		}
		return a.Start.Byte < b.Start.Byte
	})
}

func place(d *hcl.Diagnostic) hcl.Range {
	if d.Subject == nil {
		return hcl.Range{}
	}
	return *d.Subject
}

// Unique drops repeats: one mistake in the body of a block with for_each is one mistake, not one an instance.
func Unique(diags hcl.Diagnostics) hcl.Diagnostics {
	type identity struct {
		at              hcl.Range
		summary, detail string
	}
	seen := make(map[identity]bool, len(diags))
	kept := diags[:0]
	for _, d := range diags {
		id := identity{place(d), d.Summary, d.Detail}
		if !seen[id] {
			seen[id] = true
			kept = append(kept, d)
		}
	}
	return kept
}
