package mongodb

import (
	"context"
	"fmt"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/mongodb"
	"github.com/automic-etl/etl/providers/outputtest"
)

// benched is how many documents benchmarks read.
const benched = 60_000

// dropped reads a collection with the plain driver, and looks at no document.
func dropped(b *testing.B, c *mongo.Collection) {
	cursor, err := c.Find(b.Context(), bson.D{})
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for ; cursor.Next(b.Context()); n++ {
	}
	if n != benched || cursor.Err() != nil {
		b.Fatal(n, cursor.Err())
	}
}

func fill(b *testing.B, c *mongo.Collection) {
	for from := 0; from < benched; from += 5000 {
		var documents []any
		for i := from; i < from+5000; i++ {
			documents = append(documents, bson.D{{Key: "_id", Value: i}, {Key: "customer", Value: int64(i % 1000)}, {Key: "amount", Value: float64(i%5000) + 0.25},
				{Key: "status", Value: fmt.Sprint("status ", i%7)}, {Key: "at", Value: time.UnixMilli(1_700_000_000_000 + int64(i))},
				{Key: "lines", Value: bson.A{bson.D{{Key: "item", Value: "tea"}, {Key: "n", Value: i % 9}}}}, {Key: "note", Value: fmt.Sprint("a note of the order ", i)}})
		}
		if _, err := c.InsertMany(b.Context(), documents); err != nil {
			b.Fatal(err)
		}
	}
}

func benchCollection(b *testing.B) *mongo.Collection {
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		b.Fatal(err)
	}
	db := client.Database(fmt.Sprint("bench_", databases.Add(1)))
	b.Cleanup(func() {
		_ = db.Drop(context.Background())
		_ = client.Disconnect(context.Background())
	})
	return db.Collection("orders")
}

// planned is a request for what a plan saw.
func planned(b *testing.B, cfg sdk.Config, cursor []byte, recorded sdk.ReadRequest) sdk.ReadRequest {
	b.Helper()
	plan, diags := mongodb.New().Plan(b.Context(), cfg, sdk.PlanRequest{Cursor: map[string][]byte{"": cursor}, Columns: recorded.Columns})
	if diags.HasErrors() {
		b.Fatal(diags)
	}
	request := sdk.ReadRequest{Columns: outputtest.WithIDs(plan.Columns), Until: plan.Until}
	if cursor != nil {
		request.Cursor = map[string][]byte{"": cursor}
	}
	return request
}

// BenchmarkRead reads a collection in ranges. Its floor is the plain driver's read of all documents.
func BenchmarkRead(b *testing.B) {
	c := benchCollection(b)
	fill(b, c)
	cfg := config(c.Database(), c.Name(), schema.Batch)
	request := planned(b, cfg, nil, sdk.ReadRequest{})
	outputtest.Against(b, benched, func() { dropped(b, c) }, func() {
		out := &outputtest.Counter{}
		if err := mongodb.New().Read(b.Context(), cfg, request, out); err != nil || out.Rows != benched {
			b.Fatal(err, out.Rows)
		}
	})
}

// BenchmarkChanges reads as many insertions from the change stream.
func BenchmarkChanges(b *testing.B) {
	c := benchCollection(b)
	if err := c.Database().CreateCollection(b.Context(), c.Name()); err != nil {
		b.Fatal(err)
	}
	cfg := config(c.Database(), c.Name(), schema.Delta)
	request := planned(b, cfg, nil, sdk.ReadRequest{})
	request.Columns = append(request.Columns, sdk.ChangeColumns()...)
	first := &outputtest.Counter{}
	if err := mongodb.New().Read(b.Context(), cfg, request, first); err != nil {
		b.Fatal(err)
	}
	fill(b, c)
	request = planned(b, cfg, first.Cursor, sdk.ReadRequest{})
	request.Columns = append(request.Columns, sdk.ChangeColumns()...)
	outputtest.Against(b, benched, func() { dropped(b, c) }, func() {
		out := &outputtest.Counter{}
		if err := mongodb.New().Read(b.Context(), cfg, request, out); err != nil || out.Rows != benched {
			b.Fatal(err, out.Rows)
		}
	})
}
