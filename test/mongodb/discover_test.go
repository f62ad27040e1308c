package mongodb

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/mongodb"
)

// TestDiscover lists collections with their keys, and what could be a cursor, the best first.
func TestDiscover(t *testing.T) {
	db := newDatabase(t)
	insert(t, db.Collection("orders"), bson.D{{Key: "_id", Value: bson.NewObjectID()}, {Key: "created", Value: time.Now()}, {Key: "updatedAt", Value: time.Now()}})
	if _, err := db.Collection("orders").Indexes().CreateOne(t.Context(), mongo.IndexModel{Keys: bson.D{{Key: "created", Value: -1}, {Key: "x", Value: 1}}}); err != nil {
		t.Fatal(err)
	}
	insert(t, db.Collection("Customers"), bson.D{{Key: "_id", Value: 1}, {Key: "name", Value: "Ada"}})
	cfg := config(db, "", "batch")
	cfg.Source = filled(mongodb.New().Schema().Source, values{"collection": cty.NullVal(cty.String)})
	streams, diags := mongodb.New().Discover(context.Background(), cfg)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	var got []string
	for _, s := range streams {
		got = append(got, fmt.Sprint(s.Name, " ", s.Attributes, s.Keys, s.Cursors, s.Unindexed, s.Rows, coltype.StructOf(s.Columns...)))
	}
	want := []string{
		"Customers map[collection:Customers] [[_id]] [] [] 1 object({ _id = int, name = string })",
		"orders map[collection:orders] [[_id]] [updatedAt created _id] [updatedAt] 1 object({ _id = string, created = timestamptz, updatedAt = timestamptz })",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
