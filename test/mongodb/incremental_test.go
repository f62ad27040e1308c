package mongodb

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/mongodb"
	"github.com/automic-etl/etl/providers/outputtest"
)

// reader reads a source again and again, as the host does.
type reader struct {
	t       *testing.T
	config  sdk.Config
	cursor  map[string][]byte
	request sdk.PlanRequest
}

// next plans and reads once.
func (r *reader) next() (*sdk.PlanResponse, *outputtest.Recorder, string) {
	r.t.Helper()
	r.request.Cursor = r.cursor
	plan, diags := mongodb.New().Plan(context.Background(), r.config, r.request)
	if diags.HasErrors() {
		r.t.Fatal(diags)
	}
	got := outputtest.NewRecorder(r.t, plan.Columns)
	err := mongodb.New().Read(context.Background(), r.config, sdk.ReadRequest{
		Columns: plan.Columns, Until: plan.Until, Cursor: r.cursor, BatchSize: 1000,
	}, got)
	if err != nil {
		r.t.Fatal(err)
	}
	r.request.Columns, r.cursor = plan.Columns, map[string][]byte{"": got.Cursor}
	return plan, got, diags.Error()
}

func ids(got *outputtest.Recorder) []string {
	place := got.Columns.Index("_id")
	var out []string
	for _, row := range got.Rows {
		out = append(out, fmt.Sprint(row.Values[place]))
	}
	slices.Sort(out)
	return out
}

// cursors are kinds of cursor fields: at gives the n-th value, from is where the overlap begins after values 1 to 3.
var cursors = map[string]struct {
	at       func(n int) any
	lookback string
	from     string
}{
	"int":      {func(n int) any { return int32(n) }, "", "3"},
	"long":     {func(n int) any { return int64(math.MaxInt64-10) + int64(n) }, "1", "9223372036854775799"},
	"double":   {func(n int) any { return float64(n) / 2 }, "1", "0.5"},
	"decimal":  {func(n int) any { return bson.NewDecimal128(0x303e000000000000, uint64(n)) }, "2", "-1.7"},
	"date":     {func(n int) any { return time.UnixMilli(1_700_000_000_000 + int64(n)) }, "1s", "2023-11-14T22:13:19.003Z"},
	"text":     {func(n int) any { return fmt.Sprintf("v%d", n) }, "", "v3"},
	"ObjectId": {func(n int) any { return bson.ObjectID{0, 0, 1, 0, byte(n)} }, "5s", "000000fb0000000000000000"},
}

// TestCursors follows documents by each kind of cursor: what is new comes, what is at the cursor or within the lookback
// comes again, and what has no cursor always does.
func TestCursors(t *testing.T) {
	for name, kind := range cursors {
		t.Run(name, func(t *testing.T) {
			db := newDatabase(t)
			c := db.Collection("c")
			document := func(id string, n int) bson.D { return bson.D{{Key: "_id", Value: id}, {Key: "at", Value: kind.at(n)}} }
			insert(t, c, document("a", 1), document("b", 3), document("c", 3), bson.D{{Key: "_id", Value: "null"}, {Key: "at", Value: nil}}, bson.D{{Key: "_id", Value: "missing"}})
			r := reader{t: t, config: config(db, "c", "incremental", values{"cursor": cty.StringVal("at"), "lookback": optional(kind.lookback)})}
			plan, got, said := r.next()
			if want := "[a b c missing null]"; fmt.Sprint(ids(got)) != want || plan.Overlap != nil || !plan.Changed {
				t.Errorf("first: %v, overlap %v", ids(got), plan.Overlap)
			}
			if !strings.Contains(said, "2 documents") || !strings.Contains(said, `createIndex({ "at": 1 })`) {
				t.Errorf("warnings: %s", said)
			}
			plan, _, _ = r.next()
			if plan.Changed || plan.Overlap == nil || plan.Overlap.Column != "at" || plan.Overlap.From != kind.from {
				t.Errorf("nothing new: changed %t, overlap %+v, not %s", plan.Changed, plan.Overlap, kind.from)
			}
			insert(t, c, document("tie", 3), document("new", 5))
			plan, got, _ = r.next()
			found := ids(got)
			if !plan.Changed || plan.Overlap.From != kind.from || !slices.Contains(found, "tie") || !slices.Contains(found, "new") || !slices.Contains(found, "b") ||
				!slices.Contains(found, "null") || !strings.Contains(plan.Position, "1 document in") {
				t.Errorf("then: %v, %q, overlap %+v", found, plan.Position, plan.Overlap)
			}
			if kind.lookback == "" && slices.Contains(found, "a") {
				t.Errorf("a came again: %v", found)
			}
		})
	}
}

