package conformance_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

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

// overlapping sends the last rows again, and says so.
type overlapping struct{ numbers.Provider }

func (overlapping) Schema() schema.Provider { return named("overlapping") }

func (p overlapping) Plan(ctx context.Context, cfg sdk.Config, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	plan, ds := p.Provider.Plan(ctx, cfg, req)
	if plan != nil && len(req.Cursor) > 0 {
		plan.Overlap = &sdk.Overlap{Column: "n", From: "0"}
	}
	return plan, ds
}

func (p overlapping) Read(ctx context.Context, cfg sdk.Config, req sdk.ReadRequest, out sdk.Output) error {
	return p.Provider.Read(ctx, cfg, moved(req, -30), out)
}

// moved is a request from some rows before the cursor or after it.
func moved(req sdk.ReadRequest, by int) sdk.ReadRequest {
	var next int
	if _, err := fmt.Sscanf(string(req.Cursor["p0"]), `{"v":1,"next":%d}`, &next); err == nil {
		req.Cursor = map[string][]byte{"p0": fmt.Appendf(nil, `{"v":1,"next":%d}`, max(0, next+by))}
	}
	return req
}

// lossy claims to send rows again and leaves one out instead.
type lossy struct{ overlapping }

func (lossy) Schema() schema.Provider { return named("lossy") }

func (p lossy) Read(ctx context.Context, cfg sdk.Config, req sdk.ReadRequest, out sdk.Output) error {
	return p.Provider.Read(ctx, cfg, moved(req, 1), out)
}

// keyless sends the keys of some rows.
type keyless struct{ numbers.Provider }

func (keyless) Schema() schema.Provider { return named("keyless") }

func (p keyless) Read(ctx context.Context, cfg sdk.Config, req sdk.ReadRequest, out sdk.Output) error {
	if req.KeysOnly {
		req.Until = []byte("300")
	}
	return p.Provider.Read(ctx, cfg, req, out)
}

// leaky starts something in each plan that never ends.
type leaky struct{ numbers.Provider }

func (leaky) Schema() schema.Provider { return named("leaky") }

func (p leaky) Plan(ctx context.Context, cfg sdk.Config, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	go func() { select {} }()
	return p.Provider.Plan(ctx, cfg, req)
}

// abandoning leaves what it started when a read is cancelled, and only then.
type abandoning struct{ numbers.Provider }

func (abandoning) Schema() schema.Provider { return named("abandoning") }

func (p abandoning) Read(ctx context.Context, cfg sdk.Config, req sdk.ReadRequest, out sdk.Output) error {
	err := p.Provider.Read(ctx, cfg, req, &slowed{Output: out})
	if ctx.Err() != nil {
		go func() { select {} }()
	}
	return err
}

// slowed pauses before its second batch, so that a read is still at it when it is cancelled.
type slowed struct {
	sdk.Output
	sent int
}

func (s *slowed) Batch(ctx context.Context, rows arrow.RecordBatch) error {
	if s.sent++; s.sent == 2 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return s.Output.Batch(ctx, rows)
}
