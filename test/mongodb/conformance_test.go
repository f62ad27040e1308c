package mongodb

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/zclconf/go-cty/cty"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/automic-etl/etl/plugins/conformance"
	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/sdk"
)

// TestConformance examines the provider in a process of its own, in the modes that go on from a cursor.
func TestConformance(t *testing.T) {
	for mode, cases := range map[string][]conformance.Case{
		"incremental": conformance.Cases(), "delta": conformance.FollowCases(),
	} {
		t.Run(mode, func(t *testing.T) { conforms(t, mode, cases) })
	}
}

func conforms(t *testing.T, mode string, cases []conformance.Case) {
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	db := newDatabase(t)
	c := db.Collection("numbers")
	var documents []any
	for i := range 400 {
		documents = append(documents, bson.D{{Key: "_id", Value: i}, {Key: "n", Value: int64(i) << 20}, {Key: "s", Value: fmt.Sprintf("text %d", i)}})
	}
	insert(t, c, documents...)
	e, err := conformance.Examine(t.Context(), conformance.Subject{
		Provider: "mongodb", BatchSize: 20, Unordered: true,
		Host: host.Options{Executable: executable, BuiltIn: []string{"mongodb"}, CacheDir: t.TempDir()},
		Config: func(*host.Client) sdk.Config {
			return config(db, "numbers", mode, values{"cursor": cty.StringVal("_id")})
		},
		Write: func(ctx context.Context, time int) error { return writeStory(ctx, c, 1000*time) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	for _, c := range cases {
		if err := c.Run(t.Context(), e); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}

// writeStory makes changes of every kind.
func writeStory(ctx context.Context, c *mongo.Collection, first int) error {
	var documents []any
	for i := range 30 {
		documents = append(documents, bson.D{{Key: "_id", Value: first + i}, {Key: "n", Value: int64(i)}, {Key: "s", Value: "new"}})
	}
	_, err := c.InsertMany(ctx, documents)
	for i := 0; i < 10 && err == nil; i++ {
		id := bson.D{{Key: "_id", Value: first + i}}
		switch i % 4 {
		case 0:
			_, err = c.UpdateOne(ctx, id, bson.D{{Key: "$set", Value: bson.D{{Key: "n", Value: int64(-i)}}}})
		case 1:
			_, err = c.ReplaceOne(ctx, id, bson.D{{Key: "s", Value: "replaced"}})
		case 2:
			_, err = c.UpdateOne(ctx, id, bson.D{{Key: "$unset", Value: bson.D{{Key: "s", Value: ""}}}})
			if err == nil {
				_, err = c.DeleteOne(ctx, id) // of the update, only what it set or removed is known by now
			}
		case 3:
			_, err = c.DeleteOne(ctx, id)
		}
	}
	return err
}