func optional(text string) cty.Value {
	if text == "" {
		return cty.NullVal(cty.String)
	}
	return cty.StringVal(text)
}

// TestBound reads no further than the plan saw.
func TestBound(t *testing.T) {
	db := newDatabase(t)
	c := db.Collection("c")
	insert(t, c, bson.D{{Key: "_id", Value: 1}})
	cfg := config(db, "c", "incremental", values{"cursor": cty.StringVal("_id")})
	plan, diags := mongodb.New().Plan(context.Background(), cfg, sdk.PlanRequest{})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	insert(t, c, bson.D{{Key: "_id", Value: 2}})
	got := outputtest.NewRecorder(t, plan.Columns)
	if err := mongodb.New().Read(context.Background(), cfg, sdk.ReadRequest{Columns: plan.Columns, Until: plan.Until}, got); err != nil || len(got.Rows) != 1 {
		t.Errorf("%d rows, %v", len(got.Rows), err)
	}
}

// TestUnusableCursors has fields that can't tell what is new.
func TestUnusableCursors(t *testing.T) {
	for name, test := range map[string]struct {
		at   []any
		more values
		want string
	}{
		"several types":         {[]any{1, "x"}, nil, "Cursor of several types"},
		"an object":             {[]any{bson.D{{Key: "a", Value: 1}}}, nil, "Unusable cursor"},
		"not a number":          {[]any{math.NaN(), math.NaN()}, nil, "Unusable cursor"},
		"a lookback for texts":  {[]any{"a"}, values{"lookback": cty.StringVal("5m")}, "Lookback of another kind"},
		"minutes of numbers":    {[]any{1}, values{"lookback": cty.StringVal("5m")}, "Lookback of another kind"},
		"a column of texts":     {[]any{1}, values{"types": cty.MapVal(values{"at": cty.StringVal("string")})}, "Cursor and column differ"},
		"the cursor of another": {[]any{1}, nil, "Unreadable cursor"},
		"a newer cursor":        {[]any{1}, nil, "Cursor of a newer version"},
	} {
		t.Run(name, func(t *testing.T) {
			db := newDatabase(t)
			for i, at := range test.at {
				insert(t, db.Collection("c"), bson.D{{Key: "_id", Value: i}, {Key: "at", Value: at}})
			}
			cfg := config(db, "c", "incremental", values{"cursor": cty.StringVal("at")}, test.more)
			recorded := `{"version":1,"value":{"v":` + canonical(t, test.at[0]) + `}}`
			switch name {
			case "the cursor of another":
				recorded = "[]"
			case "a newer cursor":
				recorded = `{"version":2}`
			}
			_, diags := mongodb.New().Plan(context.Background(), cfg, sdk.PlanRequest{Cursor: map[string][]byte{"": []byte(recorded)}})
			if !diags.HasErrors() || !strings.Contains(diags.Error(), test.want) {
				t.Errorf("diagnostics: %v", diags)
			}
		})
	}
}

func canonical(t *testing.T, v any) string {
	t.Helper()
	text, err := bson.MarshalExtJSON(bson.D{{Key: "v", Value: v}}, true, false)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(strings.TrimPrefix(string(text), `{"v":`), "}")
}

