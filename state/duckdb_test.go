package state

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// everyType are columns of every type, some required, as DuckDB writes them.
func everyType() coltype.Schema {
	list := coltype.Type{Kind: coltype.List, Elem: &coltype.Field{Name: "element", Type: coltype.Type{Kind: coltype.Long}}}
	object := coltype.Type{Kind: coltype.Struct, Fields: []coltype.Field{column("x", coltype.Int), column("y", coltype.String)}}
	pairs := coltype.Type{
		Kind: coltype.Map, Key: &coltype.Field{Name: "key", Type: coltype.Type{Kind: coltype.String}, Required: true},
		Elem: &coltype.Field{Name: "value", Type: coltype.Type{Kind: coltype.Double}},
	}
	columns := coltype.Schema{
		column("b", coltype.Boolean), column("i", coltype.Int), column("id", coltype.Long), column("f", coltype.Float), column("d", coltype.Double),
		{Name: "small", Type: coltype.Type{Kind: coltype.Decimal, Precision: 9, Scale: 2}}, {Name: "large", Type: coltype.Type{Kind: coltype.Decimal, Precision: 38, Scale: 10}},
		column("day", coltype.Date), column("t", coltype.Time), column("ts", coltype.Timestamp), column("tz", coltype.Timestamptz),
		column("s", coltype.String), column("u", coltype.UUID), column("bin", coltype.Binary),
		{Name: "l", Type: list}, {Name: "o", Type: object}, {Name: "m", Type: pairs}, column("odd name", coltype.String),
	}
	columns[2].Required = true
	return columns
}

const writeEveryType = `
import duckdb
db = duckdb.connect()
db.execute("set timezone = 'UTC'")
db.execute("""create table t as select * from (values
 (true, 2147483647::integer, 9223372036854775807::bigint, 'nan'::float, 'inf'::double, 1234567.89::decimal(9,2), '1234567890123456789012345678.0123456789'::decimal(38,10),
  date '1969-12-31', time '23:59:59.999999', timestamp '1969-12-31 23:59:59.999999', timestamptz '2013-03-10 07:30:00Z', 'ünïcode 😀 ' || repeat('x', 40),
  '00000000-0000-0000-0000-00000000000f'::uuid, '\\xFF\\x00'::blob, [1, null], {'x': 1, 'y': ''}, map {'k': 1.5::double}, 'q'),
 (%[3]s, %[3]s, -9223372036854775808, %[3]s, %[3]s, %[3]s, %[3]s, %[3]s, %[3]s, %[3]s, %[3]s, '', %[3]s, ''::blob, [], %[3]s, map {}, %[3]s))
 v(b, i, id, f, d, small, large, day, t, ts, tz, s, u, bin, l, o, m, "odd name")""")
db.execute("""copy t to '%[1]s' (format parquet, compression zstd, field_ids %[2]s)""")
out(None)
`

// duckIDs spells field ids as DuckDB's COPY takes them.
func duckIDs(columns []coltype.Field) string {
	var all []string
	for _, c := range columns {
		inner := append([]coltype.Field{{ID: c.ID, Name: "__duckdb_field_id"}}, c.Type.Fields...)
		for _, e := range []*coltype.Field{c.Type.Key, c.Type.Elem} {
			if e != nil {
				inner = append(inner, *e)
			}
		}
		if len(inner) > 1 {
			all = append(all, fmt.Sprintf("%q: %s", c.Name, duckIDs(inner)))
		} else {
			all = append(all, fmt.Sprintf("%q: %d", c.Name, c.ID))
		}
	}
	return "{" + strings.Join(all, ", ") + "}"
}

func TestFilesOfDuckDB(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	columns := assigned(t, nil, everyType())
	folder, err := l.StagePath(t.Context(), orders, nil, "run-1")
	must(t, err)
	path := filepath.Join(folder, "duck.parquet")
	python(t, dir, fmt.Sprintf(writeEveryType, path, duckIDs(columns), "null"), nil)
	made := commit(t, l, change(nil, columns, Append, StagedFile{Path: path, Rows: 2}))
	files, err := l.Files(t.Context(), made, made.Main)
	must(t, err)
	f := files[0]
	for id, want := range map[int]any{
		2: int64(2147483647), 3: int64(-9223372036854775808), 6: "1234567.89", 7: "1234567890123456789012345678.0123456789",
		8: int64(-1), 9: int64(86399999999), 10: int64(-1), 11: int64(1362900600000000), 12: nil,
	} {
		if f.Lower[id] != want {
			t.Errorf("the lower bound of %d is %v, want %v", id, f.Lower[id], want)
		}
	}
	if f.Nulls[2] != 1 || f.Nulls[3] != 0 || f.Lower[4] != nil && f.Lower[4] != f.Lower[4] {
		t.Errorf("nulls %v, bounds of NaN %v to %v", f.Nulls, f.Lower[4], f.Upper[4])
	}
	var seen struct {
		Py, Duck [][]any
		Pruned   []int
	}
	python(t, dir, `
t = catalog.load_table("silver.orders")
n = lambda f: len(t.scan(row_filter=f).to_arrow())
out({"Py": sorted([list(r.values()) for r in t.scan().to_arrow().to_pylist()], key=str), "Duck": sorted([list(r.values()) for r in duck(t, "id")], key=str),
     "Pruned": [n("f is nan"), n("d > 1000.5"), n("id >= 9223372036854775807"), n("s > 'ün'"), n("small = 1234567.89"), n("day < '1970-01-01'"), n("b = true")]})
`, &seen)
	for i, n := range seen.Pruned {
		if n != 1 {
			t.Errorf("filter %d finds %d rows", i, n)
		}
	}
	for _, rows := range [][][]any{seen.Py, seen.Duck} {
		if len(rows) != 2 || rows[1][6] != "1234567890123456789012345678.0123456789" || rows[1][9] != "1969-12-31 23:59:59.999999" ||
			rows[1][12] != "00000000-0000-0000-0000-00000000000f" || rows[0][11] != "" || fmt.Sprint(rows[1][14]) != "[1 <nil>]" {
			t.Errorf("others see %v", rows)
		}
	}
}
