package cli

import (
	"slices"
	"testing"

	"github.com/hashicorp/hcl/v2"
)

// TestSaid gives rounds of warnings, and looks which of them are printed.
func TestSaid(t *testing.T) {
	s := &said{before: map[warning]bool{}, now: map[warning]bool{}}
	for i, round := range []struct {
		warned, want []string
		part         bool
	}{
		{warned: []string{"slow", "lags 1 MB"}, want: []string{"slow", "lags 1 MB"}},
		{warned: []string{"slow", "lags 2 MB"}, want: []string{"lags 2 MB"}},
		{warned: []string{"slow"}},
		{warned: nil, part: true},
		{warned: []string{"slow"}},
		{warned: nil},
		{warned: []string{"slow"}, want: []string{"slow"}},
	} {
		var diags hcl.Diagnostics
		for _, text := range round.warned {
			diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: "Warned", Detail: text})
		}
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Detail: "wrong"})
		var got []string
		for _, d := range s.unsaid(diags) {
			got = append(got, d.Detail)
		}
		if want := append(round.want, "wrong"); !slices.Equal(got, want) {
			t.Errorf("round %d says %q, want %q", i, got, want)
		}
		s.turn(!round.part)
	}
	if got := (*said)(nil).unsaid(hcl.Diagnostics{{Severity: hcl.DiagWarning}}); len(got) != 1 {
		t.Errorf("a single plan says %v", got)
	}
}
