package postgres

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/delivery"
	"github.com/automic-etl/etl/providers/postgres/catalog"
	"github.com/automic-etl/etl/providers/postgres/pgoutput"
	"github.com/automic-etl/etl/providers/postgres/session"
	"github.com/automic-etl/etl/providers/postgres/slot"
)

// following is a delta read.
type following struct {
	options
	request  sdk.ReadRequest
	server   *slot.Server
	delivery *delivery.Delivery
	next     int64 // the number of the next row
	// read is how far the read has come: a cursor, which may be one of old that has neither publication nor columns. until is
	// where the read ends, with the columns that were there then.
	read, until place
}

// own are the wanted columns that are the table's.
func (f *following) own() coltype.Schema {
	return f.request.Columns[:len(f.request.Columns)-changeColumns]
}

// readChanges sends the table as it is, if nothing was read before, and then its changes as far as asked.
func (o options) readChanges(ctx context.Context, c *session.Conn, req sdk.ReadRequest, out sdk.Output) error {
	f := &following{options: o, request: req, delivery: delivery.New(out, req, 0), next: 1}
	cursor := req.Cursor[req.Partition]
	if len(cursor) > 0 {
		if diags := decodeCursor(cursor, &f.read); diags.HasErrors() {
			return diags
		}
	}
	if err := f.bound(ctx, c); err != nil {
		return f.failed(ctx, err)
	}
	if len(cursor) == 0 {
		if err := f.begin(ctx, c); err != nil {
			return f.failed(ctx, err)
		}
	}
	err := f.stream(ctx)
	if session.Code(err) == session.CodeUnknownObject {
		return o.absent(err)
	}
	return f.failed(ctx, err)
}

// bound finds out where the read ends: as asked, or at the server's place in its log. The columns are looked up before the
// place, as in a plan, so that none of them came later.
func (f *following) bound(ctx context.Context, c *session.Conn) error {
	if f.request.Until != nil {
		if diags := decodeCursor(f.request.Until, &f.until); diags.HasErrors() {
			return diags
		}
	}
	if f.until.Columns == nil {
		attributes, err := catalog.LoadAttributes(ctx, c, f.read.Table)
		if err != nil {
			return err
		}
		f.until.describe(attributes)
	}
	server, err := slot.LoadServer(ctx, c)
	if err != nil {
		return err
	}
	f.server = server
	if f.request.Until == nil {
		f.until.LSN = server.Now
	}
	return nil
}

func (f *following) failed(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return errors.Join(err, ctx.Err())
	}
	return f.diagnose(err)
}

// checkpoint says that all changes up to a place were sent.
func (f *following) checkpoint(ctx context.Context, at pgoutput.LSN) error {
	f.read.Version, f.read.System, f.read.LSN = cursorVersion, cmp.Or(f.server.System, f.read.System), at
	cursor, err := encodeCursor(f.read)
	if err != nil {
		return err
	}
	return f.delivery.Checkpoint(ctx, cursor)
}

// snapshots is how often the table is read from its beginning before a read is given up.
const snapshots = 5

// begin sends the table. A connection that is lost meanwhile takes the snapshot with it: the table is read again, later,
// and begins with another truncate. The publication is looked at first, so that one that is altered meanwhile is noticed.
func (f *following) begin(ctx context.Context, c *session.Conn) error {
	s, diags := f.survey(ctx, c)
	if diags.HasErrors() {
		return diags
	}
	if err := f.tells(ctx, c, s); err != nil {
		return err
	}
	for try := 1; ; try++ {
		at, err := f.snapshot(ctx)
		if err == nil {
			return f.checkpoint(ctx, at)
		}
		if !session.Lost(err) || try == snapshots {
			return err
		}
		slog.WarnContext(ctx, "the connection was lost while the table was read; it is read again", "table", f.table.Table, "error", session.Message(err))
		if !session.Sleep(ctx, time.Duration(try)*time.Second) {
			return ctx.Err()
		}
	}
}

// snapshot reads the table as it is at a place in the log. The slot that tells the place ends with its connection.
func (f *following) snapshot(ctx context.Context) (pgoutput.LSN, error) {
	log, err := session.OpenReplication(ctx, f.settings)
	if err != nil {
		return 0, err
	}
	defer log.Close()
	at, name, err := temporarySlot(ctx, f.settings, log)
	if err != nil {
		return 0, err
	}
	c, err := session.Open(ctx, f.settings)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if err := c.Begin(ctx, name); err != nil {
		return 0, err
	}
	s, diags := f.survey(ctx, c)
	if diags.HasErrors() {
		return 0, diags
	}
	attributes, err := catalog.LoadAttributes(ctx, c, s.relation.OID)
	if err != nil {
		return 0, err
	}
	f.read.Table = s.relation.OID
	f.read.describe(attributes)
	text, err := c.Value(ctx, "SELECT (extract(epoch FROM now()) * 1000000)::int8")
	if err != nil {
		return 0, err
	}
	taken, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, err
	}
	return at, f.rows(ctx, s, c, name, at-1, taken)
}

// rows sends the rows of a snapshot, before which there is nothing.
func (f *following) rows(ctx context.Context, s *source, c *session.Conn, snapshot string, at pgoutput.LSN, taken int64) error {
	pieces, err := s.pieces(ctx, c)
	if err != nil {
		return err
	}
	columns := f.request.Columns
	if err := f.send(ctx, s.label(), truncation(columns, position(at, 0), taken)); err != nil {
		return err
	}
	r := s.reading(f.own(), f.request.BatchSize)
	r.snapshot, r.next = snapshot, f.next
	r.finish = snapshotMarks(columns, at, taken, f.next-1)
	err = r.run(ctx, c, pieces, f.delivery)
	f.next = r.next
	return err
}

// send delivers a batch of change rows.
func (f *following) send(ctx context.Context, label string, rows arrow.RecordBatch) error {
	first := f.next
	f.next += rows.NumRows()
	return f.delivery.Rows(ctx, delivery.Rows{Record: rows, Source: label, Numbers: delivery.Numbers{First: first}})
}

// temporarySlot is a place in the log, and the name of the snapshot that was taken there. Both last as long as the
// connection does nothing else.
func temporarySlot(ctx context.Context, s session.Settings, log *session.Conn) (at pgoutput.LSN, snapshot string, err error) {
	id := make([]byte, 8)
	if _, err := rand.Read(id); err != nil {
		return 0, "", err
	}
	name := "etl_snapshot_" + hex.EncodeToString(id)
	if err := log.Watched(ctx); err != nil {
		return 0, "", fmt.Errorf("taking a snapshot at a place in the log: %w", err)
	}
	stop := slot.Announce(ctx, s, log, name)
	defer stop()
	rows, err := log.Simple(ctx, slot.TemporarySQL(name))
	if err != nil {
		return 0, "", fmt.Errorf("taking a snapshot at a place in the log: %w", err)
	}
	if len(rows) != 1 || len(rows[0]) < 3 {
		return 0, "", errors.New("the server did not say where in its log a snapshot was taken")
	}
	at, err = pgoutput.ParseLSN(string(rows[0][1]))
	return at, string(rows[0][2]), err
}
