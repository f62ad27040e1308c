package mongodb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/automic-etl/etl/plugins/sdk"
)

// Codes of a change stream's errors.
const (
	codeHistoryLost     = 286
	codePositionLost    = 136
	codeInvalidToken    = 260
	codeFatal           = 280
	codeNotReplicaSet   = 40573
	codeEventTooLarge   = 10334
	codeCommandNotFound = 59
)

// awaitTime is how long the server may look for a change before it says that there is none.
const awaitTime = time.Second

// streamBatch is how many changes the server sends at a time: what a lost connection costs at most.
const streamBatch = 1000

// operationTime is the newest time that the server has written.
func (c *collection) operationTime(ctx context.Context) (bson.Timestamp, error) {
	raw, err := c.db.RunCommand(ctx, bson.D{{Key: "ping", Value: 1}}).Raw()
	if err != nil {
		return bson.Timestamp{}, err
	}
	t, i, ok := raw.Lookup("operationTime").TimestampOK()
	if !ok {
		return bson.Timestamp{}, notReplicaSet()
	}
	return bson.Timestamp{T: t, I: i}, nil
}

func notReplicaSet() sdk.Diagnostics {
	return sdk.Diagnostics{sdk.Error("No change streams", "The server has no change streams, since it is no replica set. Make it one, which may have a single member: start "+
		"mongod with --replSet rs0 and run rs.initiate(). Or read in mode incremental or batch.", "connection")}
}

// watch opens a change stream where a track ends.
func (c *collection) watch(ctx context.Context, about info, from track) (*mongo.ChangeStream, error) {
	opts := options.ChangeStream().SetMaxAwaitTime(awaitTime).SetBatchSize(streamBatch)
	if about.postImages {
		opts.SetFullDocument(options.WhenAvailable)
	} else {
		opts.SetFullDocument(options.UpdateLookup)
	}
	if len(from.Token) > 0 {
		opts.SetStartAfter(bson.Raw(from.Token)) // as resumeAfter, and past an end of the collection too
	} else {
		start := next(from.Time)
		opts.SetStartAtOperationTime(&start)
	}
	return c.Watch(ctx, mongo.Pipeline{}, opts)
}

// errEnded says that the collection is no longer what was followed.
var errEnded = errors.New("the collection ended")

// follow hands over each change after a track and not after a time, in order, and moves the track along. A connection
// that is lost is made again.
func (c *collection) follow(ctx context.Context, about info, at *track, until bson.Timestamp, each func(event) error) error {
	var lost retries
	for {
		err := c.followOnce(ctx, about, at, until, func(e event) error {
			lost.reset()
			return each(e)
		})
		if errors.Is(err, errEnded) {
			return nil
		}
		if err == nil || !interrupted(err) {
			return c.streamProblem(err)
		}
		if err := lost.wait(ctx, err); err != nil {
			return err
		}
	}
}

func (c *collection) followOnce(ctx context.Context, about info, at *track, until bson.Timestamp, each func(event) error) error {
	stream, err := c.watch(ctx, about, *at)
	if err != nil {
		return err
	}
	defer func() { _ = stream.Close(context.WithoutCancel(ctx)) }()
	silent := 0
	for {
		for stream.TryNext(ctx) {
			silent = 0
			e, err := decodeEvent(stream.Current)
			if err != nil {
				return err
			}
			if e.time.After(until) {
				at.reach(until)
				return nil
			}
			if err := c.one(ctx, e, at, each); err != nil {
				return err
			}
		}
		if err := stream.Err(); err != nil {
			return err
		}
		silent++
		if at.caughtUp(token(stream.ResumeToken()), until, silent) {
			at.reach(until)
			return nil
		}
		if stream.ID() == 0 { // the server closed it: an invalidate without a word
			at.Ended = "invalidated"
			return errEnded
		}
	}
}

// one hands over one event, and then remembers where it leaves the stream.
func (c *collection) one(ctx context.Context, e event, at *track, each func(event) error) error {
	e.ended = c.ending(e)
	if e.ended == "" && !e.changes() {
		return nil
	}
	if e.time.IsZero() { // an invalidate may not say when
		e.time = at.Time
	}
	moved := *at
	e.position = moved.step(e.time)
	if e.kind == "update" && e.document == nil {
		if err := c.lookUp(ctx, &e); err != nil {
			return err
		}
	}
	if err := each(e); err != nil {
		return err
	}
	*at = moved
	at.Token, at.Reached, at.Ended = token(e.token), e.time, e.ended
	if e.ended != "" {
		return errEnded
	}
	return nil
}

// reach notes that there is nothing more up to a time.
func (t *track) reach(until bson.Timestamp) {
	if until.After(t.Reached) {
		t.Reached = until
	}
}

// silences is how many empty answers of a server of unknown make mean that there is nothing more; the first may have been
// given before the stream was asked.
const silences = 2

// caughtUp takes the token that the server gives where it has nothing to tell: it stands for a time up to which that holds.
func (t *track) caughtUp(idle token, until bson.Timestamp, silent int) bool {
	at, known := idle.time()
	if !known {
		return silent >= silences
	}
	t.Token = append(token(nil), idle...)
	return !at.Before(until)
}

// streamProblem words the errors that only a change stream has.
func (c *collection) streamProblem(err error) error {
	switch {
	case hasCode(err, codeHistoryLost, codePositionLost, codeInvalidToken, codeFatal):
		return c.historyLost(err)
	case hasCode(err, codeNotReplicaSet, codeCommandNotFound):
		return notReplicaSet()
	case unauthorized(err):
		return sdk.Diagnostics{sdk.Error("Missing privilege", fmt.Sprintf("The user may not follow the changes of %s. Let an administrator grant the actions find "+
			"and changeStream on the collection, which the role read of the database has: db.grantRolesToUser(\"…\", [{ role: \"read\", db: %q }]).",
			c.namespace(), c.database), "connection")}
	case hasCode(err, codeEventTooLarge):
		return sdk.Diagnostics{sdk.Error("Change too large", fmt.Sprintf("A change of %s, together with the document, exceeds the 16 MiB that the server can "+
			"tell at once. Make the document smaller, then read the collection anew with `etl apply -resnapshot`.", c.namespace()), "collection")}
	}
	return err
}

// lostError is a position that the server can't go back to.
type lostError struct{ diags sdk.Diagnostics }

func (l *lostError) Error() string { return l.diags.Error() }
func (l *lostError) Unwrap() error { return l.diags }

func (c *collection) historyLost(err error) error {
	return &lostError{sdk.Diagnostics{sdk.Error("Changes lost", fmt.Sprintf("The server no longer has the changes of %s since the position that was recorded: its oplog "+
		"doesn't reach back so far, or it is another server (%s). Read the collection anew with `etl apply -resnapshot`. To keep it from happening again, apply more often, or make the oplog "+
		"larger: db.adminCommand({ replSetResizeOplog: 1, minRetentionHours: 48 }).", c.namespace(), short(c.connection.scrubbed(cause(err)))), "collection")}}
}
