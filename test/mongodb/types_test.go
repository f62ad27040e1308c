package mongodb

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/mongodb"
	"github.com/automic-etl/etl/test/crash/lab"
)

// project is a lakehouse of one collection; extract and write say how it is read and kept.
func project(t *testing.T, db *mongo.Database, uri, collection, extract, write string) *lab.Lab {
	t.Helper()
	l := lab.New(t, program)
	secret := filepath.Join(t.TempDir(), "uri")
	if err := os.WriteFile(secret, []byte(uri+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l.Write(t, map[string]string{"main.etl.hcl": fmt.Sprintf(`etl { project = "shop" }
connection "mongodb" "main" {
  uri      = secret("file://%s")
  database = %q
}
source "mongodb" "things" {
  connection = connection.mongodb.main
  collection = %q
  %s
}
table "bronze" "things" {
  from = source.mongodb.things
  %s
}
`, secret, db.Name(), collection, extract, write)})
	return l
}

const readers = `
import lake
table = lake.catalog(".").load_table("bronze.things")
columns = [f.name for f in table.schema().fields if not f.name.startswith("_etl_")]
def shown(v):
    if isinstance(v, dict):
        return {k: shown(x) for k, x in v.items()}
    if isinstance(v, list):
        return [shown(x) for x in v]
    return v.isoformat() if hasattr(v, "isoformat") else v.hex() if isinstance(v, bytes) else str(v) if v is not None else None
for f in table.schema().fields:
    if f.name in columns:
        print(f.name, f.field_type)
rows = sorted(table.scan().to_arrow().select(columns).to_pylist(), key=lambda r: r["_id"])
for r in rows:
    print({k: shown(v) for k, v in r.items() if v is not None})
engine = lake.engine()
lake.scan(engine, table, "things")
quoted = ", ".join('"' + c.replace('"', '""') + '"' for c in columns)
again = engine.execute(f"SELECT {quoted} FROM things ORDER BY _id").to_arrow_table().to_pylist()
ours = [tuple(shown(r[c]) for c in columns) for r in rows]
theirs = [tuple(shown(r[c]) for c in columns) for r in again]
assert ours == theirs, f"PyIceberg: {ours}\nDuckDB: {theirs}"
`

// TestTypes loads documents with values of all types, and reads them with PyIceberg and DuckDB.
func TestTypes(t *testing.T) {
	db := newDatabase(t)
	decimal := func(text string) bson.Decimal128 {
		d, err := bson.ParseDecimal128(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	at := time.Date(2026, 11, 22, 18, 4, 11, 123e6, time.UTC)
	insert(t, db.Collection("things"),
		bson.D{{Key: "_id", Value: bson.ObjectID{1}}, {Key: "i", Value: int32(math.MinInt32)}, {Key: "l", Value: int64(math.MaxInt64)}, {Key: "d", Value: 0.1}, {Key: "b", Value: true},
			{Key: "s", Value: "héé 🎉\x00"}, {Key: "at", Value: at}, {Key: "dec", Value: decimal("12345678901234567890.1234567890")}, {Key: "u", Value: bson.Binary{Subtype: 4, Data: []byte("0123456789abcdef")}},
			{Key: "bin", Value: bson.Binary{Data: []byte{0, 255}}}, {Key: "o", Value: bson.D{{Key: "x", Value: 1}, {Key: "list", Value: bson.A{bson.D{{Key: "y", Value: at}}}}}},
			{Key: "list", Value: bson.A{1, nil, 3}}, {Key: "mixed", Value: 5}, {Key: "a.b", Value: "dotted"}, {Key: "re", Value: bson.Regex{Pattern: "^a", Options: "i"}}, {Key: "odd \"name\"", Value: 1}},
		bson.D{{Key: "_id", Value: bson.ObjectID{2}}, {Key: "i", Value: nil}, {Key: "d", Value: math.Inf(-1)}, {Key: "at", Value: bson.DateTime(-62_135_596_800_000)}, {Key: "dec", Value: decimal("-0.5")},
			{Key: "o", Value: bson.D{{Key: "x", Value: int64(1) << 40}, {Key: "list", Value: bson.A{}}}}, {Key: "list", Value: bson.A{}}, {Key: "mixed", Value: bson.D{{Key: "deep", Value: bson.A{at, decimal("1.50")}}}}},
		bson.D{{Key: "_id", Value: bson.ObjectID{3}}, {Key: "mixed", Value: "text"}},
		bson.D{{Key: "_id", Value: bson.ObjectID{4}}, {Key: "at", Value: bson.DateTime(math.MaxInt64)}},
	)
	l := project(t, db, uri, "things", "", "")
	l.Must(t, 0, "apply", "-auto-approve")
	want := `_id string
i int
l long
d double
b boolean
s string
at timestamptz
dec decimal(38, 9)
u uuid
bin binary
o struct<`
	got := l.Python(t, root, readers)
	if !strings.HasPrefix(got, want) {
		t.Errorf("columns\n%s", got)
	}
	for _, row := range []string{
		`{'_id': '010000000000000000000000', 'i': '-2147483648', 'l': '9223372036854775807', 'd': '0.1', 'b': 'True', 's': 'héé 🎉\x00', 'at': '2026-11-22T18:04:11.123000+00:00', ` +
			`'dec': '12345678901234567890.123456789', 'u': '30313233-3435-3637-3839-616263646566', 'bin': '00ff', 'o': {'x': '1', 'list': [{'y': '2026-11-22T18:04:11.123000+00:00'}]}, ` +
			`'list': ['1', None, '3'], 'mixed': '5', 'a.b': 'dotted', 're': '{"$regularExpression":{"pattern":"^a","options":"i"}}', 'odd "name"': '1'}`,
		`{'_id': '020000000000000000000000', 'd': '-inf', 'at': '0001-01-01T00:00:00+00:00', 'dec': '-0.500000000', 'o': {'x': '1099511627776', 'list': []}, 'list': [], ` +
			`'mixed': '{"deep":[{"$date":"2026-11-22T18:04:11.123Z"},{"$numberDecimal":"1.50"}]}'}`,
		`{'_id': '030000000000000000000000', 'mixed': 'text'}`,
	} {
		if !strings.Contains(got, row+"\n") {
			t.Errorf("%s\nis missing in\n%s", row, got)
		}
	}
	if bad := l.Rows(t, "bronze.things__quarantine"); strings.Count(bad, "\n") != 0 || !strings.Contains(bad, "key _id=040000000000000000000000") || !strings.Contains(bad, "outside the years 1 to 9999") {
		t.Errorf("quarantined: %s", bad)
	}
}

// TestIDsOfSeveralTypes warns where ids that differ may read the same.
func TestIDsOfSeveralTypes(t *testing.T) {
	for name, test := range map[string]struct {
		ids  []any
		told string
	}{
		"none":              {nil, ""},
		"numbers":           {[]any{1, int64(2), 3.5}, ""},
		"texts":             {[]any{"1", "2"}, ""},
		"numbers and texts": {[]any{1, "1", 2}, `"1" and`},
		"texts in between":  {[]any{1, "a", bson.NewObjectID()}, `"a" and`},
		"none of them text": {[]any{1, bson.NewObjectID()}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			db := newDatabase(t)
			for _, id := range test.ids {
				insert(t, db.Collection("c"), bson.D{{Key: "_id", Value: id}, {Key: "v", Value: 1}})
			}
			_, diags := mongodb.New().Plan(t.Context(), config(db, "c", "batch", values{}), sdk.PlanRequest{})
			said := fmt.Sprint(diags)
			if strings.Contains(said, "Ids of several types") != (test.told != "") || !strings.Contains(said, test.told) {
				t.Errorf("it says %q", said)
			}
		})
	}
}
