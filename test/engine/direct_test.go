package engine

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/csv"
)

// direct asks and reads the csv provider as the host would, in this process.
type direct struct{}

func (direct) Plan(ctx context.Context, _ string, cfg sdk.Config, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics, error) {
	response, diags := csv.New().Plan(ctx, cfg, req)
	return response, diags, nil
}

func (direct) Read(ctx context.Context, _ string, cfg sdk.Config, req sdk.ReadRequest, sink host.Sink) error {
	return csv.New().Read(ctx, cfg, req, &output{Sink: sink})
}

func (direct) Prepare(context.Context, string, sdk.Config) (sdk.Diagnostics, error) {
	return nil, &host.UnsupportedError{}
}

func (direct) Acknowledge(context.Context, string, sdk.Config, map[string][]byte) (sdk.Diagnostics, error) {
	return nil, &host.UnsupportedError{}
}

func (direct) Release(context.Context, string, sdk.Config) (sdk.Diagnostics, error) {
	return nil, &host.UnsupportedError{}
}

// output hands a provider's rows to the sink.
type output struct {
	host.Sink
	origin host.Origin
}

func (o *output) Batch(ctx context.Context, rows arrow.RecordBatch) error {
	err := o.Sink.Batch(ctx, o.origin, rows)
	o.origin.FirstRow += rows.NumRows()
	return err
}

func (o *output) Origin(source string, firstRow int64) {
	o.origin = host.Origin{Source: source, FirstRow: firstRow}
}
