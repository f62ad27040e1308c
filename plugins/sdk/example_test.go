package sdk_test

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// greeting is a whole provider: `source "greeting" "x" { name = "world" }` is a table of one row.
type greeting struct{}

func (greeting) Schema() schema.Provider {
	return schema.Provider{
		Name: "greeting", Version: "1.0.0",
		Source: schema.Block{Attributes: []schema.Attribute{
			{Name: "name", Type: cty.String, Required: true, Doc: "Whom to greet."},
		}},
		Extract: map[string]schema.Block{schema.Batch: {}},
	}
}

func (greeting) Capabilities() sdk.Capabilities                       { return sdk.Capabilities{} }
func (greeting) Validate(context.Context, sdk.Config) sdk.Diagnostics { return nil }
func (greeting) Check(context.Context, sdk.Config) sdk.Diagnostics    { return nil }
func (greeting) columns() coltype.Schema {
	return coltype.Schema{{Name: "text", Type: coltype.Of(coltype.String)}}
}
func (g greeting) Discover(context.Context, sdk.Config) ([]sdk.Stream, sdk.Diagnostics) {
	return []sdk.Stream{{Name: "greeting", Columns: g.columns(), Rows: 1, Bytes: -1}}, nil
}

func (g greeting) Plan(_ context.Context, cfg sdk.Config, _ sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	name := cfg.Source.GetAttr("name").AsString()
	return &sdk.PlanResponse{Columns: g.columns(), Changed: true, Rows: 1, Bytes: -1, Fingerprint: name, Position: "a greeting"}, nil
}

func (greeting) Read(ctx context.Context, cfg sdk.Config, req sdk.ReadRequest, out sdk.Output) error {
	builder := array.NewRecordBuilder(memory.DefaultAllocator, arrowschema.FromColumns(req.Columns))
	defer builder.Release()
	builder.Field(0).(*array.StringBuilder).Append("Hello, " + cfg.Source.GetAttr("name").AsString() + "!")
	rows := builder.NewRecordBatch()
	defer rows.Release()
	return out.Batch(ctx, rows)
}

// The main of a plugin is one line.
func Example() {
	main := func() { sdk.Serve(greeting{}) }
	_ = main
}
