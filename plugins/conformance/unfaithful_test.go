package conformance_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automic-etl/etl/plugins/conformance/numbers"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/sdk"
)

// resender goes back a transaction for good measure.
type resender struct{ numbers.Provider }

func (resender) Schema() schema.Provider { return named("resender") }

func (p resender) Read(ctx context.Context, cfg sdk.Config, req sdk.ReadRequest, out sdk.Output) error {
	var tx int
	if _, err := fmt.Sscanf(string(req.Cursor[""]), `{"v":1,"tx":%d}`, &tx); err == nil && tx > 1 {
		req.Cursor = map[string][]byte{"": fmt.Appendf(nil, `{"v":1,"tx":%d}`, tx-1)}
	}
	return p.Provider.Read(ctx, cfg, req, out)
}

// moody gives a change another position on each read.
type moody struct{ numbers.Provider }

func (moody) Schema() schema.Provider { return named("moody") }

func (p moody) Read(ctx context.Context, cfg sdk.Config, req sdk.ReadRequest, out sdk.Output) error {
	return p.Provider.Read(ctx, cfg, req, &renumbered{Output: out})
}

// renumbered adds the number of changes of this read to each position.
type renumbered struct {
	sdk.Output
	sent int
}

func (r *renumbered) Batch(ctx context.Context, rows arrow.RecordBatch) error {
	return replaced(ctx, r.Output, rows, func(position string) string {
		r.sent++
		return fmt.Sprintf("%s/%d", position, r.sent)
	})
}

// replaced sends a batch with other positions.
func replaced(ctx context.Context, out sdk.Output, rows arrow.RecordBatch, position func(string) string) error {
	columns := append([]arrow.Array(nil), rows.Columns()...)
	at := rows.Schema().FieldIndices(sdk.PositionColumn)[0]
	builder := array.NewStringBuilder(memory.DefaultAllocator)
	defer builder.Release()
	for i := range int(rows.NumRows()) {
		builder.Append(position(columns[at].ValueStr(i)))
	}
	columns[at] = builder.NewArray()
	return out.Batch(ctx, array.NewRecordBatch(rows.Schema(), columns, rows.NumRows()))
}

// doubling gives all changes of a transaction the same position.
type doubling struct{ numbers.Provider }

func (doubling) Schema() schema.Provider { return named("doubling") }

func (p doubling) Read(ctx context.Context, cfg sdk.Config, req sdk.ReadRequest, out sdk.Output) error {
	return p.Provider.Read(ctx, cfg, req, &cut{out})
}

type cut struct{ sdk.Output }

func (c *cut) Batch(ctx context.Context, rows arrow.RecordBatch) error {
	return replaced(ctx, c.Output, rows, func(position string) string {
		tx, sequence, _ := strings.Cut(position, "/")
		if len(strings.TrimLeft(sequence, "0")) > 5 { // a snapshot's
			return position
		}
		return tx
	})
}

// greedy reads all that there is.
type greedy struct{ numbers.Provider }

func (greedy) Schema() schema.Provider { return named("greedy") }

func (p greedy) Read(ctx context.Context, cfg sdk.Config, req sdk.ReadRequest, out sdk.Output) error {
	req.Until = nil
	return p.Provider.Read(ctx, cfg, req, out)
}

// skipping goes on from where the source stands if it is further than the cursor.
type skipping struct{ numbers.Provider }

func (skipping) Schema() schema.Provider { return named("skipping") }

func (p skipping) Plan(ctx context.Context, cfg sdk.Config, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	plan, ds := p.Provider.Plan(ctx, cfg, req)
	if plan != nil {
		plan.Resumable = true
	}
	return plan, ds
}

func (p skipping) Read(ctx context.Context, cfg sdk.Config, req sdk.ReadRequest, out sdk.Output) error {
	err := p.Provider.Read(ctx, cfg, req, out)
	if err != nil && strings.Contains(err.Error(), "confirmed up to") {
		return out.Checkpoint(ctx, "", fmt.Appendf(nil, `{"v":1,"tx":%s}`, req.Until))
	}
	return err
}

// eager creates while it plans.
type eager struct{ numbers.Provider }

func (eager) Schema() schema.Provider { return named("eager") }

func (p eager) Plan(ctx context.Context, cfg sdk.Config, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	plan, ds := p.Provider.Plan(ctx, cfg, req)
	return plan, append(ds, p.Prepare(ctx, cfg)...)
}

// impatient can't prepare what is prepared.
type impatient struct{ numbers.Provider }

func (impatient) Schema() schema.Provider { return named("impatient") }

func (p impatient) Prepare(ctx context.Context, cfg sdk.Config) sdk.Diagnostics {
	entries, err := os.ReadDir(cfg.Dir)
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), ".slot") {
			return sdk.Errorf("There already", "%s is there already, %v.", entry.Name(), err)
		}
	}
	return p.Provider.Prepare(ctx, cfg)
}

// sharing keeps one slot for all lakehouses.
type sharing struct{ numbers.Provider }

func (sharing) Schema() schema.Provider { return named("sharing") }

func (p sharing) Plan(ctx context.Context, cfg sdk.Config, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	cfg.Lakehouse = ""
	return p.Provider.Plan(ctx, cfg, req)
}

func (p sharing) Read(ctx context.Context, cfg sdk.Config, req sdk.ReadRequest, out sdk.Output) error {
	cfg.Lakehouse = ""
	return p.Provider.Read(ctx, cfg, req, out)
}

func (p sharing) Prepare(ctx context.Context, cfg sdk.Config) sdk.Diagnostics {
	cfg.Lakehouse = ""
	return p.Provider.Prepare(ctx, cfg)
}

func (p sharing) Acknowledge(ctx context.Context, cfg sdk.Config, cursor map[string][]byte) sdk.Diagnostics {
	cfg.Lakehouse = ""
	return p.Provider.Acknowledge(ctx, cfg, cursor)
}

func (p sharing) Release(ctx context.Context, cfg sdk.Config) sdk.Diagnostics {
	cfg.Lakehouse = ""
	return p.Provider.Release(ctx, cfg)
}
