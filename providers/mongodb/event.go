package mongodb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// event is one change of a change stream.
type event struct {
	kind     string // insert, update, replace, delete, drop, rename, dropDatabase, invalidate
	time     bson.Timestamp
	position string
	at       time.Time // when it was committed, as far as the server says
	token    bson.Raw
	key      bson.Raw // the document that has _id, and the shard key
	document bson.Raw // after the change; nil where it isn't told
	updated  bson.Raw // fields that the update set, by dotted path
	removed  []string
	from, to string // collections: what the event is about, and the new name of a renamed one
	ended    string
}

// changes holds for events that are about one document.
func (e event) changes() bool {
	return e.kind == "insert" || e.kind == "update" || e.kind == "replace" || e.kind == "delete"
}

// decodeEvent copies what the driver will overwrite.
func decodeEvent(current bson.Raw) (event, error) {
	raw := append(bson.Raw(nil), current...)
	t, i, _ := raw.Lookup("clusterTime").TimestampOK()
	e := event{time: bson.Timestamp{T: t, I: i}, at: time.Unix(int64(t), 0)}
	e.kind, _ = raw.Lookup("operationType").StringValueOK()
	if e.time.IsZero() && e.kind != "invalidate" {
		return event{}, fmt.Errorf("the change stream has an event %q without clusterTime", e.kind)
	}
	e.token, _ = raw.Lookup("_id").DocumentOK()
	e.key, _ = raw.Lookup("documentKey").DocumentOK()
	e.document, _ = raw.Lookup("fullDocument").DocumentOK()
	e.updated, _ = raw.Lookup("updateDescription", "updatedFields").DocumentOK()
	if wall, ok := raw.Lookup("wallTime").TimeOK(); ok {
		e.at = wall
	}
	if removed, ok := raw.Lookup("updateDescription", "removedFields").ArrayOK(); ok {
		values, _ := removed.Values()
		for _, v := range values {
			if name, ok := v.StringValueOK(); ok {
				e.removed = append(e.removed, name)
			}
		}
	}
	e.from, e.to = namespaceOf(raw.Lookup("ns")), namespaceOf(raw.Lookup("to"))
	if len(e.token) == 0 {
		return e, errors.New("the change stream has an event without a resume token")
	}
	return e, e.identify()
}

func namespaceOf(v bson.RawValue) string {
	raw, ok := v.DocumentOK()
	if !ok {
		return ""
	}
	db, _ := raw.Lookup("db").StringValueOK()
	coll, _ := raw.Lookup("coll").StringValueOK()
	return db + "." + coll
}

// identify makes sure that a change says which document it is about.
func (e *event) identify() error {
	if !e.changes() || e.key.Lookup(idField).Type != 0 {
		return nil
	}
	id := e.document.Lookup(idField)
	if id.Type == 0 {
		return fmt.Errorf("the change stream has an event %q that doesn't say which document it is about", e.kind)
	}
	var err error
	e.key, err = bson.Marshal(bson.D{{Key: idField, Value: id}})
	return err
}

// ending says what became of the collection, empty where nothing did.
func (c *collection) ending(e event) string {
	switch e.kind {
	case "invalidate":
		return "invalidated"
	case "dropDatabase":
		return "dropped"
	case "drop":
		if e.from == c.namespace() || e.from == "" {
			return "dropped"
		}
	case "rename":
		if e.from == c.namespace() {
			return "renamed to " + e.to
		}
		if e.to == c.namespace() {
			return "replaced by " + e.from
		}
	}
	return ""
}

// lookUp asks for the document of an update that came without. One that is gone by now was deleted, which is still to come.
func (c *collection) lookUp(ctx context.Context, e *event) error {
	raw, err := c.FindOne(ctx, bson.D{{Key: idField, Value: e.key.Lookup(idField)}}).Raw()
	switch {
	case errors.Is(err, mongo.ErrNoDocuments):
		return nil
	case err != nil:
		return err
	}
	e.document = raw
	return nil
}

// partial is what an update says by itself: the fields that it set or removed as a whole. Of those that it changed within,
// and of all others, the values are the ones from before.
func (e event) partial(columns []string) (document bson.Raw, unchanged []string, err error) {
	out := bson.D{{Key: idField, Value: e.key.Lookup(idField)}}
	told := map[string]bool{idField: true}
	elements, err := e.updated.Elements()
	if err != nil && len(e.updated) > 0 {
		return nil, nil, fmt.Errorf("reading an update: %w", err)
	}
	for _, element := range elements {
		if name := element.Key(); !strings.Contains(name, ".") && !told[name] {
			told[name] = true
			out = append(out, bson.E{Key: name, Value: element.Value()})
		}
	}
	for _, name := range e.removed {
		told[name] = true
	}
	for _, name := range columns {
		if !told[name] {
			unchanged = append(unchanged, name)
		}
	}
	document, err = bson.Marshal(out)
	return document, unchanged, err
}
