package mongodb

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// query is what to read of a collection.
type query struct {
	span
	filter  bson.D // in addition to the span
	project []string
	sort    bson.D // instead of by _id; then a lost connection can't be mended
	limit   int64
	batch   int32
}

// scan hands each document to visit, which must not keep it. A connection that is lost is made again, and reading goes
// on after the last document, where the order allows.
func (c *collection) scan(ctx context.Context, q query, visit func(bson.Raw) error) error {
	var last bson.RawValue
	var lost retries
	for {
		err := c.attempt(ctx, q, &last, &lost, visit)
		if err == nil || !interrupted(err) || !q.ordered && last.Type != 0 {
			return err
		}
		if err := lost.wait(ctx, err); err != nil {
			return err
		}
	}
}

func (c *collection) attempt(ctx context.Context, q query, last *bson.RawValue, lost *retries, visit func(bson.Raw) error) error {
	cursor, err := c.Find(ctx, q.condition(*last), q.options())
	if err != nil {
		return err
	}
	defer func() { _ = cursor.Close(context.WithoutCancel(ctx)) }()
	for cursor.Next(ctx) {
		if err := visit(cursor.Current); err != nil {
			return err
		}
		id := cursor.Current.Lookup(idField)
		last.Type, last.Value = id.Type, append(last.Value[:0], id.Value...)
		lost.reset()
	}
	return cursor.Err()
}

func (q query) condition(after bson.RawValue) bson.D {
	bounds := q.span.filter(after)
	switch {
	case len(q.filter) == 0:
		return bounds
	case len(bounds) == 0:
		return q.filter
	}
	return bson.D{{Key: "$and", Value: bson.A{q.filter, bounds}}}
}

func (q query) options() *options.FindOptionsBuilder {
	opts := options.Find().SetLimit(q.limit)
	if q.batch > 0 {
		opts.SetBatchSize(q.batch)
	}
	switch {
	case q.sort != nil:
		opts.SetSort(q.sort)
	case q.ordered:
		opts.SetSort(bson.D{{Key: idField, Value: 1}})
	}
	if projection := projected(q.project); projection != nil {
		opts.SetProjection(projection)
	}
	return opts
}

// projected is nil where some field's name means something else in a projection: then whole documents are read.
func projected(fields []string) bson.D {
	projection := bson.D{{Key: idField, Value: 1}}
	for _, f := range fields {
		if !queried(f) {
			return nil
		}
		if f != idField {
			projection = append(projection, bson.E{Key: f, Value: 1})
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return projection
}

// interrupted holds for errors after which a new connection may do better.
func interrupted(err error) bool {
	var tried *triedError
	if errors.Is(err, context.Canceled) || errors.As(err, &tried) {
		return false
	}
	var labeled mongo.LabeledError
	return mongo.IsNetworkError(err) || mongo.IsTimeout(err) || hasCode(err, codeCursorNotFound) || hasCode(err, retryable...) ||
		errors.As(err, &labeled) && labeled.HasErrorLabel("ResumableChangeStreamError") || strings.Contains(err.Error(), "server selection")
}

// retryable are errors of servers that shut down, start, or hand over to another.
var retryable = []int{6, 7, 89, 91, 133, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436}

// retries waits longer each time, and gives up when nothing came for too long.
type retries struct {
	since time.Time
	delay time.Duration
}

const (
	firstDelay   = 100 * time.Millisecond
	longestDelay = 5 * time.Second
	giveUp       = 2 * time.Minute
)

func (r *retries) reset() { *r = retries{} }

// triedError is an error after which it was tried again for long enough.
type triedError struct{ error }

// Unwrap is the error itself.
func (e *triedError) Unwrap() error { return e.error }

// wait returns the error once it is no use to try again.
func (r *retries) wait(ctx context.Context, err error) error {
	if r.since.IsZero() {
		r.since, r.delay = time.Now(), firstDelay
	}
	if time.Since(r.since) > giveUp {
		return &triedError{err}
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(r.delay/2 + rand.N(r.delay)):
	}
	r.delay = min(2*r.delay, longestDelay)
	return nil
}
