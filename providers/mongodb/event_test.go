package mongodb

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/automic-etl/etl/plugins/sdk"
)

func raw(t *testing.T, extJSON string) bson.Raw {
	t.Helper()
	var out bson.Raw
	if err := bson.UnmarshalExtJSON([]byte(extJSON), false, &out); err != nil {
		t.Fatalf("%s: %v", extJSON, err)
	}
	return out
}

// header is what every event of MongoDB's own server begins with.
const header = `"_id": {"_data": "826735B0A1000000022B0429296E1404"}, "clusterTime": {"$timestamp": {"t": 1731571873, "i": 2}}, ` +
	`"wallTime": {"$date": "2024-11-14T08:11:13.500Z"}, "ns": {"db": "shop", "coll": "orders"}, `

// TestEvents has events as MongoDB documents them, and the changes that they are.
func TestEvents(t *testing.T) {
	c := &collection{settings: settings{database: "shop", collection: "orders"}}
	for _, test := range []struct {
		name, event string
		want        string // operation, document and columns that keep their value; or what became of the collection
	}{
		{"insert", `"operationType": "insert", "documentKey": {"_id": 1}, "fullDocument": {"_id": 1, "a": 2}`, `insert {"_id":1,"a":2} []`},
		{"replace", `"operationType": "replace", "documentKey": {"_id": 1}, "fullDocument": {"_id": 1, "a": 2}`, `update {"_id":1,"a":2} []`},
		{"update with its document", `"operationType": "update", "documentKey": {"_id": 1}, "fullDocument": {"_id": 1, "a": 2}, "updateDescription": {"updatedFields": {"a": 2}, "removedFields": []}`,
			`update {"_id":1,"a":2} []`},
		{"update of a document that is gone", `"operationType": "update", "documentKey": {"_id": 1}, "fullDocument": null, "updateDescription": {"updatedFields": {"a": 2, "o.p": 3}, "removedFields": ["b", "o.q"]}`,
			`update {"_id":1,"a":2} [c o]`},
		{"update without a description", `"operationType": "update", "documentKey": {"_id": 1}`, `update {"_id":1} [a b c o]`},
		{"delete", `"operationType": "delete", "documentKey": {"_id": 1, "shard": "x"}`, `delete {"_id":1,"shard":"x"} []`},
		{"a key of another server", `"operationType": "update", "documentKey": {"$set": {"a": 1}}, "fullDocument": {"_id": 7, "a": 1}`, `update {"_id":7,"a":1} []`},
		{"drop", `"operationType": "drop"`, "dropped"},
		{"rename", `"operationType": "rename", "to": {"db": "shop", "coll": "old"}`, "renamed to shop.old"},
		{"dropDatabase", `"operationType": "dropDatabase"`, "dropped"},
		{"invalidate", `"operationType": "invalidate"`, "invalidated"},
		{"something new", `"operationType": "modify"`, ""},
	} {
		e, err := decodeEvent(raw(t, "{"+header+test.event+"}"))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if e.time != (bson.Timestamp{T: 1731571873, I: 2}) || !e.at.Equal(time.Date(2024, 11, 14, 8, 11, 13, 500e6, time.UTC)) {
			t.Errorf("%s: at %v, %v", test.name, e.time, e.at)
		}
		e.ended = c.ending(e)
		if e.ended != "" || !e.changes() {
			if e.ended != test.want {
				t.Errorf("%s: %q, not %q", test.name, e.ended, test.want)
			}
			if row, err := changeOf(e, nil); e.ended != "" && (err != nil || row.op != sdk.Truncate || row.document != nil) {
				t.Errorf("%s: %v, %v", test.name, row, err)
			}
			continue
		}
		row, err := changeOf(e, []string{"_id", "a", "b", "c", "o"})
		document, _ := bson.MarshalExtJSON(bson.Raw(row.document), false, false)
		if got := fmt.Sprintf("%s %s %v", row.op, document, row.unchanged); got != test.want || err != nil {
			t.Errorf("%s: %s, %v, not %s", test.name, got, err, test.want)
		}
	}
	elsewhere := strings.Replace(header, `"coll": "orders"`, `"coll": "customers"`, 1)
	for event, want := range map[string]string{
		`"operationType": "drop"`: "",
		`"operationType": "rename", "to": {"db": "shop", "coll": "orders"}`: "replaced by shop.customers",
		`"operationType": "rename", "to": {"db": "shop", "coll": "others"}`: "",
	} {
		if e, err := decodeEvent(raw(t, "{"+elsewhere+event+"}")); err != nil || c.ending(e) != want {
			t.Errorf("%s elsewhere: %q, %v, not %q", event, c.ending(e), err, want)
		}
	}
}

func TestEventsThatSayTooLittle(t *testing.T) {
	for event, want := range map[string]string{
		`{"_id": {"_data": "82"}, "operationType": "insert"}`:                                                                             "without clusterTime",
		`{"clusterTime": {"$timestamp": {"t": 1, "i": 1}}, "operationType": "insert"}`:                                                    "without a resume token",
		`{"_id": {"_data": "82"}, "clusterTime": {"$timestamp": {"t": 1, "i": 1}}, "operationType": "delete"}`:                            "which document",
		`{"_id": {"_data": "82"}, "clusterTime": {"$timestamp": {"t": 1, "i": 1}}, "operationType": "insert", "documentKey": {"_id": 1}}`: "without its document",
	} {
		e, err := decodeEvent(raw(t, event))
		if err == nil {
			_, err = changeOf(e, nil)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, not %q", event, err, want)
		}
	}
}

