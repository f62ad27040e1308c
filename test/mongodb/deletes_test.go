package mongodb

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/automic-etl/etl/test/crash/lab"
)

// TestDeletedDocumentsAreFound deletes documents of collections that are read by a cursor: those that are gone, or whose
// key changed, go from the lakehouse, and no others, whatever their cursor. Ids are of one type, in ranges, or of several.
func TestDeletedDocumentsAreFound(t *testing.T) {
	for name, id := range map[string]func(i int) any{
		"numbers": func(i int) any { return i },
		"texts":   func(i int) any { return fmt.Sprintf("%s%d", []string{"a", "A", "ä"}[i%3], i/3) },
		"objects": func(i int) any { return bson.D{{Key: "shop", Value: i % 3}, {Key: "n", Value: i}} },
		"several": func(i int) any { return []any{i, fmt.Sprint("t", i), bson.ObjectID{byte(i >> 8), byte(i)}}[i%3] },
	} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			db := newDatabase(t)
			c := db.Collection("things")
			n := 2000
			if name == "numbers" {
				n = 30_000
			}
			var documents []any
			for i := range n {
				document := bson.D{{Key: "_id", Value: id(i)}, {Key: "at", Value: i}}
				if i%10 == 0 {
					document = document[:1]
				}
				documents = append(documents, document)
			}
			insert(t, c, documents...)
			types := "" // documents are no keys, their texts are
			if name == "objects" {
				types = "types = { _id = string }\n  "
			}
			l := project(t, db, uri, "things", types+"extract \"incremental\" {\n    cursor = at\n    detect_deletes = true\n  }", `write "merge" { key = [_id] }`)
			for step, change := range []func() error{
				func() error { return nil },
				func() error { return second(c.DeleteMany(ctx, bson.D{{Key: "at", Value: nil}})) },
				func() error {
					return second(c.DeleteMany(ctx, bson.D{{Key: "at", Value: bson.D{{Key: "$lt", Value: 700}}}}))
				},
				func() error { // one goes and comes again under another key, and one is newer than all
					insert(t, c, bson.D{{Key: "_id", Value: id(n)}, {Key: "at", Value: n}}, bson.D{{Key: "_id", Value: id(n + 1)}, {Key: "at", Value: n + 1}})
					return second(c.DeleteOne(ctx, bson.D{{Key: "_id", Value: id(701)}}))
				},
				func() error { return second(c.DeleteMany(ctx, bson.D{})) },
				func() error {
					insert(t, c, bson.D{{Key: "_id", Value: id(3)}, {Key: "at", Value: 100_000}})
					return nil
				},
			} {
				if err := change(); err != nil {
					t.Fatal(err)
				}
				l.Must(t, 0, "apply", "-auto-approve")
				if difference := lab.Difference(held(t, l), holding(t, c)); difference != "" {
					t.Fatalf("step %d:\n%s", step, difference)
				}
			}
		})
	}
}

// held are the cursors of a table's rows, a line each, sorted.
func held(t *testing.T, l *lab.Lab) string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(l.Must(t, 0, "query", "-format=csv", `SELECT coalesce("at"::varchar, '?') FROM bronze.things`).Stdout), "\n")[1:]
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// holding are those of a collection.
func holding(t *testing.T, c *mongo.Collection) string {
	t.Helper()
	cursor, err := c.Find(context.Background(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	var documents []struct{ At *int }
	if err := cursor.All(context.Background(), &documents); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, d := range documents {
		line := "?"
		if d.At != nil {
			line = strconv.Itoa(*d.At)
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
