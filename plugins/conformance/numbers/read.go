package numbers

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/sdk"
)

// Read is part of sdk.Provider: it sends one partition, with a checkpoint after each batch.
func (Provider) Read(ctx context.Context, cfg sdk.Config, req sdk.ReadRequest, out sdk.Output) error {
	s, ds := decode(cfg)
	if ds.HasErrors() {
		return ds
	}
	if cfg.Mode == schema.Delta {
		return s.changes(ctx, cfg, req, out)
	}
	s.rows = min(s.rows, int64(until(req.Until, int(s.rows))))
	p, name, err := s.partition(req.Partition)
	if err != nil {
		return err
	}
	next, err := sent(req.Cursor, name)
	if err != nil {
		return err
	}
	r := &reader{settings: s, schema: arrowschema.FromColumns(req.Columns), partition: p, name: name, out: out}
	return r.from(ctx, next, int64(max(req.BatchSize, 1)))
}

func (s settings) partition(name string) (int64, string, error) {
	if name == "" {
		name = partition(0)
	}
	for p := range s.partitions {
		if partition(p) == name {
			return p, name, nil
		}
	}
	return 0, "", sdk.Errorf("Unknown partition", "There is no partition %q.", name)
}

type reader struct {
	settings
	schema    *arrow.Schema
	partition int64
	name      string
	out       sdk.Output
}

func (r *reader) from(ctx context.Context, next, size int64) error {
	total := r.in(r.partition)
	for next < total {
		if err := r.misread(ctx, next); err != nil {
			return err
		}
		end := min(next+size, total)
		if r.fault != "" && next < r.faultAt {
			end = min(end, r.faultAt)
		}
		if err := r.send(ctx, next, end); err != nil {
			return err
		}
		next = end
		text, err := json.Marshal(cursor{Version: 1, Next: next})
		if err != nil {
			return err
		}
		if err := r.out.Checkpoint(ctx, r.name, text); err != nil {
			return err
		}
		r.out.Progress(next, 0)
	}
	return r.misread(ctx, next)
}

// send makes the rows from start to end of the partition. Row i of the partition is number i·partitions+partition.
func (r *reader) send(ctx context.Context, start, end int64) error {
	builder := array.NewRecordBuilder(memory.DefaultAllocator, r.schema)
	defer builder.Release()
	var bad []sdk.BadRow
	for i := start; i < end; i++ {
		n := i*r.partitions + r.partition
		if r.badEvery > 0 && n%r.badEvery == r.badEvery-1 {
			bad = append(bad, sdk.BadRow{
				Raw: fmt.Sprintf("raw \xff %d", n), Reason: "made bad", Source: r.name, Position: fmt.Sprintf("number %d", n),
			})
			continue
		}
		for c, field := range builder.Fields() {
			value(field, n, r.schema.Field(c).Nullable)
		}
	}
	rows := builder.NewRecordBatch()
	defer rows.Release()
	r.out.Origin(r.name, start+1)
	if err := r.out.Batch(ctx, rows); err != nil {
		return err
	}
	if len(bad) == 0 {
		return nil
	}
	return r.out.Bad(ctx, bad)
}
