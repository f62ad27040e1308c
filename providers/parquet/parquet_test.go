package parquet_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/extensions"
	"github.com/apache/arrow-go/v18/arrow/memory"
	pq "github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/outputtest"
	"github.com/automic-etl/etl/providers/parquet"
)

// write makes a Parquet file of JSON rows.
func write(t *testing.T, path string, fields []arrow.Field, rows string, options ...pqarrow.WriterOption) {
	t.Helper()
	schema := arrow.NewSchema(fields, nil)
	batch, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	writeBatch(t, path, batch, options...)
}

func writeBatch(t *testing.T, path string, batch arrow.RecordBatch, options ...pqarrow.WriterOption) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	writer, err := pqarrow.NewFileWriter(batch.Schema(), file, pq.NewWriterProperties(), pqarrow.NewArrowWriterProperties(options...))
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Write(batch); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
}

func field(name string, t arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: t, Nullable: true}
}

func source(dir string, types map[string]string) sdk.Config {
	attributes := map[string]cty.Value{"path": cty.StringVal("*.parquet")}
	if types != nil {
		m := map[string]cty.Value{}
		for name, kind := range types {
			m[name] = cty.StringVal(kind)
		}
		attributes["types"] = cty.MapVal(m)
	}
	return outputtest.Source(dir, attributes)
}

func shown(r *outputtest.Recorder) string {
	var b strings.Builder
	for _, c := range r.Columns {
		fmt.Fprintf(&b, "%s = %s\n", c.Name, c.Type)
	}
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "%s %d %v\n", row.Source, row.Number, row.Values)
	}
	for _, bad := range r.BadRows {
		fmt.Fprintf(&b, "! %s %s %s: %s\n", bad.Source, bad.Position, bad.Raw, bad.Reason)
	}
	return b.String()
}

func load(t *testing.T, dir string, types map[string]string, want string) {
	t.Helper()
	for _, staged := range []bool{true, false} {
		if got := shown(outputtest.Load(t, parquet.New(), source(dir, types), staged)); got != want {
			t.Errorf("staged %t, got:\n%s\nwant:\n%s", staged, got, want)
		}
	}
}

func TestSmallTypes(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.parquet"), []arrow.Field{
		field("i8", arrow.PrimitiveTypes.Int8), field("u16", arrow.PrimitiveTypes.Uint16), field("u32", arrow.PrimitiveTypes.Uint32),
		field("u64", arrow.PrimitiveTypes.Uint64), field("ms", arrow.FixedWidthTypes.Timestamp_ms),
		field("local", &arrow.TimestampType{Unit: arrow.Millisecond}), field("t", arrow.FixedWidthTypes.Time32ms),
		field("bin", &arrow.FixedSizeBinaryType{ByteWidth: 2}), field("u", extensions.NewUUIDType()),
	}, `[{"i8":-128,"u16":65535,"u32":4294967295,"u64":18446744073709551615,"ms":"2013-01-01 10:00:00.123Z","local":"2013-01-01 10:00:00.123",
	"t":"23:59:59.999","bin":"AP8=","u":"12345678-1234-1234-1234-123456789abc"},{}]`)
	load(t, dir, nil, "i8 = int\nu16 = int\nu32 = long\nu64 = decimal(20, 0)\nms = timestamptz\nlocal = timestamp\nt = time\nbin = binary\nu = uuid\n"+
		"a.parquet 1 [-128 65535 4294967295 18446744073709551615 2013-01-01T10:00:00.123Z 2013-01-01T10:00:00.123 23:59:59.999000 AP8= "+
		"12345678-1234-1234-1234-123456789abc]\na.parquet 2 [<nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil>]\n")
}

func TestNested(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.parquet"), []arrow.Field{
		field("o", arrow.StructOf(field("x", arrow.PrimitiveTypes.Int16), field("l", arrow.ListOf(arrow.BinaryTypes.String)))),
		field("m", arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Uint8)),
		field("ll", arrow.ListOf(arrow.ListOf(arrow.PrimitiveTypes.Int64))),
	}, `[{"o":{"x":1,"l":["p",null]},"m":[{"key":"k","value":1}],"ll":[[1],[],null,[2,3]]},{"o":null,"m":null,"ll":[]},{"o":{"x":null,"l":null},"m":[],"ll":null}]`)
	load(t, dir, nil, "o = object({ x = int, l = list(string) })\nm = map(string, int)\nll = list(list(long))\n"+
		"a.parquet 1 [{\"l\":[\"p\",null],\"x\":1} [{\"key\":\"k\",\"value\":1}] [[1],[],null,[2,3]]]\n"+
		"a.parquet 2 [<nil> <nil> []]\na.parquet 3 [{\"l\":null,\"x\":null} [] <nil>]\n")
}

func TestFilesThatDiffer(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.parquet"), []arrow.Field{field("n", arrow.PrimitiveTypes.Int32), field("only_a", arrow.BinaryTypes.String)},
		`[{"n":1,"only_a":"x"}]`)
	write(t, filepath.Join(dir, "b.parquet"), []arrow.Field{field("only_b", arrow.FixedWidthTypes.Date32), field("n", arrow.PrimitiveTypes.Float64)},
		`[{"n":0.5,"only_b":"2013-01-01"}]`)
	write(t, filepath.Join(dir, "c.parquet"), []arrow.Field{field("other", arrow.PrimitiveTypes.Int64)}, `[{"other":7},{"other":8}]`)
	load(t, dir, nil, "n = double\nonly_a = string\nonly_b = date\nother = long\n"+
		"a.parquet 1 [1 x <nil> <nil>]\nb.parquet 1 [0.5 <nil> 2013-01-01 <nil>]\nc.parquet 1 [<nil> <nil> <nil> 7]\nc.parquet 2 [<nil> <nil> <nil> 8]\n")
}