// TestNewField says what becomes of a field that the plan didn't see.
func TestNewField(t *testing.T) {
	db := newDatabase(t)
	c := db.Collection("c")
	insert(t, c, bson.D{{Key: "_id", Value: 1}})
	for _, test := range []struct {
		mode string
		more values
		want string
		rows int
	}{
		{"incremental", nil, "left to the next run", 0},
		{"incremental", values{"sample": cty.NumberIntVal(5)}, "Raise sample", 1},
		{"batch", nil, "left out this time: x", 1},
	} {
		cfg := config(db, "c", test.mode, values{"cursor": cty.StringVal("_id")}, test.more)
		if _, err := c.UpdateByID(context.Background(), 1, bson.D{{Key: "$unset", Value: bson.D{{Key: "x", Value: ""}}}}); err != nil {
			t.Fatal(err)
		}
		plan, diags := mongodb.New().Plan(context.Background(), cfg, sdk.PlanRequest{})
		if len(diags) > 0 {
			t.Fatal(diags)
		}
		update(t, c, 1, bson.D{{Key: "x", Value: "new"}})
		got := outputtest.NewRecorder(t, plan.Columns)
		err := mongodb.New().Read(context.Background(), cfg, sdk.ReadRequest{Columns: plan.Columns, Until: plan.Until}, got)
		var said sdk.Diagnostics
		if !errors.As(err, &said) || said.HasErrors() || !strings.Contains(said.Error(), test.want) || len(got.Rows) != test.rows {
			t.Errorf("%s: %v, cursor %s", test.mode, err, got.Cursor)
		}
	}
}

// TestNewFieldComesNext changes documents between a plan and its apply. Those with a field that the plan didn't see come with
// the next apply, whatever their cursor and whether anything else is new by then, as on_schema_change says.
func TestNewFieldComesNext(t *testing.T) {
	for change, want := range map[string]string{"evolve": "1,?,a 2,9,? 3,8,? 4,?,? 5,7,e 6,?,f", "ignore": "1,a 2,? 3,? 4,? 5,e 6,f", "freeze": ""} {
		t.Run(change, func(t *testing.T) {
			db := newDatabase(t)
			c := db.Collection("things")
			insert(t, c, bson.D{{Key: "_id", Value: 1}, {Key: "n", Value: 1}, {Key: "s", Value: "a"}}, bson.D{{Key: "_id", Value: 2}, {Key: "n", Value: 2}},
				bson.D{{Key: "_id", Value: 3}}, bson.D{{Key: "_id", Value: 4}, {Key: "n", Value: 4}})
			l := project(t, db, uri, "things", "extract \"incremental\" {\n  cursor = n\n  key = [_id]\n}", "on_schema_change = "+strconv.Quote(change))
			l.Must(t, 0, "plan", "-out=first.plan")
			update(t, c, 2, bson.D{{Key: "x", Value: 9}})
			update(t, c, 3, bson.D{{Key: "x", Value: 8}})
			if r := l.Must(t, 0, "apply", "first.plan"); !r.Says("New fields since the plan", "made: x.", "left to the next run") {
				t.Error(r.Output())
			}
			held := "SELECT string_agg(_id::varchar, ' ' ORDER BY _id) FROM bronze.things"
			if got := l.Must(t, 0, "query", "-format=csv", held).Stdout; !strings.HasSuffix(strings.TrimSpace(got), "1 4") {
				t.Error(got)
			}
			if change == "freeze" {
				if r := l.Run(t, "plan"); r.Code != 1 || !r.Says("x int added") {
					t.Error(r.Output())
				}
				return
			}
			l.Must(t, 0, "apply", "-auto-approve")
			insert(t, c, bson.D{{Key: "_id", Value: 5}, {Key: "n", Value: 5}, {Key: "s", Value: "e"}}, bson.D{{Key: "_id", Value: 6}, {Key: "n", Value: 6}, {Key: "s", Value: "f"}})
			l.Must(t, 0, "plan", "-out=second.plan")
			update(t, c, 5, bson.D{{Key: "x", Value: 7}})
			l.Must(t, 0, "apply", "second.plan")
			l.Must(t, 0, "apply", "-auto-approve")
			columns := "_id, x, s"
			if change == "ignore" {
				columns = "_id, s"
			}
			all := "SELECT string_agg(array_to_string([coalesce(v, '?') FOR v IN [" + strings.ReplaceAll(columns, ", ", "::varchar, ") + "]], ','), ' ' ORDER BY _id) FROM bronze.things"
			if got := l.Must(t, 0, "query", "-format=csv", all).Stdout; !strings.Contains(got, want) {
				t.Errorf("%s instead of %s", got, want)
			}
			if r := l.Must(t, 0, "plan"); !r.Says("No changes") {
				t.Error(r.Output())
			}
		})
	}
}

