package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/postgres/pgoutput"
	"github.com/automic-etl/etl/providers/postgres/session"
	"github.com/automic-etl/etl/providers/postgres/slot"
)

// patience is how long a read goes on trying to reach a server that it has reached before.
const patience = 5 * time.Minute

// stream sends the changes from one place in the log to another. A connection that is lost is made again, and the changes
// go on where they were: within a transaction, after the last change that was taken.
func (f *following) stream(ctx context.Context) error {
	t := &telling{following: f, at: f.read.LSN}
	wait, lost := 100*time.Millisecond, time.Now()
	for t.at < t.until.LSN && !t.done {
		before := t.taken
		err := t.connect(ctx)
		if err == nil {
			break
		}
		if t.taken != before {
			wait, lost = 100*time.Millisecond, time.Now()
		}
		if !session.Lost(err) || time.Since(lost) > patience {
			return err
		}
		slog.WarnContext(ctx, "the connection to the server was lost; trying again", "reason", session.Message(err))
		if !session.Sleep(ctx, wait) {
			return ctx.Err()
		}
		wait = min(2*wait, 5*time.Second)
	}
	if err := t.flush(ctx); err != nil {
		return err
	}
	if t.window != nil {
		f.read.Columns, f.read.Last, f.read.Types, f.read.Labels = t.window.recorded(f.until.Columns), f.until.Last, f.until.Types, f.until.Labels
	}
	return f.checkpoint(ctx, max(t.at, t.until.LSN))
}

// telling takes the messages of a stream.
type telling struct {
	*following
	parser pgoutput.Parser
	at     pgoutput.LSN // all transactions up to at were taken
	done   bool
	conn   *session.Conn
	source *source
	rows   *changeRows // nil until the table was described
	window *window
	// identity is what identifies a row, and what the log said of that since the connection was made.
	identity *rowIdentity
	// The transaction at hand, how many changes of the table it had, and where in it the last change stands that was taken:
	// after a new connection the transaction comes again from its beginning.
	commit       pgoutput.LSN
	micros       int64
	transaction  uint32
	inside       bool
	count        int64
	takenCommit  pgoutput.LSN
	takenCount   int64
	taken        int64
	checkpointed int64
}

// connect opens what a stream needs and takes it to its end.
func (t *telling) connect(ctx context.Context) error {
	c, err := session.Open(ctx, t.settings)
	if err != nil {
		return t.unreachable(ctx, err)
	}
	defer c.Close()
	t.conn = c
	s, diags := t.survey(ctx, c)
	if diags.HasErrors() {
		return diags
	}
	t.source = s
	if err := t.recognize(ctx, c); err != nil {
		return err
	}
	if t.identity, diags = s.rowIdentity(ctx, c); diags.HasErrors() {
		return diags
	}
	var log *session.Conn
	var stream *session.Stream
	err = slot.WhenFree(ctx, t.slot, func() error {
		if err := t.standing(ctx, c); err != nil {
			return err
		}
		if log, err = session.OpenReplication(ctx, t.settings); err != nil {
			return t.unreachable(ctx, err)
		}
		if stream, err = log.Follow(ctx, slot.FollowSQL(t.slot, t.publicationName(), t.at)); err != nil {
			log.Close()
		}
		return err
	})
	if err != nil {
		return err
	}
	defer log.Close()
	defer stream.Close()
	t.inside = false
	return t.take(ctx, stream)
}

// unreachable keeps apart a server that is away for a while and one that will never admit this connection.
func (t *telling) unreachable(ctx context.Context, err error) error {
	if session.Lost(err) {
		return err
	}
	return t.diagnoseConnect(ctx, err)
}

// standing checks that the slot still has what follows, and that the publication tells it: the server itself would begin
// silently with what it has.
func (t *telling) standing(ctx context.Context, c *session.Conn) error {
	state, err := slot.Load(ctx, c, t.slot)
	if err != nil {
		return err
	}
	again := "Read the table anew: `etl apply -resnapshot`."
	switch {
	case state == nil:
		return sdk.Errorf("Replication slot gone", "The server has no replication slot %s any more. %s", t.slot, again)
	case state.Lost():
		return sdk.Errorf("Replication slot lost", "The replication slot %s is lost: the server has removed the part of its log that was not read. %s", t.slot, again)
	case state.Confirmed > t.at:
		return sdk.Errorf("Replication slot too far", "The replication slot %s stands at %s, and the table's rows at %s. %s", t.slot, state.Confirmed, t.at, again)
	}
	return t.tells(ctx, c, t.source)
}

// take takes what a pump brings until all that was asked for is there.
func (t *telling) take(ctx context.Context, stream *session.Stream) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	loads := make(chan load, loadsAhead)
	go func() {
		defer close(loads)
		pump(ctx, stream, loads)
	}()
	defer func() {
		cancel()
		stream.Close()
		for range loads { // until the pump has ended
		}
	}()
	for l := range loads {
		for messages := l.messages; len(messages) > 0; {
			length := binary.BigEndian.Uint32(messages)
			if err := t.message(ctx, messages[4:4+length]); err != nil || t.done {
				return err
			}
			messages = messages[4+length:]
		}
		if t.done = !t.inside && pgoutput.LSN(l.reached) >= t.until.LSN; t.done {
			return nil
		}
		if l.err != nil {
			return l.err
		}
	}
	return ctx.Err()
}