func TestNanoseconds(t *testing.T) {
	dir := t.TempDir()
	fields := []arrow.Field{field("ns", &arrow.TimestampType{Unit: arrow.Nanosecond}), field("n", arrow.PrimitiveTypes.Int64)}
	rows := `[{"ns":"2013-01-01 10:00:00.000001","n":1},{"ns":"2013-01-01 10:00:00.000000001","n":2},{"ns":"2013-01-01 10:00:00","n":3}]`
	write(t, filepath.Join(dir, "a.parquet"), fields, rows)
	want := "ns = timestamp\nn = long\na.parquet 1 [2013-01-01T10:00:00.000001 1]\na.parquet 3 [2013-01-01T10:00:00 3]\n" +
		"! a.parquet row 2 {\"ns\":\"2013-01-01 10:00:00.000000001\",\"n\":2}: column \"ns\": the time is finer than a microsecond\n"
	got := shown(outputtest.Load(t, parquet.New(), source(dir, nil), true))
	if !strings.Contains(got, "row 2") || !strings.Contains(got, "finer than a microsecond") || !strings.Contains(got, "a.parquet 3 [2013") {
		t.Errorf("got:\n%s\nwant like:\n%s", got, want)
	}
}

func TestINT96(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.parquet"), []arrow.Field{field("ts", &arrow.TimestampType{Unit: arrow.Nanosecond})},
		`[{"ts":"2013-01-01 10:00:00.000001"}]`, pqarrow.WithDeprecatedInt96Timestamps(true))
	got := shown(outputtest.Load(t, parquet.New(), source(dir, map[string]string{"ts": "timestamptz"}), true))
	if got != "ts = timestamptz\na.parquet 1 [2013-01-01T10:00:00.000001Z]\n" {
		t.Errorf("got:\n%s", got)
	}
}

func TestDeclared(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.parquet"), []arrow.Field{field("s", arrow.BinaryTypes.String), field("n", arrow.PrimitiveTypes.Int64)},
		`[{"s":"1.50","n":1},{"s":"x","n":2}]`)
	load(t, dir, map[string]string{"s": "decimal(5, 2)", "n": "string"}, "s = decimal(5, 2)\nn = string\na.parquet 1 [1.5 1]\n"+
		"! a.parquet row 2 {\"n\":2,\"s\":\"x\"}: column \"s\": \"x\" is not a valid decimal(5, 2)\n")
}

func TestProblems(t *testing.T) {
	good := filepath.Join(t.TempDir(), "good.parquet")
	write(t, good, []arrow.Field{field("n", arrow.PrimitiveTypes.Int64)}, `[{"n":1},{"n":2}]`)
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, content, want string
	}{
		{"empty", "", "Empty file"},
		{"CSV", "a,b\n1,2\n", "Not a Parquet file"},
		{"short", "PA", "Not a Parquet file"},
		{"magic only", "PAR1", "Parquet file"},
		{"cut off", string(whole[:len(whole)/2]), "Truncated Parquet file"},
		{"encrypted", "PARE" + string(whole[4:]), "Encrypted Parquet file"},
		{"footer", string(whole[:len(whole)-40]) + strings.Repeat("\xff", 32) + string(whole[len(whole)-8:]), "Damaged Parquet file"},
		{"footer's length", string(whole[:len(whole)-8]) + "\xff\xff\xff\x7fPAR1", "Damaged Parquet file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			outputtest.Write(t, dir, "in.parquet", test.content)
			_, diags := parquet.New().Plan(context.Background(), source(dir, nil), sdk.PlanRequest{})
			if !strings.Contains(diags.Error(), test.want) || !strings.Contains(diags.Error(), "in.parquet") {
				t.Errorf("got %v, want %q", diags, test.want)
			}
		})
	}
}

// TestDamagedPages overwrites bytes of the data, one place after the other: whatever comes of it, it is no panic, and
// rows are neither lost nor made up without an error.
func TestDamagedPages(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "in.parquet")
	write(t, path, []arrow.Field{field("n", arrow.PrimitiveTypes.Int64), field("s", arrow.BinaryTypes.String)},
		`[{"n":1,"s":"one"},{"n":2,"s":"two"},{"n":null,"s":null},{"n":4,"s":"four"}]`)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4; i < len(whole)-8; i += 3 {
		damaged := append([]byte(nil), whole...)
		damaged[i] ^= 0xff
		outputtest.Write(t, dir, "in.parquet", string(damaged))
		plan, diags := parquet.New().Plan(context.Background(), source(dir, nil), sdk.PlanRequest{})
		if diags.HasErrors() {
			continue
		}
		got, err := outputtest.Read(t, parquet.New(), source(dir, nil), plan, nil, false)
		if err == nil && int64(len(got.Rows)+len(got.BadRows)) != plan.Rows {
			t.Errorf("byte %d: %d rows of %d", i, len(got.Rows)+len(got.BadRows), plan.Rows)
		}
	}
}
