package csv

import (
	"context"
	"errors"
	"slices"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/delivery"
	"github.com/automic-etl/etl/providers/filesource"
	"github.com/automic-etl/etl/providers/ordered"
)

// parsed is a block after its worker is done with it.
type parsed struct {
	batch   arrow.RecordBatch
	ordinal []int32
	total   int
	bad     []sdk.BadRow
	raw     int64
}

// Read parses blocks in parallel and delivers them in order.
func (r *reader) Read(ctx context.Context, f filesource.File, read filesource.Read) (err error) {
	in, err := r.open(ctx, f)
	if errors.Is(err, errEmpty) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.stream.Close()) }()
	places := make([]int, len(read.Columns))
	for i, column := range read.Columns {
		places[i] = slices.Index(in.names, column.Name)
	}
	schema := arrowschema.FromColumns(read.Columns)
	work := func(b block) parsed {
		if b.bad != nil {
			return parsed{bad: []sdk.BadRow{*b.bad}, total: 1, raw: b.raw}
		}
		records := in.dialect.parse(b, in.names, f.Path)
		batch := records.batch(schema, read.Columns, places, utf8.Valid(b.data))
		return parsed{batch, records.ordinal, records.total, records.badRows(), b.raw}
	}
	next, done := int64(1), int64(0)
	return ordered.Run(ctx, read.Threads, in.next, work, func(p parsed) error {
		first := next
		next += int64(p.total)
		defer func() { read.Delivery.Read(p.raw - done); done = p.raw }()
		if err := read.Delivery.Bad(ctx, p.bad); err != nil || p.batch == nil {
			return err
		}
		return read.Delivery.Rows(ctx, delivery.Rows{Record: p.batch, Source: f.Path, Numbers: delivery.NumbersOf(first, p.ordinal)})
	})
}
