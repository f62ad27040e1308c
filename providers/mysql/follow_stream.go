package mysql

import (
	"context"
	"fmt"
	"time"

	"github.com/go-mysql-org/go-mysql/replication"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/mysql/binlog"
	"github.com/automic-etl/etl/providers/mysql/cell"
)

const (
	// firstPause and longestPause lie between attempts to reach a server that was lost, for as long as patience lasts.
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
	patience     = 3 * time.Minute
	// beats is how many signs of life without an event show that the log has ended.
	beats = 12
)

// stream reads the log until the bound is reached.
func (c *changes) stream(ctx context.Context, seen, until *binlog.GTIDs) (*binlog.GTIDs, error) {
	c.batch = newBatch(changeLayout(c.relation.source, c.request.Columns, nil, nil))
	defer c.batch.release()
	c.layouts = map[*binlog.Column]*layout{}
	sets := charsets{server: c.server}
	handler := binlog.Handler{Change: func(change binlog.Change) error { return c.take(ctx, change) },
		Truncate:  func(place binlog.Place, at time.Time) error { return c.truncated(ctx, place, at) },
		Committed: func() error { return c.committed(ctx) }, Wanted: among(c.own())}
	pause, lost, last := firstPause, time.Time{}, c.at.Last
	for {
		c.follower = binlog.NewFollower(c.relation.database, c.relation.table, seen, sets.of(ctx), handler)
		c.follower.Names, c.follower.Cased = c.names, c.relation.cased
		c.follower.Expect(last, c.exact)
		err := c.attempt(ctx, until)
		if c.follower.Expects() && unfindable(err) { // the server has that transaction no more
			last = nil
			continue
		}
		if !seen.Contains(c.follower.Seen) {
			pause, lost = firstPause, time.Time{}
			last, c.exact = c.follower.Last, true
		}
		seen = c.follower.Seen
		if err == nil {
			return seen, c.flush(ctx)
		}
		if lost.IsZero() {
			lost = time.Now()
		}
		if ctx.Err() != nil || !retriable(err) || time.Since(lost) > patience {
			return nil, c.server.explainLog(err)
		}
		sdk.Logger(ctx).Warn("The binary log's stream was lost and is opened again", "reason", err.Error())
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		pause = min(2*pause, longestPause)
	}
}

// attempt opens the stream and reads on.
func (c *changes) attempt(ctx context.Context, until *binlog.GTIDs) error {
	server, err := c.server.endpoint(ctx)
	if err != nil {
		return err
	}
	identity, err := c.server.identity(ctx)
	if err != nil {
		return err
	}
	if identity != c.at.Server {
		return problem("The server changed", "Another server answered while changes were read. Run it again: it goes on from the last commit.", "connection")
	}
	stream, err := binlog.Open(server, c.follower.From())
	if err != nil {
		return err
	}
	defer stream.Close()
	for quiet := 0; ; quiet++ {
		event, err := stream.Next(ctx)
		if err != nil {
			return err
		}
		if event.Header.EventType != replication.HEARTBEAT_EVENT && event.Header.EventType != replication.HEARTBEAT_LOG_EVENT_V2 {
			quiet = 0
		}
		if quiet > beats {
			return problem("The binary log ends too early", fmt.Sprintf("The server's log has no more events, and the transactions that it had at the plan are not all among them "+
				"(%s were read). Plan again.", brief(c.follower.Seen.String())))
		}
		done, err := c.follower.Event(event)
		if err != nil {
			return err
		}
		if done && c.follower.Seen.Contains(until) {
			return nil
		}
	}
}

// again is true of changes that were taken before the connection was lost in the middle of their transaction.
func (c *changes) again(at binlog.Place) bool {
	if at.File != c.sent.File {
		return at.File < c.sent.File
	}
	if at.Offset != c.sent.Offset {
		return at.Offset < c.sent.Offset
	}
	return at.Row <= c.sent.Row
}

