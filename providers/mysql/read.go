package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/delivery"
	"github.com/automic-etl/etl/providers/mysql/cell"
	"github.com/automic-etl/etl/providers/ordered"
)

// reading is one read of a relation's rows under way.
type reading struct {
	server   *server
	relation *relation
	layout   *layout
	request  sdk.ReadRequest
	where    []string // conditions besides the ranges'
	args     []any
	deliver  func(ctx context.Context, rows []arrow.RecordBatch, bad []sdk.BadRow) error
}

// divideFrom is how many rows justify several connections.
const divideFrom = 50_000

func (p *Provider) readBatch(ctx context.Context, s *server, req sdk.ReadRequest, out sdk.Output) error {
	r, diags := s.describe(ctx, s.db)
	if diags.HasErrors() {
		return diags
	}
	d := delivery.New(out, req, max(r.bytes, 0))
	defer d.Abandon()
	read := newReading(s, r, req, d)
	snap, err := s.snapshot(ctx, r, read.connections())
	if err != nil {
		return err
	}
	err = read.rows(ctx, snap)
	if err = errors.Join(err, snap.close()); err != nil {
		return err
	}
	return d.Flush(ctx)
}

// newReading delivers rows numbered from 1.
func newReading(s *server, r *relation, req sdk.ReadRequest, d *delivery.Delivery) *reading {
	read := &reading{server: s, relation: r, layout: newLayout(r, req.Columns), request: req}
	if s.options.where != "" {
		read.where = append(read.where, "("+s.options.where+"\n)")
	}
	next := int64(1)
	read.deliver = func(ctx context.Context, batches []arrow.RecordBatch, bad []sdk.BadRow) error {
		if err := d.Bad(ctx, bad); err != nil {
			return err
		}
		for _, rows := range batches {
			first, n := next, rows.NumRows()
			next += n
			if err := d.Rows(ctx, delivery.Rows{Record: rows, Source: r.source, Numbers: delivery.Numbers{First: first}}); err != nil {
				return err
			}
		}
		d.Read(0)
		return nil
	}
	return read
}

// connections are those that the read can use: one that finds ranges, and the others that read them.
func (r *reading) connections() int {
	if r.server.options.parallelism < 2 || !r.relation.divisible() || r.relation.engine != "InnoDB" || r.relation.rows < divideFrom {
		return 1
	}
	return r.server.options.parallelism + 1
}

func (r *reading) rows(ctx context.Context, snap *snapshot) error {
	if len(snap.conns) == 1 {
		return r.inOne(ctx, snap.conns[0])
	}
	return r.inRanges(ctx, snap)
}

func (r *reading) statement(ranged piece) (string, []any) {
	if r.relation.query != "" && len(r.where) == 0 {
		return r.relation.query, nil
	}
	query := "SELECT " + r.layout.list() + " FROM " + r.relation.from
	conditions, args := r.where, r.args
	if ranged.where != "" {
		query += " FORCE INDEX (" + quote(r.relation.index) + ")"
		conditions = append([]string{ranged.where}, conditions...)
		args = append(append([]any(nil), ranged.args...), args...)
	}
	if len(conditions) > 0 {
		query += " WHERE " + strings.Join(conditions, " AND ")
	}
	if ranged.where != "" {
		query += " ORDER BY " + quoted(r.relation.key)
	}
	return query, args
}

// inOne reads everything by one statement.
func (r *reading) inOne(ctx context.Context, conn *sql.Conn) error {
	query, args := r.statement(piece{})
	return r.collect(ctx, conn, query, args, r.deliver)
}

// collect cuts the rows of a statement into batches.
func (r *reading) collect(ctx context.Context, conn *sql.Conn, query string, args []any,
	take func(context.Context, []arrow.RecordBatch, []sdk.BadRow) error,
) error {
	rows := newBatch(r.layout)
	defer rows.release()
	cells := make([]cell.Cell, len(r.layout.selected))
	send := func() error {
		record, bad := rows.take()
		return take(ctx, []arrow.RecordBatch{record}, bad)
	}
	err := stream(ctx, conn, query, args, func(values []driver.Value) error {
		r.layout.read(values, cells)
		if rows.add(cells); rows.full(r.request.BatchSize) {
			return send()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return send()
}

// part is what was read of a piece.
type part struct {
	batches []arrow.RecordBatch
	bad     []sdk.BadRow
	err     error
}

// inRanges reads ranges of the key on several connections and delivers them in the key's order.
func (r *reading) inRanges(ctx context.Context, snap *snapshot) error {
	cut, err := newRanges(ctx, r.relation, snap.conns[0])
	if err != nil {
		return err
	}
	idle := make(chan *sql.Conn, len(snap.conns))
	for _, conn := range snap.conns[1:] {
		idle <- conn
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	work := func(ranged piece) part {
		conn := <-idle
		defer func() { idle <- conn }()
		return r.read(ctx, conn, ranged)
	}
	return ordered.Run(ctx, len(snap.conns)-1, func() (piece, error) { return cut.next(ctx) }, work, func(found part) error {
		if found.err != nil {
			cancel() // what other connections are reading is not waited for
			return found.err
		}
		return r.deliver(ctx, found.batches, found.bad)
	})
}

func (r *reading) read(ctx context.Context, conn *sql.Conn, ranged piece) part {
	var found part
	query, args := r.statement(ranged)
	found.err = r.collect(ctx, conn, query, args, func(_ context.Context, batches []arrow.RecordBatch, bad []sdk.BadRow) error {
		found.batches, found.bad = append(found.batches, batches...), append(found.bad, bad...)
		return nil
	})
	return found
}
