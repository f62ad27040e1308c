package parquet_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/extensions"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/outputtest"
	"github.com/automic-etl/etl/providers/parquet"
)

// writeAsArrow makes a Parquet file that says which Arrow types its columns had, as pyarrow, pandas and polars do.
func writeAsArrow(t *testing.T, dir, name string, rows string, fields ...arrow.Field) {
	t.Helper()
	write(t, filepath.Join(dir, name), fields, rows, pqarrow.WithStoreSchema())
}

func dictionary(of arrow.DataType) arrow.DataType {
	return &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: of}
}

func TestNull(t *testing.T) {
	dir := t.TempDir()
	writeAsArrow(t, dir, "a.parquet", `[{"k":1,"o":{"a":null},"l":[null,null]},{"k":2,"l":[]}]`, field("k", arrow.PrimitiveTypes.Int64),
		field("n", arrow.Null), field("o", arrow.StructOf(field("a", arrow.Null))), field("l", arrow.ListOf(arrow.Null)))
	load(t, dir, nil, "k = long\nn = string\no = object({ a = string })\nl = list(string)\n"+
		"a.parquet 1 [1 <nil> {\"a\":null} [null,null]]\na.parquet 2 [2 <nil> <nil> []]\n")
	writeAsArrow(t, dir, "b.parquet", `[{"k":3,"n":7,"o":{"a":true},"l":[1]}]`, field("k", arrow.PrimitiveTypes.Int64),
		field("n", arrow.PrimitiveTypes.Int64), field("o", arrow.StructOf(field("a", arrow.FixedWidthTypes.Boolean))),
		field("l", arrow.ListOf(arrow.PrimitiveTypes.Int64)))
	load(t, dir, nil, "k = long\nn = long\no = object({ a = boolean })\nl = list(long)\n"+
		"a.parquet 1 [1 <nil> {\"a\":null} [null,null]]\na.parquet 2 [2 <nil> <nil> []]\nb.parquet 1 [3 7 {\"a\":true} [1]]\n")
}

func TestLayouts(t *testing.T) {
	dir := t.TempDir()
	writeAsArrow(t, dir, "a.parquet", `[
		{"s":"é","ll":["a",null],"fl":[1,2],"d":"x","b":"AP8=","o":{"ll":[[1],null,[2,3]]}},
		{"s":null,"ll":null,"fl":[0,0],"d":null,"b":null,"o":null},
		{"s":"","ll":[],"fl":[3,null],"d":"y","b":"","o":{"ll":[]}},
		{"s":"z","ll":["b"],"fl":[5,6],"d":"x","b":"MQ==","o":{"ll":null}}]`,
		field("s", arrow.BinaryTypes.LargeString), field("ll", arrow.LargeListOf(arrow.BinaryTypes.LargeString)),
		field("fl", arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Int64)), field("d", dictionary(arrow.BinaryTypes.String)),
		field("b", dictionary(arrow.BinaryTypes.Binary)),
		field("o", arrow.StructOf(field("ll", arrow.LargeListOf(arrow.LargeListOf(arrow.PrimitiveTypes.Int64))))))
	load(t, dir, nil, "s = string\nll = list(string)\nfl = list(long)\nd = string\nb = binary\no = object({ ll = list(list(long)) })\n"+
		"a.parquet 1 [é [\"a\",null] [1,2] x AP8= {\"ll\":[[1],null,[2,3]]}]\na.parquet 2 [<nil> <nil> [0,0] <nil> <nil> <nil>]\n"+
		"a.parquet 3 [ [] [3,null] y  {\"ll\":[]}]\na.parquet 4 [z [\"b\"] [5,6] x MQ== {\"ll\":null}]\n")
}

func TestBytesAsText(t *testing.T) {
	dir := t.TempDir()
	writeAsArrow(t, dir, "a.parquet", `[{"k":1,"x":"w6k="},{"k":2,"x":"/w=="},{"k":3,"x":null}]`, field("k", arrow.PrimitiveTypes.Int64),
		field("x", arrow.BinaryTypes.Binary))
	writeAsArrow(t, dir, "b.parquet", `[{"k":4,"x":"b"}]`, field("k", arrow.PrimitiveTypes.Int64), field("x", arrow.BinaryTypes.String))
	want := "k = long\nx = string\na.parquet 1 [1 é]\na.parquet 3 [3 <nil>]\nb.parquet 1 [4 b]\n" +
		"! a.parquet row 2 {\"k\":2,\"x\":\"/w==\"}: column \"x\": \"\\xff\" is not valid UTF-8\n"
	load(t, dir, nil, want)
	load(t, dir, map[string]string{"x": "string"}, want)
}

// TestBrokenTexts has columns of texts that aren't: bytes beyond UTF-8, and a character of which each of two texts has a half.
func TestBrokenTexts(t *testing.T) {
	for name, test := range map[string]struct {
		texts [2]string
		good  string
		bad   string
	}{
		"bytes":  {[2]string{"ok", "\xff\xfe"}, "a.parquet 1 [ok]\n", "! row 2: column \"s\": \"\\xff\\xfe\" is not valid UTF-8\n"},
		"halves": {[2]string{"\xc3", "\xa9"}, "", "! row 1: column \"s\": \"\\xc3\" is not valid UTF-8\n! row 2: column \"s\": \"\\xa9\" is not valid UTF-8\n"},
		"good":   {[2]string{"é", "😀"}, "a.parquet 1 [é]\na.parquet 2 [😀]\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			builder := array.NewStringBuilder(memory.DefaultAllocator)
			defer builder.Release()
			builder.AppendValues(test.texts[:], nil)
			schema := arrow.NewSchema([]arrow.Field{field("s", arrow.BinaryTypes.String)}, nil)
			writeBatch(t, filepath.Join(dir, "a.parquet"), array.NewRecordBatch(schema, []arrow.Array{builder.NewArray()}, 2))
			recorder := outputtest.Load(t, parquet.New(), source(dir, nil), true)
			var bad strings.Builder
			for _, b := range recorder.BadRows {
				fmt.Fprintf(&bad, "! %s: %s\n", b.Position, b.Reason)
			}
			recorder.BadRows = nil
			if got := shown(recorder) + bad.String(); got != "s = string\n"+test.good+test.bad {
				t.Errorf("got:\n%s", got)
			}
		})
	}
}

