package postgres

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/delivery"
	"github.com/automic-etl/etl/providers/postgres/column"
	"github.com/automic-etl/etl/providers/postgres/session"
)

// Read sends all rows of one state of the source. Where connections are lost before anything was handed over, it sends those
// of a later state.
func (Provider) Read(ctx context.Context, cfg sdk.Config, req sdk.ReadRequest, out sdk.Output) error {
	o, diags := configure(cfg)
	if diags.HasErrors() {
		return diags
	}
	c, err := session.Open(ctx, o.settings)
	if err != nil {
		return o.diagnoseConnect(ctx, err)
	}
	defer func() { c.Close() }()
	if o.mode == schema.Delta && !req.KeysOnly {
		return o.readChanges(ctx, c, req, out)
	}
	first := true
	err = delivery.Again(ctx, out, session.Lost, func(out sdk.Output) error {
		if !first {
			again, err := session.Open(ctx, o.settings)
			if err != nil {
				return err
			}
			c.Close()
			c = again
		}
		first = false
		return o.readRows(ctx, c, req, out)
	})
	if ctx.Err() == nil && session.Lost(err) {
		return o.diagnose(err)
	}
	return err
}

// readRows reads once. A lost connection is not worded yet.
func (o options) readRows(ctx context.Context, c *session.Conn, req sdk.ReadRequest, out sdk.Output) error {
	if err := c.Begin(ctx, ""); err != nil {
		return o.unlessLost(err)
	}
	s, diags := o.survey(ctx, c)
	if diags.HasErrors() {
		return diags
	}
	if o.mode == schema.Incremental && !req.KeysOnly {
		return s.readIncrement(ctx, c, req, out)
	}
	pieces, err := s.pieces(ctx, c)
	if err != nil {
		return s.unlessLost(err)
	}
	return s.readPieces(ctx, c, pieces, req, out, func(d *delivery.Delivery) error { return d.Flush(ctx) })
}

// unlessLost words an error that another attempt would not mend.
func (o options) unlessLost(err error) error {
	if session.Lost(err) {
		return err
	}
	return o.diagnose(err)
}

// readPieces reads the pieces in the snapshot of a connection, and ends the delivery.
func (s *source) readPieces(
	ctx context.Context, c *session.Conn, pieces []piece, req sdk.ReadRequest, out sdk.Output, end func(*delivery.Delivery) error,
) error {
	r := s.reading(req.Columns, req.BatchSize)
	d := delivery.New(out, req, s.size(ctx, c))
	defer d.Abandon()
	if err := r.run(ctx, c, pieces, d); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return s.unlessLost(err)
	}
	return end(d)
}

// size is about how many bytes the source has; a wrong number makes files smaller or larger than they should be.
func (s *source) size(ctx context.Context, c *session.Conn) int64 {
	rows, width, err := s.estimate(ctx, c, "")
	if err != nil {
		return 0
	}
	return rows * width
}

// reading is a read of some pieces over several connections.
type reading struct {
	*source
	selected  selection
	schema    *arrow.Schema
	batchSize int
	// snapshot is what the connections share; empty: that of the first one.
	snapshot string
	// next is the number of the next row.
	next int64
	// finish makes of a batch what is delivered; nil where that is the same.
	finish func(rows arrow.RecordBatch, first int64) arrow.RecordBatch
}

func (s *source) reading(columns coltype.Schema, batchSize int) *reading {
	r := &reading{source: s, selected: s.selects(columns), schema: arrowschema.FromColumns(columns), batchSize: max(batchSize, 1), next: 1}
	if s.relation != nil {
		r.selected.also(s.fields, s.relation.Key)
	}
	return r
}

// arrival is what a connection has read: rows, or one that can't be represented.
type arrival struct {
	rows  arrow.RecordBatch
	bytes int64
	bad   *sdk.BadRow
}

// run shares the pieces out among connections and delivers what they read, from this goroutine alone.
func (r *reading) run(ctx context.Context, c *session.Conn, pieces []piece, d *delivery.Delivery) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	arrivals, todo := make(chan arrival), make(chan piece)
	var group sync.WaitGroup
	work := func(c *session.Conn) {
		if err := r.work(ctx, c, todo, arrivals); err != nil {
			cancel(err)
		}
	}
	workers := min(r.connections(), len(pieces))
	snapshot := r.snapshot
	if workers > 1 && snapshot == "" {
		var err error
		if snapshot, err = c.Export(ctx); err != nil {
			return err
		}
	}
	group.Go(func() {
		defer close(todo)
		for _, p := range pieces {
			select {
			case todo <- p:
			case <-ctx.Done():
				return
			}
		}
	})
	group.Go(func() { work(c) }) // of no pieces it only waits for the end
	for range workers - 1 {
		group.Go(func() {
			err := r.join(ctx, snapshot, work)
			if err != nil {
				cancel(err)
			}
		})
	}
	go func() {
		group.Wait()
		close(arrivals)
	}()
	err := r.deliver(ctx, cancel, arrivals, d)
	group.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// join works over a connection of its own that sees the same snapshot.