// message takes one message of the stream.
func (t *telling) message(ctx context.Context, b []byte) error {
	message, err := t.parser.Parse(b)
	if err != nil {
		return err
	}
	switch m := message.(type) {
	case pgoutput.Begin:
		t.done = m.Commit >= t.until.LSN
		t.commit, t.micros, t.transaction, t.count, t.inside = m.Commit, m.Micros, m.ID, 0, !t.done
	case pgoutput.Commit:
		t.at, t.inside = m.End, false
		t.done = m.End >= t.until.LSN
		return t.ended(ctx)
	case pgoutput.Relation:
		t.identity.described(m)
		if m.ID == t.read.Table {
			return t.describe(ctx, m)
		}
	case pgoutput.Truncate:
		for _, id := range m.Relations {
			if id == t.read.Table {
				return t.truncated(ctx)
			}
		}
	case pgoutput.Insert:
		if m.Relation == t.read.Table {
			return t.change(ctx, sdk.Insert, m.New, nil)
		}
	case pgoutput.Update:
		if m.Relation == t.read.Table {
			return t.updated(ctx, m)
		}
	case pgoutput.Delete:
		if m.Relation == t.read.Table {
			return t.deleted(ctx, m)
		}
	}
	return nil
}

// ended is the end of a transaction: a place to go on from, if enough has come together.
func (t *telling) ended(ctx context.Context) error {
	if t.taken-t.checkpointed < int64(t.request.BatchSize) {
		return nil
	}
	t.checkpointed = t.taken
	if err := t.flush(ctx); err != nil {
		return err
	}
	return t.checkpoint(ctx, t.at)
}

// describe takes the table's columns as the following changes have them.
func (t *telling) describe(ctx context.Context, m pgoutput.Relation) error {
	if err := t.flush(ctx); err != nil {
		return err
	}
	rows, err := newChangeRows(ctx, t, m)
	if err != nil {
		return fmt.Errorf("looking up the columns' types: %w", err)
	}
	if what := t.window.misnames(rows.told, t.transaction); what != nil {
		return sdk.Diagnostics{t.source.unmatched(what)}
	}
	t.rows = rows
	return nil
}

// counted counts a change, and reports whether it was taken before.
func (t *telling) counted() (again bool) {
	t.count++
	if t.commit == t.takenCommit && t.count <= t.takenCount {
		return true
	}
	t.takenCommit, t.takenCount = t.commit, t.count
	t.taken++
	return false
}

var errUndescribed = errors.New("the server sent a change of a table that it has not described")

// change takes a change. A row that was updated to what can't be represented is deleted: what it was before is not what it is
// now.
func (t *telling) change(ctx context.Context, op string, values, before []pgoutput.Value) error {
	if t.rows == nil {
		return errUndescribed
	}
	if t.counted() {
		return nil
	}
	bad := t.rows.add(op, values, before)
	if bad != nil && op == sdk.Delete && t.rows.remove(values, nil) {
		bad = nil
	}
	if bad != nil {
		if err := t.refuse(ctx, bad); err != nil {
			return err
		}
		if op == sdk.Update {
			t.rows.remove(values, before)
		}
	}
	if t.rows.full() {
		return t.flush(ctx)
	}
	return nil
}

// refuse hands a bad row over, which has a number as others do.
func (t *telling) refuse(ctx context.Context, bad *sdk.BadRow) error {
	t.next++
	return t.delivery.Bad(ctx, []sdk.BadRow{*bad})
}

// updated is one change, or two where the row has another key than before.
func (t *telling) updated(ctx context.Context, m pgoutput.Update) error {
	if t.rows == nil {
		return errUndescribed
	}
	if err := t.told(m.Known, m.Old); err != nil {
		return err
	}
	if m.Known == pgoutput.OldNothing || !t.rows.moved(m) {
		return t.change(ctx, sdk.Update, m.New, m.Old)
	}
	if err := t.change(ctx, sdk.Delete, m.Old, nil); err != nil {
		return err
	}
	if m.Known == pgoutput.OldKey && !t.rows.tells(m.Old) && t.rows.partial(m.New) != nil {
		if t.counted() {
			return nil
		}
		return t.refuse(ctx, t.rows.partial(m.New))
	}
	return t.change(ctx, sdk.Insert, m.New, m.Old)
}

func (t *telling) deleted(ctx context.Context, m pgoutput.Delete) error {
	if err := t.told(m.Known, m.Old); err != nil {
		return err
	}
	return t.change(ctx, sdk.Delete, m.Old, nil)
}

func (t *telling) truncated(ctx context.Context) error {
	if t.counted() {
		return nil
	}
	if err := t.flush(ctx); err != nil {
		return err
	}
	return t.send(ctx, t.source.label(), truncation(t.request.Columns, position(t.commit, t.count), t.micros))
}

// flush sends the changes that have come together.
func (t *telling) flush(ctx context.Context) error {
	if t.rows == nil || t.rows.count == 0 {
		return nil
	}
	return t.send(ctx, t.source.label(), t.rows.batch())
}
