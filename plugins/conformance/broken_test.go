package conformance_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/automic-etl/etl/plugins/conformance/numbers"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/sdk"
)

// named is the numbers provider under another name.
func named(name string) schema.Provider {
	s := numbers.Provider{}.Schema()
	s.Name = name
	return s
}

// forgetful reads from the start whatever the cursor says.
type forgetful struct{ numbers.Provider }

func (forgetful) Schema() schema.Provider { return named("forgetful") }

func (p forgetful) Read(ctx context.Context, cfg sdk.Config, req sdk.ReadRequest, out sdk.Output) error {
	req.Cursor = nil
	return p.Provider.Read(ctx, cfg, req, out)
}

// restless plans something else each time.
type restless struct{ numbers.Provider }

func (restless) Schema() schema.Provider { return named("restless") }

func (p restless) Plan(ctx context.Context, cfg sdk.Config, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	plan, ds := p.Provider.Plan(ctx, cfg, req)
	if plan != nil {
		plan.Position = fmt.Sprint(time.Now().UnixNano(), os.Getpid())
	}
	return plan, ds
}

// repeating sends another bad row on each read.
type repeating struct{ numbers.Provider }

func (repeating) Schema() schema.Provider { return named("repeating") }

func (p repeating) Read(ctx context.Context, cfg sdk.Config, req sdk.ReadRequest, out sdk.Output) error {
	if err := out.Bad(ctx, []sdk.BadRow{{Raw: fmt.Sprint(time.Now().UnixNano()), Reason: "the time"}}); err != nil {
		return err
	}
	return p.Provider.Read(ctx, cfg, req, out)
}