func update(t *testing.T, c *mongo.Collection, id any, set bson.D) {
	t.Helper()
	if _, err := c.UpdateByID(context.Background(), id, bson.D{{Key: "$set", Value: set}}); err != nil {
		t.Fatal(err)
	}
}

// TestLateDocumentsAreNoticed adds documents that don't move the largest value of the cursor: within the lookback, at it, and
// without a cursor. Each is a reason to read, once; one from before the lookback is none.
func TestLateDocumentsAreNoticed(t *testing.T) {
	for name, kind := range cursors {
		t.Run(name, func(t *testing.T) {
			db := newDatabase(t)
			c := db.Collection("c")
			document := func(id string, n int) bson.D { return bson.D{{Key: "_id", Value: id}, {Key: "at", Value: kind.at(n)}} }
			insert(t, c, document("first", 9))
			r := reader{t: t, config: config(db, "c", "incremental", values{"cursor": cty.StringVal("at"), "lookback": optional(kind.lookback)})}
			r.next()
			late := []bson.D{document("tie", 9), {{Key: "_id", Value: "null"}, {Key: "at", Value: nil}}, {{Key: "_id", Value: "missing"}}}
			if kind.lookback != "" {
				late = append(late, bson.D{{Key: "_id", Value: "late"}, {Key: "at", Value: kind.at(8)}})
			}
			for _, document := range late {
				insert(t, c, document)
				id := fmt.Sprint(document[0].Value)
				if plan, got, _ := r.next(); !plan.Changed || !slices.Contains(ids(got), id) || plan.Rows < 1 || !strings.Contains(plan.Position, "other documents") {
					t.Errorf("%s: changed %t, %v, %q", id, plan.Changed, ids(got), plan.Position)
				}
				if plan, _, _ := r.next(); plan.Changed {
					t.Errorf("%s is noticed again: %q", id, plan.Position)
				}
			}
			if kind.lookback == "" {
				insert(t, c, document("too late", 1))
				if plan, _, _ := r.next(); plan.Changed {
					t.Errorf("without a lookback: %q", plan.Position)
				}
			}
		})
	}
}

// TestChangesThatKeepTheCountAreNoticed changes documents that a read would send again in ways that leave as many of them.
func TestChangesThatKeepTheCountAreNoticed(t *testing.T) {
	db := newDatabase(t)
	c := db.Collection("c")
	document := func(id, at, f any) bson.D {
		return bson.D{{Key: "_id", Value: id}, {Key: "at", Value: at}, {Key: "f", Value: f}}
	}
	insert(t, c, document(1, int32(1), math.NaN()))
	insert(t, c, document(2, nil, 1.0))
	insert(t, c, document(3, nil, 2.0))
	insert(t, c, document(4, int32(100), "a"))
	insert(t, c, document(5, int32(95), "a"))
	insert(t, c, document(6, int32(50), "a"))
	r := reader{t: t, config: config(db, "c", "incremental", values{"cursor": cty.StringVal("at"), "lookback": optional("10")})}
	replace := func(old any, with bson.D) {
		t.Helper()
		if _, err := c.DeleteOne(t.Context(), bson.D{{Key: "_id", Value: old}}); err != nil {
			t.Fatal(err)
		}
		insert(t, c, with)
	}
	r.next()
	if plan, _, _ := r.next(); plan.Changed {
		t.Errorf("nothing happened, and the plan says %q", plan.Position)
	}
	for _, step := range []struct {
		old     any
		with    bson.D
		changed bool
	}{
		{3, document(7, nil, 2.0), true},
		{2, document(2, nil, 3.0), true},
		{4, document(8, int32(100), "a"), true},
		{8, document(8, int32(100), "b"), true},
		{5, document(5, int32(95), "b"), true},  // within the lookback
		{6, document(6, int32(50), "b"), false}, // older
	} {
		replace(step.old, step.with)
		if plan, _, _ := r.next(); plan.Changed != step.changed {
			t.Errorf("%v for %v: changed %t, %q", step.with, step.old, plan.Changed, plan.Position)
		}
		if plan, _, _ := r.next(); plan.Changed {
			t.Errorf("%v is noticed again: %q", step.with, plan.Position)
		}
	}
}
