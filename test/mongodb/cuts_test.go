package mongodb

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/mongodb"
	"github.com/automic-etl/etl/providers/outputtest"
)

// writer changes a collection until it is stopped.
type writer struct {
	stop   chan struct{}
	done   chan error
	writes atomic.Int64
	limit  atomic.Int64 // of writes: a reader that is slower than the writer would never come to an end
}

// allow lets the writer get so far ahead of what it has written now.
func (w *writer) allow(more int64) { w.limit.Store(w.writes.Load() + more) }

func startWriter(c *mongo.Collection, ids int) *writer {
	w := &writer{stop: make(chan struct{}), done: make(chan error, 1)}
	w.limit.Store(math.MaxInt64)
	random := rand.New(rand.NewPCG(1, 2))
	go func() {
		for {
			select {
			case <-w.stop:
				w.done <- nil
				return
			default:
			}
			if w.writes.Load() >= w.limit.Load() {
				time.Sleep(3 * time.Millisecond)
				continue
			}
			if err := writeAny(c, random, ids); err != nil {
				w.done <- err
				return
			}
			w.writes.Add(1)
			time.Sleep(3 * time.Millisecond)
		}
	}()
	return w
}

func writeAny(c *mongo.Collection, random *rand.Rand, ids int) error {
	ctx := context.Background()
	id := random.IntN(ids)
	key := bson.D{{Key: "_id", Value: id}}
	switch random.IntN(10) {
	case 0:
		return second(c.DeleteOne(ctx, key))
	case 1, 2:
		if c.FindOne(ctx, key).Err() == nil {
			return nil
		}
		return second(c.InsertOne(ctx, bson.D{{Key: "_id", Value: id}, {Key: "n", Value: random.IntN(1000)}, {Key: "s", Value: "inserted"}}))
	case 3:
		return second(c.ReplaceOne(ctx, key, bson.D{{Key: "n", Value: random.IntN(1000)}, {Key: "s", Value: "replaced"}}))
	}
	return second(c.UpdateOne(ctx, key, set("n", random.IntN(1000))))
}

func (w *writer) end(t *testing.T) {
	t.Helper()
	close(w.stop)
	if err := <-w.done; err != nil {
		t.Fatal(err)
	}
}

// TestCuts follows a collection that is written to while connections are dropped at random moments: in the snapshot, among
// the changes, in plans. In the end the rows are those of the collection.
func TestCuts(t *testing.T) {
	db := newDatabase(t)
	c := db.Collection("c")
	const ids = 400
	var documents []any
	for i := range ids {
		documents = append(documents, bson.D{{Key: "_id", Value: i}, {Key: "n", Value: i}, {Key: "s", Value: "first"}})
	}
	insert(t, c, documents...)
	var cuts, left atomic.Int64
	left.Store(20)
	var p *proxy
	p = newProxy(t, nil, func(string, bson.Raw) bson.D {
		if left.Add(-1) == 0 {
			cuts.Add(1)
			p.cut()
			left.Store(1 + rand.Int64N(40))
		}
		return nil
	})
	cfg := config(db, "c", schema.Delta)
	cfg.Connection = filled(*mongodb.New().Schema().Connection, values{"uri": cty.StringVal(p.uri()), "database": cty.StringVal(db.Name())})
	w := startWriter(c, ids)
	f := follow(cfg)
	applied, failed := 0, 0
	for applied < 15 || cuts.Load() < 50 {
		w.allow(200)
		if _, err := f.next(); err != nil {
			if failed++; failed > 100 {
				t.Fatal(err)
			}
			continue
		}
		applied++
	}
	left.Store(1 << 40)
	w.end(t)
	must(t, f)
	if difference := f.differs(db, "c"); difference != "" {
		t.Error(difference)
	}
	t.Logf("%d cuts, %d writes, %d changes, %d applies, %d more failed", cuts.Load(), w.writes.Load(), len(f.log), applied, failed)
	if w.writes.Load() < 100 {
		t.Errorf("%d writes are too few to prove anything", w.writes.Load())
	}
}

// TestCutScan reads a large collection over a bad connection: each document once.
func TestCutScan(t *testing.T) {
	db := newDatabase(t)
	const n = 3000
	var documents []any
	for i := range n {
		documents = append(documents, bson.D{{Key: "_id", Value: fmt.Sprintf("%05d", i)}, {Key: "n", Value: i}})
	}
	insert(t, db.Collection("c"), documents...)
	var reads atomic.Int64
	var p *proxy
	p = newProxy(t, nil, func(command string, _ bson.Raw) bson.D {
		if command == "getMore" && reads.Add(1)%5 == 0 {
			p.cut()
		}
		return nil
	})
	cfg := config(db, "c", schema.Batch)
	cfg.Connection = filled(*mongodb.New().Schema().Connection, values{"uri": cty.StringVal(p.uri()), "database": cty.StringVal(db.Name())})
	cfg.Extract = cty.ObjectVal(values{"batch_size": cty.NumberIntVal(50)})
	got := outputtest.Load(t, mongodb.New(), cfg, true)
	seen := map[string]bool{}
	for _, id := range ids(got) {
		seen[id] = true
	}
	if len(got.Rows) != n || len(seen) != n {
		t.Errorf("%d rows, %d documents, after %d reads", len(got.Rows), len(seen), reads.Load())
	}
}

// TestCutInTheMiddle drops the connections in the middle of reads that nothing orders, so that they can't go on from where
// they were: they begin anew, and each document comes once.
func TestCutInTheMiddle(t *testing.T) {
	db := newDatabase(t)
	const n = 3000
	var documents []any
	for i := range n {
		var id any = i
		if i%2 == 0 {
			id = fmt.Sprint(i)
		}
		documents = append(documents, bson.D{{Key: "_id", Value: id}, {Key: "n", Value: i}, {Key: "even", Value: i%2 == 0}})
	}
	insert(t, db.Collection("c"), documents...)
	for name, given := range map[string]struct {
		mode       string
		attributes values
		want       int
	}{
		"ids of two types": {schema.Batch, nil, n},
		"a filter":         {schema.Batch, values{"filter": cty.StringVal(`{"even": true}`)}, n / 2},
		"incremental":      {schema.Incremental, values{"cursor": cty.StringVal("n")}, n},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config(db, "c", given.mode, given.attributes, values{"batch_size": cty.NumberIntVal(50)})
			if given.mode == schema.Batch {
				cfg.Extract = cty.ObjectVal(values{"batch_size": cty.NumberIntVal(50)})
			}
			plan, diags := mongodb.New().Plan(context.Background(), cfg, sdk.PlanRequest{})
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			var reads atomic.Int64
			var p *proxy
			p = newProxy(t, nil, func(command string, _ bson.Raw) bson.D {
				if command == "getMore" && reads.Add(1) == 20 {
					p.cut()
				}
				return nil
			})
			cfg.Connection = filled(*mongodb.New().Schema().Connection, values{"uri": cty.StringVal(p.uri()), "database": cty.StringVal(db.Name())})
			got, err := outputtest.Read(t, mongodb.New(), cfg, plan, nil, given.mode == schema.Batch)
			if err != nil {
				t.Fatal(err)
			}
			seen := map[string]bool{}
			for _, id := range ids(got) {
				seen[id] = true
			}
			if len(got.Rows) != given.want || len(seen) != given.want || reads.Load() < 30 {
				t.Errorf("%d rows, %d documents, after %d reads", len(got.Rows), len(seen), reads.Load())
			}
		})
	}
}
