package cli

import (
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/plan"
)

// TestUnshown leaves out what the printed plan warned of, and nothing else.
func TestUnshown(t *testing.T) {
	diags := hcl.Diagnostics{
		{Severity: hcl.DiagWarning, Summary: "Something is left at a source", Detail: "source.postgres.t keeps a slot."},
		{Severity: hcl.DiagWarning, Summary: "A check failed", Detail: "The check fails for 1 row."},
		{Severity: hcl.DiagError, Summary: "Mistake", Detail: "source.postgres.t keeps a slot."},
	}
	tests := map[string]struct {
		shown *plan.Plan
		want  int
	}{
		"no plan":     {nil, 3},
		"silent plan": {&plan.Plan{}, 3},
		"of a table":  {&plan.Plan{Tables: []plan.Table{{Warnings: []string{"source.postgres.t keeps a slot."}}}}, 2},
		"of the plan": {&plan.Plan{Warnings: []plan.Message{{Summary: "Kept", Detail: "The check fails for 1 row."}}}, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := (&workspace{shown: test.shown}).unshown(diags)
			if len(got) != test.want || got[len(got)-1].Summary != "Mistake" {
				t.Errorf("of 3 messages these are said: %v", got)
			}
		})
	}
}
