package providers_test

import (
	"context"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers"
)

// TestSchemas checks what the built-in providers say of themselves, and that a source of which nothing is known yet
// passes a validation.
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
			cfg := sdk.Config{Mode: mode, Source: unknown(described.Source), Extract: unknown(described.Extract[mode])}
			if described.Connection != nil {
				cfg.Connection = unknown(*described.Connection)
			}
			if diags := provider.Validate(context.Background(), cfg); len(diags) > 0 {
				t.Errorf("%s: %v", name, diags)
			}
			if _, diags := provider.Plan(context.Background(), cfg, sdk.PlanRequest{}); !diags.HasErrors() {
				t.Errorf("%s plans what it doesn't know", name)
			}
		}
	}
}

func unknown(block schema.Block) cty.Value {
	values := map[string]cty.Value{}
	for name, attribute := range block.ImpliedType().AttributeTypes() {
		values[name] = cty.UnknownVal(attribute)
	}
	return cty.ObjectVal(values)
}
