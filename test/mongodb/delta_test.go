package mongodb

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"pgregory.net/rapid"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/mongodb"
)

// script is a step of a test: what to do with the collection, and what the follower's log gets by it.
type script struct {
	name string
	do   func(c *mongo.Collection) error
	want []string // operation and key
}

// TestChanges makes each kind of change and looks at the log.
func TestChanges(t *testing.T) {
	ctx := context.Background()
	db := newDatabase(t)
	c := db.Collection("c")
	insert(t, c, bson.D{{Key: "_id", Value: "a"}, {Key: "n", Value: 1}, {Key: "o", Value: bson.D{{Key: "x", Value: 1}}}}, bson.D{{Key: "_id", Value: "b"}, {Key: "n", Value: 2}})
	f := follow(config(db, "c", "delta"))
	id := func(id string) bson.D { return bson.D{{Key: "_id", Value: id}} }
	for _, step := range []script{
		{"the snapshot", func(*mongo.Collection) error { return nil }, []string{"truncate ", "insert a", "insert b"}},
		{"insert", func(c *mongo.Collection) error {
			return second(c.InsertOne(ctx, append(id("c"), bson.E{Key: "n", Value: 3})))
		}, []string{"insert c"}},
		{"update of a field", func(c *mongo.Collection) error { return second(c.UpdateByID(ctx, "a", set("n", 10))) }, []string{"update a"}},
		{"update within a field", func(c *mongo.Collection) error { return second(c.UpdateByID(ctx, "a", set("o.x", 10))) }, []string{"update a"}},
		{"update of many", func(c *mongo.Collection) error { return second(c.UpdateMany(ctx, bson.D{}, set("n", 0))) }, []string{"update a", "update b", "update c"}},
		{"a new field", func(c *mongo.Collection) error { return second(c.UpdateByID(ctx, "b", set("later", "x"))) }, []string{"update b"}},
		{"removal of a field", func(c *mongo.Collection) error {
			return second(c.UpdateByID(ctx, "b", bson.D{{Key: "$unset", Value: bson.D{{Key: "n", Value: ""}}}}))
		}, []string{"update b"}},
		{"replacement", func(c *mongo.Collection) error {
			return second(c.ReplaceOne(ctx, id("c"), bson.D{{Key: "later", Value: "y"}}))
		}, []string{"update c"}},
		{"deletion", func(c *mongo.Collection) error { return second(c.DeleteOne(ctx, id("b"))) }, []string{"delete b"}},
		{"an update and a deletion at once", func(c *mongo.Collection) error {
			if err := second(c.UpdateByID(ctx, "a", bson.D{{Key: "$set", Value: bson.D{{Key: "n", Value: 5}, {Key: "o.x", Value: 6}}}})); err != nil {
				return err
			}
			return second(c.DeleteOne(ctx, id("a")))
		}, []string{"update a", "delete a"}},
		{"deletion and insertion", func(c *mongo.Collection) error {
			if err := second(c.DeleteOne(ctx, id("c"))); err != nil {
				return err
			}
			return second(c.InsertOne(ctx, append(id("c"), bson.E{Key: "n", Value: 7})))
		}, []string{"delete c", "insert c"}},
		{"nothing", func(*mongo.Collection) error { return nil }, nil},
		{"changes of another collection", func(c *mongo.Collection) error {
			return second(c.Database().Collection("other").InsertOne(ctx, id("z")))
		}, nil},
		{"a drop of another collection", func(c *mongo.Collection) error { return c.Database().Collection("other").Drop(ctx) }, nil},
	} {
		if err := step.do(c); err != nil {
			t.Fatal(err)
		}
		before := len(f.log)
		plan, err := f.next()
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		var got []string
		for _, line := range f.log[before:] {
			op, rest, _ := strings.Cut(line, " ")
			_, key, _ := strings.Cut(rest, " ")
			got = append(got, op+" "+key)
		}
		if fmt.Sprint(got) != fmt.Sprint(step.want) {
			t.Errorf("%s: %v, not %v", step.name, got, step.want)
		}
		if plan.Changed != (len(step.want) > 0) || plan.Snapshot != (step.name == "the snapshot") || !plan.Resumable || fmt.Sprint(plan.Key) != "[_id]" {
			t.Errorf("%s: plan %+v", step.name, plan)
		}
		if difference := f.differs(db, "c"); difference != "" {
			t.Errorf("%s: %s", step.name, difference)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func set(field string, v any) bson.D {
	return bson.D{{Key: "$set", Value: bson.D{{Key: field, Value: v}}}}
}

// TestEnds drops the collection, and makes it again.
func TestEnds(t *testing.T) {
	ctx := context.Background()
	db := newDatabase(t)
	c := db.Collection("c")
	insert(t, c, bson.D{{Key: "_id", Value: 1}}, bson.D{{Key: "_id", Value: 2}})
	insert(t, db.Collection("other"), bson.D{{Key: "_id", Value: 1}})
	f := follow(config(db, "c", "delta"))
	must(t, f)
	update(t, c, 1, bson.D{{Key: "n", Value: 5}})
	if err := c.Drop(ctx); err != nil {
		t.Fatal(err)
	}
	plan, diags := mongodb.New().Plan(ctx, f.config, sdk.PlanRequest{Cursor: f.cursor, Columns: f.columns})
	if diags.HasErrors() || !strings.Contains(diags.Error(), "was dropped on") || !plan.Changed || plan.Rows != 2 {
		t.Errorf("after the drop: %+v, %v", plan, diags)
	}
	must(t, f)
	if len(f.rows) > 0 || !strings.HasPrefix(f.log[len(f.log)-1], "truncate") {
		t.Errorf("the rows outlive the collection: %v, %v", f.rows, f.log)
	}
	plan, diags = mongodb.New().Plan(ctx, f.config, sdk.PlanRequest{Cursor: f.cursor, Columns: f.columns})
	if diags.HasErrors() || plan.Changed || !plan.Resumable || !strings.Contains(diags.Error(), "Once there is a collection of this name again") {
		t.Errorf("when it is gone: %+v, %v", plan, diags)
	}
	insert(t, c, bson.D{{Key: "_id", Value: 3}})
	plan, diags = mongodb.New().Plan(ctx, f.config, sdk.PlanRequest{Cursor: f.cursor, Columns: f.columns})
	if diags.HasErrors() || !plan.Changed || !plan.Snapshot || !strings.Contains(diags.Error(), "read anew") {
		t.Errorf("when it is back: %+v, %v", plan, diags)
	}
	must(t, f)
	if difference := f.differs(db, "c"); difference != "" {
		t.Error(difference)
	}
	insert(t, c, bson.D{{Key: "_id", Value: 4}})
	must(t, f)
	if difference := f.differs(db, "c"); difference != "" {
		t.Error(difference)
	}
}

func must(t *testing.T, f *follower) {
	t.Helper()
	if _, err := f.next(); err != nil {
		t.Fatal(err)
	}
}

// TestMisfits follows documents that are no rows: they are reported, and the others come.
func TestMisfits(t *testing.T) {
	db := newDatabase(t)
	c := db.Collection("c")
	insert(t, c, bson.D{{Key: "_id", Value: 1}, {Key: "n", Value: 1}}, bson.D{{Key: "_id", Value: 2}, {Key: "at", Value: time.UnixMilli(1 << 60)}})
	f := follow(config(db, "c", "delta"))
	must(t, f)
	update(t, c, 1, bson.D{{Key: "n", Value: "text"}})
	insert(t, c, bson.D{{Key: "_id", Value: 3}, {Key: "n", Value: 3}})
	must(t, f)
	if len(f.rows) != 2 || f.rows["3"]["n"] != "3" || len(f.bad) != 2 || f.bad[0].Position != "key _id=2" || f.bad[1].Position != "key _id=1" {
		t.Errorf("rows %v, bad %v", f.rows, f.bad)
	}
}

// TestRefusals has what keeps a collection from being followed.
func TestRefusals(t *testing.T) {
	db := newDatabase(t)
	insert(t, db.Collection("c"), bson.D{{Key: "_id", Value: 1}})
	f := follow(config(db, "c", "delta"))
	must(t, f)
	streams := func(reply bson.D) string {
		return newProxy(t, nil, func(command string, body bson.Raw) bson.D {
			if stage, err := body.LookupErr("pipeline", "0", "$changeStream"); command == "aggregate" && err == nil && stage.Type != 0 {
				return reply
			}
			return nil
		}).uri()
	}
	view := func(kind string) string {
		return newProxy(t, nil, func(command string, _ bson.Raw) bson.D {
			if command != "listCollections" {
				return nil
			}
			return bson.D{{Key: "ok", Value: 1.0}, {Key: "cursor", Value: bson.D{{Key: "id", Value: int64(0)}, {Key: "ns", Value: db.Name() + ".$cmd.listCollections"},
				{Key: "firstBatch", Value: bson.A{bson.D{{Key: "name", Value: "c"}, {Key: "type", Value: kind}, {Key: "options", Value: bson.D{}}}}}}}}
		}).uri()
	}
	for name, test := range map[string]struct {
		uri    string
		more   values
		cursor map[string][]byte
		want   []string
	}{
		"no replica set":     {uri: streams(refusal(40573, "Location40573", "The $changeStream stage is only supported on replica sets")), want: []string{"No change streams", "rs.initiate()"}},
		"no privilege":       {uri: streams(refusal(13, "Unauthorized", "not authorized")), want: []string{"Missing privilege", "changeStream", "grantRolesToUser"}},
		"history lost":       {uri: streams(refusal(286, "ChangeStreamHistoryLost", "Resume of change stream was not possible, as the resume point may no longer be in the oplog.")), cursor: f.cursor, want: []string{"Changes lost", "`etl apply -resnapshot`", "replSetResizeOplog"}},
		"another server":     {uri: streams(refusal(260, "InvalidResumeToken", "cannot resume")), cursor: f.cursor, want: []string{"Changes lost", "another server"}},
		"an event too large": {uri: streams(refusal(10334, "BSONObjectTooLarge", "BSONObj size is invalid")), cursor: f.cursor, want: []string{"Change too large", "-resnapshot"}},
		"a view":             {uri: view("view"), want: []string{"No changes to follow", "is a view"}},
		"a time series":      {uri: view("timeseries"), want: []string{"No changes to follow", "is a time series"}},
		"a filter":           {uri: uri, more: values{"filter": cty.StringVal(`{"a": 1}`)}, want: []string{"Filter in mode delta"}},
		"no collection":      {uri: uri, more: values{"collection": cty.StringVal("cc")}, want: []string{"Unknown collection", `Did you mean "c"?`}},
		"a newer cursor":     {uri: uri, cursor: map[string][]byte{"": []byte(`{"version": 99}`)}, want: []string{"Cursor of a newer version", "99"}},
		"no cursor":          {uri: uri, cursor: map[string][]byte{"": []byte(`x`)}, want: []string{"Unreadable cursor", "-resnapshot"}},
	} {
		cfg := config(db, "c", "delta", test.more)
		described := mongodb.New().Schema()
		cfg.Connection = filled(*described.Connection, values{"uri": cty.StringVal(test.uri), "database": cty.StringVal(db.Name())})
		if collection, ok := test.more["collection"]; ok {
			cfg.Source = filled(described.Source, values{"collection": collection})
		}
		plan, diags := mongodb.New().Plan(context.Background(), cfg, sdk.PlanRequest{Cursor: test.cursor, Columns: f.columns})
		for _, want := range test.want {
			if !strings.Contains(diags.Error(), want) || !diags.HasErrors() {
				t.Errorf("%s: %q is missing in: %v", name, want, diags)
			}
		}
		if plan != nil && plan.Resumable {
			t.Errorf("%s: the plan says that it can go on", name)
		}
		read := sdk.ReadRequest{Columns: sdk.Followed(f.columns), Cursor: test.cursor}
		if err := mongodb.New().Read(context.Background(), cfg, read, &changeOutput{follower: *follow(cfg)}); err == nil {
			t.Errorf("%s: it is read", name)
		}
	}
}

// TestAnyChanges makes random changes and applies at random moments: the rows are always those of the collection, and
// positions never go back.
func TestAnyChanges(t *testing.T) {
	db := newDatabase(t)
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		round++
		name := fmt.Sprintf("c%d", round)
		c := db.Collection(name)
		if _, err := c.InsertOne(context.Background(), bson.D{{Key: "_id", Value: "seed"}, {Key: "a", Value: 0}}); err != nil {
			t.Fatal(err)
		}
		f := follow(config(db, name, "delta"))
		for range rapid.IntRange(1, 4).Draw(t, "applies") {
			for range rapid.IntRange(0, 8).Draw(t, "changes") {
				if err := anyChange(t, c); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := f.next(); err != nil {
				t.Fatal(err)
			}
		}
		for f.ended() { // what was dropped is read anew only by the apply after the one that saw it
			if _, err := c.InsertOne(context.Background(), bson.D{{Key: "a", Value: 1}}); err != nil {
				t.Fatal(err)
			}
			if _, err := f.next(); err != nil {
				t.Fatal(err)
			}
		}
		if difference := f.differs(db, name); difference != "" {
			t.Fatal(difference)
		}
	})
}

func (f *follower) ended() bool { return strings.Contains(string(f.cursor[""]), `"ended"`) }

func anyChange(t *rapid.T, c *mongo.Collection) error {
	ctx := context.Background()
	id := rapid.SampledFrom([]string{"seed", "x", "y", "z"}).Draw(t, "id")
	field := rapid.SampledFrom([]string{"a", "b", "o.p", "o.q"}).Draw(t, "field")
	n := rapid.IntRange(-3, 3).Draw(t, "n")
	key := bson.D{{Key: "_id", Value: id}}
	switch rapid.SampledFrom([]string{"upsert", "upsert", "set", "set", "unset", "replace", "delete", "drop"}).Draw(t, "kind") {
	case "upsert":
		if c.FindOne(ctx, key).Err() == nil {
			return nil
		}
		return second(c.InsertOne(ctx, bson.D{{Key: "_id", Value: id}, {Key: "a", Value: n}}))
	case "set":
		return second(c.UpdateOne(ctx, key, set(field, n)))
	case "unset":
		return second(c.UpdateOne(ctx, key, bson.D{{Key: "$unset", Value: bson.D{{Key: field, Value: ""}}}}))
	case "replace":
		return second(c.ReplaceOne(ctx, key, bson.D{{Key: "b", Value: n}}))
	case "delete":
		return second(c.DeleteOne(ctx, key))
	}
	if n != 3 {
		return nil
	}
	if err := c.Drop(ctx); err != nil {
		return err
	}
	return second(c.InsertOne(ctx, bson.D{{Key: "_id", Value: "seed"}, {Key: "a", Value: 9}}))
}