func (r *reading) join(ctx context.Context, snapshot string, work func(*session.Conn)) error {
	c, err := session.Open(ctx, r.settings)
	if session.Lost(err) {
		return err
	}
	if err != nil {
		return r.diagnoseConnect(ctx, err)
	}
	defer c.Close()
	if err := c.Begin(ctx, snapshot); err != nil {
		if session.SnapshotGone(err) {
			return fmt.Errorf("the connection whose snapshot is shared was lost: %w", net.ErrClosed)
		}
		return err
	}
	work(c)
	return nil
}

// deliver numbers the rows in the order in which they arrive.
func (r *reading) deliver(ctx context.Context, cancel context.CancelCauseFunc, arrivals <-chan arrival, d *delivery.Delivery) error {
	var failed error
	for a := range arrivals {
		if failed == nil {
			failed = r.take(ctx, a, d)
			if failed != nil {
				cancel(failed)
			}
		} else if a.rows != nil {
			a.rows.Release()
		}
	}
	return failed
}

func (r *reading) take(ctx context.Context, a arrival, d *delivery.Delivery) error {
	if a.bad != nil {
		r.next++
		return d.Bad(ctx, []sdk.BadRow{*a.bad})
	}
	first, rows := r.next, a.rows
	r.next += rows.NumRows()
	if r.finish != nil {
		rows = r.finish(rows, first)
	}
	if err := d.Rows(ctx, delivery.Rows{Record: rows, Source: r.label(), Numbers: delivery.Numbers{First: first}}); err != nil {
		return err
	}
	d.Read(a.bytes)
	return nil
}

// batchBytes bounds a batch of wide rows.
const batchBytes = 8 << 20

// work copies pieces until there are no more.
func (r *reading) work(ctx context.Context, c *session.Conn, todo <-chan piece, arrivals chan<- arrival) error {
	columns := r.selected.columns()
	var unsent error
	send := func(a arrival) error {
		select {
		case arrivals <- a:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	tuples := column.NewTuples(columns, func(values column.Values, at int, reason error) {
		if err := send(arrival{bad: r.bad(values, at, reason)}); err != nil {
			unsent = err
		}
	})
	flush := func() error {
		a := arrival{rows: r.batch(columns, tuples.Rows()), bytes: int64(tuples.Bytes())}
		tuples.Begin()
		return send(a)
	}
	for p := range todo {
		tuples.Next()
		err := c.Copy(ctx, r.copySQL(&r.selected, p), func(data []byte) error {
			if err := tuples.Feed(data); err != nil || unsent != nil {
				return err
			}
			if tuples.Rows() >= r.batchSize || tuples.Bytes() >= batchBytes {
				return flush()
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if tuples.Rows() == 0 {
		return nil
	}
	return flush()
}

// batch hands the columns over in the order in which they are wanted.
func (r *reading) batch(columns []column.Column, rows int) arrow.RecordBatch {
	made := make([]arrow.Array, len(columns))
	for i, c := range columns {
		made[i] = c.Array()
	}
	arrays := make([]arrow.Array, len(r.selected.wanted))
	for i, want := range r.selected.wanted {
		if place := r.selected.places[i]; place >= 0 {
			arrays[i] = made[place]
			continue
		}
		absent := column.Absent(want.Type)
		for range rows {
			absent.Null()
		}
		arrays[i] = absent.Array()
	}
	return array.NewRecordBatch(r.schema, arrays, int64(rows))
}

// bad describes a row that can't be represented: all of it as text, and its key.
func (r *reading) bad(values column.Values, at int, reason error) *sdk.BadRow {
	return &sdk.BadRow{
		Raw:      r.selected.rawText(values),
		Reason:   "column " + quoteName(r.selected.copied[at].name) + ": " + r.selected.shown(values, at) + ": " + reason.Error(),
		Source:   r.label(),
		Position: r.position(values),
	}
}

// position names a row by its key.
func (r *reading) position(values column.Values) string {
	var key []string
	if r.relation != nil {
		key = r.relation.Key
	}
	var parts []string
	for _, name := range key {
		for i, c := range r.selected.copied {
			if c.name == name {
				parts = append(parts, name+"="+r.selected.shown(values, i))
			}
		}
	}
	if parts == nil {
		return ""
	}
	return "key " + strings.Join(parts, ", ")
}