func (c *changes) take(ctx context.Context, change binlog.Change) error {
	after := change.Place
	after.Row++
	if c.again(after) {
		return nil
	}
	c.sent = after
	l := c.layout(change.Columns)
	for _, image := range [][]cell.Cell{change.Before, change.After} {
		if image != nil {
			l.respell(image)
		}
	}
	switch {
	case change.Before == nil:
		c.add(l, change.After, sdk.Insert, change, after)
	case change.After == nil:
		c.remove(l, change, after)
	case l.sameKey(change.Before, change.After):
		if !c.add(l, change.After, sdk.Update, change, after) { // what the row was before is not what it is now
			c.remove(l, change, change.Place)
		}
	default:
		c.remove(l, change, change.Place)
		c.add(l, change.After, sdk.Insert, change, after)
	}
	c.unmarked++
	if c.batch.full(c.request.BatchSize) {
		return c.flush(ctx)
	}
	return nil
}

func (c *changes) add(l *layout, row []cell.Cell, op string, change binlog.Change, at binlog.Place) bool {
	c.batch.layout = l
	return c.batch.add(c.changed(row, op, change.Committed, at))
}

// remove sends a deletion: of its values the key alone has to be representable.
func (c *changes) remove(l *layout, change binlog.Change, at binlog.Place) {
	c.batch.layout = l
	c.batch.lenient = len(l.key) > 0
	c.batch.add(c.changed(change.Before, sdk.Delete, change.Committed, at))
	c.batch.lenient = false
}

func (c *changes) truncated(ctx context.Context, place binlog.Place, at time.Time) error {
	if c.again(place) {
		return nil
	}
	c.sent = place
	c.batch.layout = c.layout(nil)
	c.batch.add(c.changed(nil, sdk.Truncate, at, place))
	return ctx.Err()
}

func (c *changes) committed(ctx context.Context) error {
	if c.unmarked < checkpointRows {
		return ctx.Err()
	}
	if err := c.flush(ctx); err != nil {
		return err
	}
	return c.checkpoint(ctx, c.follower.Seen)
}

func (c *changes) flush(ctx context.Context) error {
	record, bad := c.batch.take()
	if err := c.delivery.Bad(ctx, bad); err != nil {
		record.Release()
		return err
	}
	if err := c.send(ctx, record); err != nil {
		return err
	}
	c.delivery.Read(0)
	return nil
}

func (c *changes) layout(columns []binlog.Column) *layout {
	var first *binlog.Column
	if len(columns) > 0 {
		first = &columns[0]
	}
	l, ok := c.layouts[first]
	if !ok {
		l = changeLayout(c.relation.source, c.request.Columns, columns, c.relation.key)
		for _, logged := range columns {
			now, _ := c.relation.column(logged.Name)
			l.spellings = append(l.spellings, spelling(now.declared))
		}
		clear(c.layouts) // descriptions that are past don't come back
		c.layouts[first] = l
	}
	return l
}

// changeLayout says where the values of a row of the log go. Those of the change itself follow the row's.
func changeLayout(source string, wanted coltype.Schema, columns []binlog.Column, key []string) *layout {
	l := &layout{source: source, wanted: wanted, schema: arrowschema.FromColumns(wanted), places: make([]int, len(wanted))}
	for _, c := range columns {
		l.selected = append(l.selected, column{name: c.Name})
	}
	own := len(wanted) - len(sdk.ChangeColumns())
	for i := range wanted {
		if i < own {
			l.places[i] = l.place(wanted[i].Name)
		} else {
			l.places[i] = len(columns) + i - own
		}
	}
	for _, name := range key {
		if place := l.place(name); place >= 0 {
			l.key = append(l.key, place)
		}
	}
	return l
}

// sameKey reports whether both images have the same key. Without a key every update is a deletion and an insertion.
func (l *layout) sameKey(before, after []cell.Cell) bool {
	for _, place := range l.key {
		if !before[place].Equal(&after[place]) {
			return false
		}
	}
	return len(l.key) > 0
}
