package mongodb

import (
	"context"
	"fmt"
	"testing"

	"github.com/zclconf/go-cty/cty"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/mongodb"
	"github.com/automic-etl/etl/providers/outputtest"
)

type values = map[string]cty.Value

// config is a source of a collection; attributes of the extract block begin with "extract.".
func config(db *mongo.Database, collection, mode string, attributes ...values) sdk.Config {
	described := mongodb.New().Schema()
	return sdk.Config{
		Address: "source.mongodb.test", Project: "test", Mode: mode,
		Connection: filled(*described.Connection, values{"uri": cty.StringVal(uri), "database": cty.StringVal(db.Name())}),
		Source:     filled(described.Source, append(attributes, values{"collection": cty.StringVal(collection)})...),
		Extract:    filled(described.Extract[mode], attributes...),
	}
}

func filled(block schema.Block, from ...values) cty.Value {
	out := block.Empty().AsValueMap()
	for _, given := range from {
		for name, v := range given {
			if _, ok := block.Attribute(name); ok {
				out[name] = v
			}
		}
	}
	return cty.ObjectVal(out)
}

func insert(t *testing.T, c *mongo.Collection, documents ...any) {
	t.Helper()
	for len(documents) > 0 {
		n := min(len(documents), 5000)
		if _, err := c.InsertMany(context.Background(), documents[:n]); err != nil {
			t.Fatal(err)
		}
		documents = documents[n:]
	}
}

// TestRanges reads a collection that is large enough to be divided: each document once, each with a number of its own.
func TestRanges(t *testing.T) {
	db := newDatabase(t)
	const n = 25_000
	var documents []any
	for i := range n {
		documents = append(documents, bson.D{{Key: "_id", Value: i}, {Key: "s", Value: fmt.Sprint(i)}})
	}
	insert(t, db.Collection("many"), documents...)
	for _, staged := range []bool{true, false} {
		got := outputtest.Load(t, mongodb.New(), config(db, "many", "batch", nil), staged)
		numbers, ids := map[int64]bool{}, map[any]bool{}
		for _, row := range got.Rows {
			numbers[row.Number], ids[row.Values[0]] = true, true
			if row.Number < 1 || row.Number > n || row.Source != db.Name()+".many" || fmt.Sprint(row.Values[0]) != row.Values[1] {
				t.Fatalf("row %v", row)
			}
		}
		if len(got.Rows) != n || len(numbers) != n || len(ids) != n {
			t.Errorf("staged %t: %d rows, %d numbers, %d ids", staged, len(got.Rows), len(numbers), len(ids))
		}
	}
}
