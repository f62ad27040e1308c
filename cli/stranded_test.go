package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/state"
)

// TestStranded: only a source that tells each change once doesn't go back with a table.
func TestStranded(t *testing.T) {
	of := func(name, mode string) *config.Source {
		return &config.Source{Addr: addr.Address{Kind: addr.Source, Type: "shop", Name: name}, Mode: mode}
	}
	w := &workspace{project: &config.Project{Sources: []*config.Source{of("followed", schema.Delta), of("whole", schema.Batch)}}}
	for from, want := range map[string]string{"source.shop.followed": "-resnapshot=table.bronze.t", "source.shop.whole": "", "source.shop.gone": "", "table.bronze.u": ""} {
		definition, err := json.Marshal(config.Definition{Data: []config.Item{{Path: "from", Value: from}}})
		if err != nil {
			t.Fatal(err)
		}
		said := w.stranded(&state.Table{Address: "table.bronze.t", Definition: definition})
		if want == "" && said != "" || !strings.Contains(said, want) {
			t.Errorf("of a table from %s it says %q", from, said)
		}
	}
}

// TestReportUninterrupted: after an interrupt, what failed is only its echo; what is no failure is still said.
func TestReportUninterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var errs bytes.Buffer
	w := &workspace{environment: &environment{stderr: &errs}, project: &config.Project{}}
	failed := hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "The provider failed", Detail: "context canceled"}}
	if !w.reportUninterrupted(ctx, failed) || !strings.Contains(errs.String(), "The provider failed") {
		t.Errorf("it says %q", errs.String())
	}
	cancel()
	errs.Reset()
	if !w.reportUninterrupted(ctx, failed) || errs.String() != "Interrupted.\n" {
		t.Errorf("after an interrupt it says %q", errs.String())
	}
	if w.reportUninterrupted(ctx, hcl.Diagnostics{{Severity: hcl.DiagWarning, Summary: "Odd"}}) || !strings.Contains(errs.String(), "Odd") {
		t.Errorf("of a warning it says %q", errs.String())
	}
}
