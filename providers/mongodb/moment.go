package mongodb

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// moment is when to read as of; nil where the server can't read so, or shouldn't.
type moment = *bson.Timestamp

// now is the moment that reads of the collection can have in common from now on.
func (c *collection) now(ctx context.Context, about info) (moment, error) {
	if !about.snapshots {
		return nil, nil
	}
	session, err := c.client.StartSession(options.Session().SetSnapshot(true))
	if err != nil {
		return nil, err
	}
	defer session.EndSession(context.WithoutCancel(ctx))
	err = c.FindOne(mongo.NewSessionContext(ctx, session), bson.D{}, options.FindOne().SetProjection(bson.D{{Key: idField, Value: 1}})).Err()
	if err != nil && !errors.Is(err, mongo.ErrNoDocuments) {
		return nil, err
	}
	at := session.SnapshotTime()
	return &at, nil
}

// as runs reads as of a moment. Sessions serve one goroutine each.
func (c *collection) as(ctx context.Context, at moment, read func(context.Context) error) error {
	if at == nil {
		return read(ctx)
	}
	session, err := c.client.StartSession(options.Session().SetSnapshot(true).SetSnapshotTime(*at))
	if err != nil {
		return err
	}
	defer session.EndSession(context.WithoutCancel(ctx))
	return read(mongo.NewSessionContext(ctx, session))
}
