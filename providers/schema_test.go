package providers_test

import (
	"context"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers"
)

// TestSchemas checks what the built-in providers say of themselves, and that a source whose path isn't known yet passes
// a validation.
func TestSchemas(t *testing.T) {
	for name, provider := range providers.BuiltIn() {
		described := provider.Schema()
		if described.Name != name {
			t.Errorf("%s calls itself %s", name, described.Name)
		}
		if err := described.Verify(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for mode := range described.Extract {
			cfg := sdk.Config{Mode: mode, Source: cty.ObjectVal(map[string]cty.Value{"path": cty.UnknownVal(cty.String)})}
			if diags := provider.Validate(context.Background(), cfg); len(diags) > 0 {
				t.Errorf("%s: %v", name, diags)
			}
			if _, diags := provider.Plan(context.Background(), cfg, sdk.PlanRequest{}); !diags.HasErrors() {
				t.Errorf("%s plans what it doesn't know", name)
			}
		}
	}
}