func TestUUIDAsText(t *testing.T) {
	dir := t.TempDir()
	writeAsArrow(t, dir, "a.parquet", `[{"u":"12345678-1234-1234-1234-123456789abc"},{"u":null}]`, field("u", extensions.NewUUIDType()))
	load(t, dir, map[string]string{"u": "string"}, "u = string\na.parquet 1 [12345678-1234-1234-1234-123456789abc]\na.parquet 2 [<nil>]\n")
}

// physical are the types that files have, each with a value of it.
func physical() []struct {
	kind  arrow.DataType
	value string
} {
	return []struct {
		kind  arrow.DataType
		value string
	}{
		{arrow.Null, `null`}, {arrow.FixedWidthTypes.Boolean, `true`}, {arrow.PrimitiveTypes.Int8, `1`}, {arrow.PrimitiveTypes.Uint16, `1`},
		{arrow.PrimitiveTypes.Int32, `1`}, {arrow.PrimitiveTypes.Int64, `1`}, {arrow.PrimitiveTypes.Uint64, `1`},
		{arrow.FixedWidthTypes.Float16, `1`}, {arrow.PrimitiveTypes.Float32, `1`}, {arrow.PrimitiveTypes.Float64, `1`},
		{&arrow.Decimal128Type{Precision: 9, Scale: 2}, `"1.00"`}, {&arrow.Decimal256Type{Precision: 38, Scale: 2}, `"1.00"`},
		{arrow.BinaryTypes.String, `"1"`}, {arrow.BinaryTypes.LargeString, `"1"`}, {arrow.BinaryTypes.Binary, `"MQ=="`},
		{arrow.BinaryTypes.LargeBinary, `"MQ=="`}, {&arrow.FixedSizeBinaryType{ByteWidth: 16}, `"MTIzNDU2Nzg5MDEyMzQ1Ng=="`},
		{extensions.NewUUIDType(), `"12345678-1234-1234-1234-123456789abc"`}, {dictionary(arrow.BinaryTypes.String), `"1"`},
		{dictionary(arrow.BinaryTypes.Binary), `"MQ=="`}, {arrow.FixedWidthTypes.Date32, `"2013-01-01"`},
		{arrow.FixedWidthTypes.Date64, `"2013-01-01"`}, {arrow.FixedWidthTypes.Time32ms, `"10:00:00"`},
		{arrow.FixedWidthTypes.Time64ns, `"10:00:00"`}, {&arrow.TimestampType{Unit: arrow.Nanosecond}, `"2013-01-01 10:00:00"`},
		{arrow.FixedWidthTypes.Timestamp_ms, `"2013-01-01 10:00:00Z"`}, {arrow.ListOf(arrow.PrimitiveTypes.Int32), `[1]`},
		{arrow.LargeListOf(arrow.PrimitiveTypes.Int32), `[1]`}, {arrow.FixedSizeListOf(1, arrow.PrimitiveTypes.Int32), `[1]`},
		{arrow.ListOf(arrow.Null), `[null]`}, {arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int32), `[{"key":"a","value":1}]`},
		{arrow.StructOf(field("a", arrow.PrimitiveTypes.Int32)), `{"a":1}`},
	}
}

// TestPairs loads each type that a file has as each type that a column may have: a value arrives or makes its row bad, a null
// is a null, and as the type that is inferred all arrives.
func TestPairs(t *testing.T) {
	declared := []string{"", "boolean", "int", "long", "float", "double", "decimal(9, 2)", "date", "time", "timestamp", "timestamptz", "string",
		"uuid", "binary", "list(int)", "list(string)", "map(string, int)", "map(string, string)", "object({ a = int })", "object({ a = string })"}
	for _, from := range physical() {
		t.Run(from.kind.String(), func(t *testing.T) {
			dir := t.TempDir()
			writeAsArrow(t, dir, "a.parquet", `[{"x":`+from.value+`},{"x":null}]`, field("x", from.kind))
			for _, to := range declared {
				var types map[string]string
				if to != "" {
					types = map[string]string{"x": to}
				}
				checkPair(t, source(dir, types), to == "")
			}
		})
	}
}

func checkPair(t *testing.T, from sdk.Config, own bool) {
	t.Helper()
	plan, diags := parquet.New().Plan(t.Context(), from, sdk.PlanRequest{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	got, err := outputtest.Read(t, parquet.New(), from, plan, nil, false)
	if err != nil {
		t.Fatalf("as %s: %v", plan.Columns[0].Type, err)
	}
	text := shown(got)
	if len(got.Rows)+len(got.BadRows) != 2 || !strings.Contains(text, "a.parquet 2 [<nil>]\n") || own && len(got.BadRows) > 0 {
		t.Errorf("got:\n%s", text)
	}
}
