package providers_test

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers"
	"github.com/automic-etl/etl/providers/outputtest"
)

// declared are the types that every format must carry to Parquet unchanged.
var declared = []struct{ name, kind string }{
	{"b", "boolean"}, {"i", "int"}, {"l", "long"}, {"f", "float"}, {"d", "double"}, {"dec", "decimal(38, 10)"}, {"small", "decimal(5, 2)"},
	{"day", "date"}, {"t", "time"}, {"ts", "timestamp"}, {"tz", "timestamptz"}, {"s", "string"}, {"u", "uuid"}, {"bin", "binary"},
}

const csvValues = `b,i,l,f,d,dec,small,day,t,ts,tz,s,u,bin
true,2147483647,9223372036854775807,1.5,NaN,1234567890123456789012345678.0123456789,-999.99,0001-01-01,23:59:59.999999,1969-12-31T23:59:59.999999,2013-01-01T05:00:00-05:00,😀,12345678-1234-1234-1234-123456789abc,00ff
false,-2147483648,-9223372036854775808,inf,Infinity,-0.0000000001,0.01,9999-12-31,00:00,2013-01-01 10:00:00,2013-01-01 10:00:00Z,"",00000000-0000-0000-0000-000000000000,
,,,,-Infinity,,,,,,,,,
`

const jsonValues = `{"b":true,"i":2147483647,"l":9223372036854775807,"f":1.5,"d":"NaN","dec":1234567890123456789012345678.0123456789,"small":"-999.99","day":"0001-01-01","t":"23:59:59.999999","ts":"1969-12-31T23:59:59.999999","tz":"2013-01-01T05:00:00-05:00","s":"\ud83d\ude00","u":"12345678-1234-1234-1234-123456789abc","bin":"00ff"}
{"b":false,"i":-2147483648,"l":-9223372036854775808,"f":"inf","d":"Infinity","dec":-1e-10,"small":0.01,"day":"9999-12-31","t":"00:00","ts":"2013-01-01 10:00:00","tz":"2013-01-01 10:00:00Z","s":"","u":"00000000-0000-0000-0000-000000000000"}
{"d":"-Infinity","s":null}
`

// arrived is how the three rows look on the other side, in Arrow's text form.
var arrived = [][]string{
	{"true", "2147483647", "9223372036854775807", "1.5", "NaN", "1234567890123456789012345678.0123456789", "-999.99", "0001-01-01",
		"23:59:59.999999", "1969-12-31T23:59:59.999999", "2013-01-01T10:00:00Z", "😀", "12345678-1234-1234-1234-123456789abc", "AP8="},
	{"false", "-2147483648", "-9223372036854775808", "+Inf", "+Inf", "-1e-10", "0.01", "9999-12-31", "00:00:00.000000",
		"2013-01-01T10:00:00", "2013-01-01T10:00:00Z", "", "00000000-0000-0000-0000-000000000000", "<nil>"},
	{"<nil>", "<nil>", "<nil>", "<nil>", "-Inf", "<nil>", "<nil>", "<nil>", "<nil>", "<nil>", "<nil>", "<nil>", "<nil>", "<nil>"},
}

func types() cty.Value {
	m := map[string]cty.Value{}
	for _, d := range declared {
		m[d.name] = cty.StringVal(d.kind)
	}
	return cty.MapVal(m)
}

func texts(row outputtest.Row) []string {
	out := make([]string, len(row.Values))
	for i, v := range row.Values {
		switch v := v.(type) {
		case float64:
			if out[i] = fmt.Sprint(v); math.IsNaN(v) {
				out[i] = "NaN"
			}
		default:
			out[i] = fmt.Sprint(v)
		}
	}
	return out
}

// TestTypes carries every type through CSV and JSON, and what they staged once more through Parquet.
func TestTypes(t *testing.T) {
	builtIn := providers.BuiltIn()
	for _, test := range []struct{ format, file, input string }{
		{"csv", "in.csv", csvValues}, {"json", "in.jsonl", jsonValues},
	} {
		t.Run(test.format, func(t *testing.T) {
			dir := t.TempDir()
			outputtest.Write(t, dir, test.file, test.input)
			attributes := map[string]cty.Value{"path": cty.StringVal(test.file), "types": types()}
			for _, staged := range []bool{false, true} {
				got := outputtest.Load(t, builtIn[test.format], outputtest.Source(dir, attributes), staged)
				check(t, got)
				if staged {
					again(t, builtIn["parquet"], got)
				}
			}
		})
	}
}

func check(t *testing.T, got *outputtest.Recorder) {
	t.Helper()
	if len(got.BadRows) > 0 || len(got.Rows) != len(arrived) {
		t.Fatalf("%d rows, bad ones %+v", len(got.Rows), got.BadRows)
	}
	for i, row := range got.Rows {
		if text := texts(row); !slices.Equal(text, arrived[i]) {
			t.Errorf("row %d:\n got %q\nwant %q", i+1, text, arrived[i])
		}
	}
	for i, d := range declared {
		column := got.Columns[slices.IndexFunc(got.Columns, func(c coltype.Field) bool { return c.Name == d.name })]
		if column.Type.String() != d.kind {
			t.Errorf("column %d is %s instead of %s", i, column.Type, d.kind)
		}
	}
}

// again reads the staged columns as a source: types come from the footer alone.
func again(t *testing.T, parquet sdk.Provider, staged *outputtest.Recorder) {
	t.Helper()
	staging := filepath.Dir(staged.Files[0])
	_, diags := parquet.Plan(context.Background(), parquetSource(staging), sdk.PlanRequest{})
	if !strings.Contains(diags.Error(), "Reserved column name") {
		t.Errorf("provenance columns pass: %v", diags)
	}
	dir := t.TempDir()
	outputtest.CopyColumns(t, staged.Files[0], filepath.Join(dir, "in.parquet"), len(declared))
	for _, files := range []bool{false, true} {
		check(t, outputtest.Load(t, parquet, parquetSource(dir), files))
	}
}

func parquetSource(dir string) sdk.Config {
	return outputtest.Source(dir, map[string]cty.Value{"path": cty.StringVal("*.parquet")})
}
