package mongodb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/delivery"
	"github.com/automic-etl/etl/providers/quantity"
)

// planDelta looks at the changes that a read would send: they alone know of new fields.
func (c *collection) planDelta(ctx context.Context, about info, missing sdk.Diagnostics, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	old, diags := decodeTrack(req.Cursor)
	if old != nil {
		diags = append(diags, c.stranger(old.Collection)...)
	}
	if diags.HasErrors() {
		return nil, diags
	}
	if diags = c.followable(about); diags.HasErrors() {
		return nil, diags
	}
	switch {
	case missing.HasErrors() && old == nil:
		return nil, missing
	case missing.HasErrors() && old.Ended != "":
		return c.gone(old, req)
	case old == nil || old.Ended != "":
		return c.planSnapshot(ctx, about, old, req)
	}
	return c.planChanges(ctx, about, *old, req)
}

func (c *collection) followable(about info) sdk.Diagnostics {
	if about.kind != "view" && about.kind != "timeseries" {
		return nil
	}
	return sdk.Diagnostics{sdk.Error("No changes to follow", fmt.Sprintf("%s is a %s, and the server tells changes of ordinary collections only. Follow the collection "+
		"behind it, or read it in mode batch or incremental.", c.namespace(), map[string]string{"view": "view", "timeseries": "time series"}[about.kind]), "collection")}
}

// gone is for a collection that ended and isn't there again.
func (c *collection) gone(old *track, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	until, diags := encodeBound(bound{Time: &old.Reached})
	return &sdk.PlanResponse{
		Columns: req.Columns, Resumable: true, Until: until, Key: []string{idField},
		Position: fmt.Sprintf("%s was %s on %s", c.namespace(), old.Ended, shownTime(old.Reached)),
	}, append(diags, c.ended(old, "Once there is a collection of this name again, it is read anew."))
}

func (c *collection) ended(old *track, then string) sdk.Diagnostic {
	return sdk.Warning("The collection ended", fmt.Sprintf("%s was %s on %s, and all of its rows are gone. %s", c.namespace(), old.Ended, shownTime(old.Reached), then), "collection")
}

func (c *collection) planSnapshot(ctx context.Context, about info, old *track, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	now, err := c.operationTime(ctx)
	if err == nil {
		err = c.tryStream(ctx, about, now)
	}
	if err != nil {
		return nil, c.diagnosed(err)
	}
	found, err := c.look(ctx, query{project: c.listed()})
	if err != nil {
		return nil, c.diagnosed(err)
	}
	response, diags := c.respond(found, req.Columns, bound{Time: &now})
	if response == nil || diags.HasErrors() {
		return nil, diags
	}
	if old != nil {
		diags = append(diags, c.ended(old, "There is a collection of this name again, which is read anew."))
	}
	response.Resumable, response.Changed, response.Snapshot = true, true, true
	response.Position = fmt.Sprintf("a snapshot of %s, %s", c.namespace(), quantity.Of(response.Rows, "document"))
	return response, diags
}

// tryStream finds out before anything is read whether the stream will go on from here.
func (c *collection) tryStream(ctx context.Context, about info, from bson.Timestamp) error {
	stream, err := c.watch(ctx, about, track{Time: from})
	if err != nil {
		return c.streamProblem(err)
	}
	return stream.Close(ctx)
}

// diagnosed is an error's diagnosis.
func (c *collection) diagnosed(err error) sdk.Diagnostics {
	var diags sdk.Diagnostics
	if errors.As(err, &diags) {
		return diags
	}
	return c.connection.problem(err, c.namespace())
}

// staleAfter is how long a position may stand still before it is moved on without a change, so that it doesn't fall out of
// the server's oplog.
const staleAfter = time.Hour

func (c *collection) planChanges(ctx context.Context, about info, old track, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	now, err := c.operationTime(ctx)
	if err != nil {
		return nil, c.diagnosed(err)
	}
	found, at := &evidence{}, old
	err = c.follow(ctx, about, &at, now, func(e event) error {
		row, err := changeOf(e, nil)
		if err != nil {
			return err
		}
		if row.op == sdk.Delete || row.op == sdk.Truncate {
			row.document = empty
		}
		return found.observe(row.document)
	})
	var lost *lostError
	if errors.As(err, &lost) {
		return &sdk.PlanResponse{Columns: req.Columns, Key: []string{idField}, Changed: true, Position: "changes that the server no longer has"}, lost.diags
	}
	if err != nil {
		return nil, c.diagnosed(err)
	}
	response, diags := c.respond(found, req.Columns, bound{Time: &now})
	if response == nil || diags.HasErrors() {
		return nil, diags
	}
	response.Resumable = true
	response.Changed = found.rows > 0 || int64(now.T)-int64(old.Reached.T) > int64(staleAfter/time.Second)
	response.Position = c.saidChanges(found.rows, old)
	if at.Ended != "" {
		diags = append(diags, c.ended(&at, "After this read, a collection of the same name is read anew."))
	}
	return response, diags
}

