package engine

import (
	"context"
	"fmt"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// scripted is the name of a provider whose sources do what a test says.
const scripted = "script"

// script is a provider in this process: a database of which the test moves the rows.
type script struct {
	mu         sync.Mutex
	streams    map[string]stream
	lakehouses []string // the ids that it was told, call by call
}

// stream is a source's table.
type stream interface {
	plan(cfg sdk.Config, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics)
	read(ctx context.Context, cfg sdk.Config, req sdk.ReadRequest, out *output) error
}

func (*script) Schema() schema.Provider {
	return schema.Provider{
		Name: scripted, Version: "1",
		Connection: &schema.Block{Attributes: []schema.Attribute{{Name: "host", Type: cty.String}}},
		Source:     schema.Block{Attributes: []schema.Attribute{{Name: "table", Type: cty.String, Required: true}}},
		Extract: map[string]schema.Block{
			schema.Batch: {},
			schema.Incremental: {Attributes: []schema.Attribute{
				{Name: "cursor", Kind: schema.Column, Required: true}, {Name: "lookback", Type: cty.Number, Default: cty.NumberIntVal(0)},
				{Name: "detect_deletes", Type: cty.Bool, Default: cty.False},
			}},
			schema.Delta: {},
		},
	}
}

func (s *script) stream(cfg sdk.Config) (stream, error) {
	name := cfg.Source.GetAttr("table").AsString()
	s.lakehouses = append(s.lakehouses, cfg.Lakehouse)
	found, ok := s.streams[name]
	if !ok {
		return nil, fmt.Errorf("there is no table %s", name)
	}
	return found, nil
}

func (s *script) Plan(_ context.Context, _ string, cfg sdk.Config, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.stream(cfg)
	if err != nil {
		return nil, nil, err
	}
	response, diags := found.plan(cfg, req)
	return response, diags, nil
}

func (s *script) Read(ctx context.Context, _ string, cfg sdk.Config, req sdk.ReadRequest, sink host.Sink) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.stream(cfg)
	if err != nil {
		return err
	}
	return found.read(ctx, cfg, req, &output{Sink: sink, origin: host.Origin{Source: cfg.Source.GetAttr("table").AsString(), FirstRow: 1}})
}

// send hands rows over, in batches.
func (o *output) send(ctx context.Context, columns coltype.Schema, rows []map[string]any, size int) error {
	for len(rows) > 0 {
		n := min(size, len(rows))
		batch := batchOf(columns, rows[:n])
		err := o.Batch(ctx, batch)
		batch.Release()
		if err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// batchOf makes a batch; a column that a row doesn't name is null.
func batchOf(columns coltype.Schema, rows []map[string]any) arrow.RecordBatch {
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrowschema.FromColumns(columns))
	defer b.Release()
	for _, row := range rows {
		for i, c := range columns {
			appendValue(b.Field(i), row[c.Name])
		}
	}
	return b.NewRecordBatch()
}

func appendValue(b array.Builder, value any) {
	switch b := b.(type) {
	case *array.Int64Builder:
		if v, ok := value.(int64); ok {
			b.Append(v)
			return
		}
	case *array.Float64Builder:
		if v, ok := value.(float64); ok {
			b.Append(v)
			return
		}
	case *array.StringBuilder:
		if v, ok := value.(string); ok {
			b.Append(v)
			return
		}
	case *array.TimestampBuilder:
		if v, ok := value.(int64); ok {
			b.Append(arrow.Timestamp(v))
			return
		}
	case *array.ListBuilder:
		if v, ok := value.([]string); ok {
			b.Append(true)
			for _, s := range v {
				appendValue(b.ValueBuilder(), s)
			}
			return
		}
	}
	if value != nil {
		panic(fmt.Sprintf("a %T can't be appended by a %T", value, b))
	}
	b.AppendNull()
}

// follower is a stream that is followed.
type follower interface {
	follow(call string, cursor map[string][]byte) sdk.Diagnostics
}

func (s *script) follow(cfg sdk.Config, call string, cursor map[string][]byte) (sdk.Diagnostics, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.stream(cfg)
	if err != nil {
		return nil, err
	}
	f, ok := found.(follower)
	if !ok {
		return nil, fmt.Errorf("%s can't be followed", cfg.Address)
	}
	return f.follow(call, cursor), nil
}

func (s *script) Prepare(_ context.Context, _ string, cfg sdk.Config) (sdk.Diagnostics, error) {
	return s.follow(cfg, "prepare", nil)
}

func (s *script) Acknowledge(_ context.Context, _ string, cfg sdk.Config, cursor map[string][]byte) (sdk.Diagnostics, error) {
	return s.follow(cfg, "acknowledge", cursor)
}

func (s *script) Release(_ context.Context, _ string, cfg sdk.Config) (sdk.Diagnostics, error) {
	return s.follow(cfg, "release", nil)
}