// TestTrack writes positions that sort as they were given, in cursors that come back.
func TestTrack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var at track
		var positions []string
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			now := at.Time
			if rapid.Bool().Draw(t, "later") {
				now = bson.Timestamp{T: now.T + rapid.Uint32Range(0, 1<<20).Draw(t, "seconds"), I: rapid.Uint32().Draw(t, "increment")}
				if !now.After(at.Time) {
					now = next(at.Time)
				}
			}
			positions = append(positions, at.step(now))
			if rapid.Bool().Draw(t, "snapshot") {
				taken := snapshot{now, time.UnixMilli(int64(1_700_000_000_000 + len(positions)))}
				positions = append(positions, taken.position(0), taken.position(1))
				at.Time = next(now)
			}
			now = at.Time
			at.Token = tokenOf(now)
			encoded, err := at.encode()
			if err != nil {
				t.Fatal(err)
			}
			back, diags := decodeTrack(map[string][]byte{"": encoded})
			at.Version = version
			if diags.HasErrors() || !reflect.DeepEqual(*back, at) {
				t.Fatalf("%+v came back as %+v, %v", at, back, diags)
			}
			if in, ok := back.Token.time(); !ok || in != now {
				t.Fatalf("the token of %v says %v", now, in)
			}
		}
		if !slices.IsSorted(positions) || len(slices.Compact(slices.Clone(positions))) != len(positions) {
			t.Fatalf("positions %v", positions)
		}
	})
}

// tokenOf is a token as mongod makes them where there is nothing to tell.
func tokenOf(at bson.Timestamp) token {
	document, _ := bson.Marshal(bson.D{{Key: "_data", Value: fmt.Sprintf("82%08X%08X2B0429296E1404", at.T, at.I)}})
	return document
}

func TestTokensOfOthers(t *testing.T) {
	for _, text := range []string{`{}`, `{"_data": 5}`, `{"_data": "82"}`, `{"_data": "6735b0a100000002ff"}`, `{"_data": "82zzzzzzzzzzzzzzzz"}`} {
		if at, ok := token(raw(t, text)).time(); ok {
			t.Errorf("%s says %v", text, at)
		}
	}
}

// TestCaughtUp ends a read where a server that tells the time says so, and after silence where it doesn't.
func TestCaughtUp(t *testing.T) {
	until := bson.Timestamp{T: 100, I: 5}
	for _, test := range []struct {
		token  token
		silent int
		want   bool
	}{
		{tokenOf(bson.Timestamp{T: 100, I: 4}), 9, false}, {tokenOf(until), 1, true}, {tokenOf(bson.Timestamp{T: 101}), 1, true},
		{token(raw(t, `{"_data": "of another"}`)), 1, false}, {token(raw(t, `{"_data": "of another"}`)), 2, true}, {nil, 2, true},
	} {
		var at track
		if got := at.caughtUp(test.token, until, test.silent); got != test.want {
			t.Errorf("%s after %d: %t", test.token, test.silent, got)
		}
	}
}

// TestValues orders and moves values of cursors as the server compares them.
func TestValues(t *testing.T) {
	ordered := func(texts ...string) []value {
		var out []value
		for _, text := range texts {
			var v value
			if err := json.Unmarshal([]byte(`{"v": `+text+`}`), &v); err != nil {
				t.Fatal(err)
			}
			out = append(out, v)
		}
		return out
	}
	for _, values := range [][]value{
		ordered(`{"$numberDouble": "-Infinity"}`, `{"$numberDecimal": "-1E+30"}`, `{"$numberLong": "-9223372036854775808"}`, `{"$numberInt": "-1"}`, `{"$numberDouble": "0.5"}`,
			`{"$numberDecimal": "0.51"}`, `{"$numberLong": "9007199254740993"}`, `{"$numberDouble": "9007199254740994"}`, `{"$numberDouble": "Infinity"}`),
		ordered(`{"$date": {"$numberLong": "-5"}}`, `{"$date": {"$numberLong": "5"}}`),
		ordered(`"A"`, `"a"`, `"é"`),
		ordered(`{"$oid": "000000000000000000000001"}`, `{"$oid": "0a0000000000000000000000"}`),
	} {
		for i := range values {
			for j := range values {
				if got := values[i].compare(values[j]); got != compareInts(int64(i), int64(j)) {
					t.Errorf("%v and %v: %d", values[i], values[j], got)
				}
			}
			again, err := json.Marshal(values[i])
			if back := ordered(strings.TrimSuffix(strings.TrimPrefix(string(again), `{"v":`), "}")); err != nil || back[0].compare(values[i]) != 0 {
				t.Errorf("%v came back as %v, %v", values[i], back, err)
			}
		}
	}
}