func (c *collection) saidChanges(n int64, old track) string {
	if n == 0 {
		return fmt.Sprintf("%s has no changes since %s", c.namespace(), shownTime(old.Reached))
	}
	return fmt.Sprintf("%s of %s since %s", quantity.Of(n, "change"), c.namespace(), shownTime(old.Reached))
}

// readDelta reads changes, after a snapshot where there is nothing to go on from.
func (c *collection) readDelta(ctx context.Context, req sdk.ReadRequest, out sdk.Output) error {
	old, diags := decodeTrack(req.Cursor)
	until, more := decodeBound(req.Until)
	if diags = append(diags, more...); diags.HasErrors() {
		return diags
	}
	if until.Time == nil {
		now, err := c.operationTime(ctx)
		if err != nil {
			return err
		}
		until.Time = &now
	}
	d := delivery.New(out, req, 0)
	defer d.Abandon()
	if old == nil || old.Ended != "" {
		return c.readSnapshot(ctx, req, until, d)
	}
	about, _ := c.describe(ctx) // a collection that is gone has a last change
	if diags := c.followable(about); diags.HasErrors() {
		return diags
	}
	return c.readChanges(ctx, about, old, newLog(req, c.namespace(), d, nil), *until.Time)
}

// readChanges sends what happened up to a time.
func (c *collection) readChanges(ctx context.Context, about info, at *track, l *log, until bson.Timestamp) error {
	columns := l.own.Names()
	err := c.follow(ctx, about, at, until, func(e event) error {
		if l.full() {
			if err := l.checkpoint(ctx, at); err != nil {
				return err
			}
		}
		row, err := changeOf(e, columns)
		l.add(row)
		return err
	})
	if err != nil {
		return err
	}
	return l.checkpoint(ctx, at)
}

// readSnapshot sends all documents as of a moment, and where the server can't read so, the changes that happened meanwhile
// as well: after them the rows are those of the moment at which the snapshot was done.
func (c *collection) readSnapshot(ctx context.Context, req sdk.ReadRequest, until bound, d *delivery.Delivery) error {
	about, diags := c.describe(ctx)
	if diags = append(diags, c.followable(about)...); diags.HasErrors() {
		return diags
	}
	moment, err := c.now(ctx, about)
	if err != nil {
		return err
	}
	at := moment
	if at == nil {
		now, err := c.operationTime(ctx)
		if err != nil {
			return err
		}
		at = &now
	}
	r := newReading(c, req, until.Fields)
	l := newLog(req, c.namespace(), d, func(name []byte) { r.unplaced(name) })
	l.check = func() error { return severe(r.unseen(lost)) }
	r.request.Columns = l.own
	taken := snapshot{*at, time.Now()}
	l.add(change{op: sdk.Truncate, position: taken.position(0), at: time.Unix(int64(at.T), 0)})
	if err := l.flush(ctx); err != nil {
		return err
	}
	if err := r.snapshot(ctx, about, moment, taken, l); err != nil {
		return err
	}
	reached, end := &track{Collection: c.namespace(), Time: *at, Reached: *at}, *at
	if moment == nil {
		if end, err = c.operationTime(ctx); err != nil {
			return err
		}
	}
	if err := c.readChanges(ctx, about, reached, l, end); err != nil {
		return err
	}
	return warned(r.unseen(lost))
}

// snapshot sends the documents.
func (r *reading) snapshot(ctx context.Context, about info, moment moment, taken snapshot, l *log) error {
	spans, _, err := r.divide(ctx, about, moment)
	if err != nil {
		return err
	}
	return r.pump(ctx, spans, moment, func(ctx context.Context, batches <-chan *rows) error {
		for documents := range batches {
			if err := l.insert(ctx, taken, documents); err != nil {
				return err
			}
		}
		return nil
	})
}

// severe returns errors alone.
func severe(diags sdk.Diagnostics) error {
	if diags.HasErrors() {
		return diags
	}
	return nil
}
