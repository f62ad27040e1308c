package mysql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/delivery"
	"github.com/automic-etl/etl/providers/mysql/binlog"
	"github.com/automic-etl/etl/providers/mysql/cell"
)

// changes is a delta read under way.
type changes struct {
	server   *server
	relation *relation
	request  sdk.ReadRequest
	delivery *delivery.Delivery
	next     int64 // number of the next row

	at       point
	follower *binlog.Follower
	batch    *batch
	layouts  map[*binlog.Column]*layout
	cells    []cell.Cell
	position []byte
	names    *binlog.Names
	exact    bool         // the server is the one that told the last transaction
	sent     binlog.Place // of the last change that was taken
	unmarked int          // rows since the last checkpoint
}

// checkpointRows is how many rows lie between two checkpoints.
const checkpointRows = 200_000

func (p *Provider) readDelta(ctx context.Context, s *server, req sdk.ReadRequest, out sdk.Output) error {
	if own := len(req.Columns) - len(sdk.ChangeColumns()); own < 0 || !req.Columns[own:].Equal(sdk.ChangeColumns()) {
		return errors.New("the host asks for changes without the columns that tell them. This is a bug in etl")
	}
	r, diags := s.describe(ctx, s.db)
	if diags.HasErrors() {
		return diags
	}
	c := &changes{server: s, relation: r, request: req, delivery: delivery.New(out, req, 0), next: 1}
	defer c.delivery.Abandon()
	if diags := c.decode(); diags.HasErrors() {
		return diags
	}
	if len(req.Cursor[req.Partition]) == 0 {
		if err := c.begin(ctx); err != nil {
			return err
		}
	}
	return c.follow(ctx)
}

// snapshots is how often a table is read until its connections last.
const snapshots = 5

// begin sends the table. Connections that are lost meanwhile take the snapshot with them: the table is read again, later,
// and a truncation before it takes back what was sent.
func (c *changes) begin(ctx context.Context) error {
	for try := 1; ; try++ {
		err := c.snapshot(ctx)
		if err == nil || !disconnected(err) || try == snapshots {
			return err
		}
		sdk.Logger(ctx).Warn("The connection was lost while the table was read, and it is read again", "reason", err.Error())
		if err := c.server.awaken(ctx); err != nil {
			return err
		}
	}
}

func (c *changes) decode() sdk.Diagnostics {
	if cursor := c.request.Cursor[c.request.Partition]; len(cursor) > 0 {
		return decodeCursor(cursor, &c.at)
	}
	return nil
}

// own are the source's own columns: those of changes come last.
func (c *changes) own() coltype.Schema {
	return c.request.Columns[:len(c.request.Columns)-len(sdk.ChangeColumns())]
}

// snapshot sends a truncation and all rows, and remembers where in the log that is.
func (c *changes) snapshot(ctx context.Context) error {
	start, err := c.server.newEpoch(ctx)
	if err != nil {
		return err
	}
	own := c.request
	own.Columns = c.own()
	read := newReading(c.server, c.relation, own, c.delivery)
	snap, gtids, err := c.server.startSnapshot(ctx, c.relation, read.connections())
	if err != nil {
		return err
	}
	held, recorded := c.relation.names(), c.own().Names()
	absent := slices.DeleteFunc(slices.Clone(recorded), func(column string) bool { return containsFold(held, column) })
	c.at, c.names = start.point, binlog.NewNames(recorded, held, nil, absent)
	c.at.GTIDs, c.at.Types = gtids, c.relation.types()
	if c.at.Server, err = c.server.identity(ctx); err == nil {
		c.at.File, err = c.server.newestFile(ctx)
	}
	if err != nil {
		return errors.Join(err, snap.close())
	}
	if err = c.truncation(ctx, start); err == nil {
		read.deliver = func(ctx context.Context, batches []arrow.RecordBatch, bad []sdk.BadRow) error {
			return c.deliverSnapshot(ctx, start, batches, bad)
		}
		err = read.rows(ctx, snap)
	}
	return errors.Join(err, snap.close())
}

// startSnapshot opens connections on one state of the table and says which transactions that has.
func (s *server) startSnapshot(ctx context.Context, r *relation, n int) (*snapshot, string, error) {
	snap, gtids := &snapshot{}, ""
	err := s.underLock(ctx, r, func() error {
		l, err := s.log(ctx)
		if err != nil {
			return err
		}
		gtids = l.gtids.String()
		if err := snap.open(ctx, s, n); err != nil {
			return err
		}
		return snap.pin(ctx, r)
	})
	if err == nil {
		return snap, gtids, nil
	}
	err = errors.Join(err, snap.close())
	if !lockRefused(err) {
		return nil, "", err
	}
	if !s.maria {
		return nil, "", s.lockMissing(r)
	}
	return s.startCompared(ctx, r, n)
}

// startCompared does without a lock: MariaDB says where in the log a transaction's snapshot stands.
func (s *server) startCompared(ctx context.Context, r *relation, n int) (*snapshot, string, error) {
	for _, connections := range []int{n, 1} {
		snap, err := s.compared(ctx, connections)
		if err != nil {
			return nil, "", err
		}
		if snap == nil {
			continue
		}
		gtids, err := s.strings(ctx, "SELECT COALESCE(BINLOG_GTID_POS(SUBSTRING_INDEX(?, ':', 1), CAST(SUBSTRING_INDEX(?, ':', -1) AS UNSIGNED)), 'unknown')", snap.at, snap.at)
		if err == nil {
			err = snap.pin(ctx, r)
		}
		if err == nil && (len(gtids) != 1 || gtids[0] == "unknown") {
			err = fmt.Errorf("the server doesn't know which transactions are before %s of its log", snap.at)
		}
		if err != nil {
			return nil, "", errors.Join(err, snap.close())
		}
		return snap, gtids[0], nil
	}
	return nil, "", errors.New("the server doesn't say where in its log a snapshot stands")
}

func (c *changes) truncation(ctx context.Context, start begin) error {
	b := newBatch(changeLayout(c.relation.source, c.request.Columns, nil, nil))
	defer b.release()
	b.add(c.changed(nil, sdk.Truncate, start.at, binlog.Place{}))
	record, _ := b.take()
	return c.send(ctx, record)
}

// send delivers rows under the next numbers.
func (c *changes) send(ctx context.Context, rows arrow.RecordBatch) error {
	first := c.next
	c.next += rows.NumRows()
	return c.delivery.Rows(ctx, delivery.Rows{Record: rows, Source: c.relation.source, Numbers: delivery.Numbers{First: first}})
}

// deliverSnapshot numbers rows as insertions at the snapshot's point.
func (c *changes) deliverSnapshot(ctx context.Context, start begin, batches []arrow.RecordBatch, bad []sdk.BadRow) error {
	if err := c.delivery.Bad(ctx, bad); err != nil {
		return err
	}
	for _, rows := range batches {
		n := int(rows.NumRows())
		change := array.NewRecordBuilder(memory.DefaultAllocator, arrowschema.FromColumns(sdk.ChangeColumns()))
		columns := newColumns(sdk.ChangeColumns(), change)
		for i := range n {
			place := binlog.Place{Row: uint64(c.next) + uint64(i)}
			for j, v := range c.changed(nil, sdk.Insert, start.at, place) {
				columns[j].Append(&v)
			}
		}
		record := change.NewRecordBatch()
		all := append(slices.Clone(rows.Columns()), record.Columns()...)
		joined := array.NewRecordBatch(arrowschema.FromColumns(c.request.Columns), all, rows.NumRows())
		record.Release()
		rows.Release()
		change.Release()
		if err := c.send(ctx, joined); err != nil {
			return err
		}
	}
	c.delivery.Read(0)
	return nil
}

// changed are a row's cells and those of its change.
func (c *changes) changed(row []cell.Cell, op string, at time.Time, place binlog.Place) []cell.Cell {
	c.position = appendPosition(c.position[:0], c.at.Epoch, place)
	c.cells = append(append(c.cells[:0], row...), textCell(op), cell.Cell{Kind: cell.Text, Bytes: c.position}, timeCell(at), cell.Cell{})
	return c.cells
}

// follow reads the log from where the table stands to the bound, through lost connections.
func (c *changes) follow(ctx context.Context) error {
	seen, err := binlog.ParseGTIDs(c.server.maria, c.at.GTIDs)
	if err != nil {
		return unreadableCursor(err)
	}
	until, err := c.until(ctx)
	if err != nil {
		return err
	}
	if !seen.Contains(until) {
		if err := c.sameServer(ctx); err != nil {
			return err
		}
		if seen, err = c.stream(ctx, seen, until); err != nil {
			return err
		}
	}
	if c.at.Last == nil {
		if c.at.Last, err = c.server.remember(ctx, c.at, seen); err != nil {
			sdk.Logger(ctx).Warn("The server doesn't tell the last transaction, by which its history would be known again", "reason", err.Error())
		}
	}
	return c.checkpoint(ctx, seen)
}

// until is the plan's bound, or all there is now. A snapshot is later than its plan's.
func (c *changes) until(ctx context.Context) (*binlog.GTIDs, error) {
	if c.request.Until == nil {
		if c.names == nil {
			c.names, c.at.Types = c.at.names(c.own().Names()), c.relation.types()
		}
		now, err := c.server.log(ctx)
		if err != nil {
			return nil, err
		}
		return now.gtids, nil
	}
	var until bound
	if diags := decodeCursor(c.request.Until, &until); diags.HasErrors() {
		return nil, diags
	}
	if c.names == nil {
		c.names, c.at.Types = c.at.names(until.Recorded), until.Types
	}
	return binlog.ParseGTIDs(c.server.maria, until.GTIDs)
}

// sameServer begins a new epoch where another server writes the log now: its files and offsets begin anew as well.
func (c *changes) sameServer(ctx context.Context) error {
	server, err := c.server.identity(ctx)
	if err != nil {
		return err
	}
	if c.exact = server == c.at.Server; !c.exact {
		c.at.Server, c.at.Epoch, c.at.File = server, c.at.Epoch+1, ""
		return nil
	}
	return c.server.notReset(ctx, server, &c.at)
}

func (c *changes) checkpoint(ctx context.Context, seen *binlog.GTIDs) error {
	c.at.GTIDs, c.unmarked = seen.String(), 0
	c.at.Gone, c.at.Unread, c.at.Absent = c.names.Gone(), c.names.Unread(c.own().Names()), c.names.Absent()
	if c.follower != nil && c.follower.Last != nil {
		c.at.Last, c.at.File = c.follower.Last, c.follower.Last.File
	}
	cursor, err := encodeCursor(c.at)
	if err != nil {
		return err
	}
	return c.delivery.Checkpoint(ctx, cursor)
}
