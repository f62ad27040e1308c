package duckdb

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

func TestRowsAreExact(t *testing.T) {
	s := openSession(t)
	rows, err := s.Rows(context.Background(), allValues+";", 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows.Values) != 3 || rows.More {
		t.Fatalf("%d rows, more %t", len(rows.Values), rows.More)
	}
	var got []string
	for i, v := range rows.Values[0] {
		got = append(got, rows.Columns[i].Name+" "+Text(rows.Columns[i].Type, v))
	}
	equal(t, "text", strings.Join(got, "\n"), strings.Join([]string{
		"b true", "i -2147483648", "l 9223372036854775807", "f NaN", "d -Infinity", "dec 123456789012345678901234567890123.45678",
		"day 0001-01-01", "time 23:59:59.999999", "ts 1969-12-31 23:59:59.999999", "tz 9999-12-31 23:59:59.999999Z", `s ü😀'"`,
		"u ffffffff-0000-1000-8000-000000000001", "bin 0x00FF", "list [[1,null],null,[]]", `map {"k":{"x":1.5},"":null}`,
		`st {"odd \"name\"":"2020-02-29","l":["",null]}`, `odd "column" 7`, "none null",
	}, "\n"))
	kinds := []string{"bool", "int64", "int64", "float64", "float64", "string", "int64", "int64", "int64", "int64", "string", "string", "[]uint8", "string", "string", "string", "int64", "<nil>"}
	for i, v := range rows.Values[0] {
		equal(t, rows.Columns[i].Name, fmt.Sprintf("%T", v), kinds[i])
	}
	if empty, null := rows.Values[1][10], rows.Values[2][10]; empty != "" || null != nil {
		t.Errorf("an empty string became %v, null %v", empty, null)
	}
}

func TestRowsOfTypesThatNoTableHas(t *testing.T) {
	s := openSession(t)
	rows, err := s.Rows(context.Background(), "SELECT INTERVAL 1 DAY AS a, '101'::BIT AS b, 1 AS c, 1 AS c", 5)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "values", fmt.Sprint(rows.Values), "[[1 day 101 1 1]]")
}

// TestRowsOfJSON has numbers that other readers of JSON round or refuse, and an order of fields that is the value's own.
func TestRowsOfJSON(t *testing.T) {
	s := openSession(t)
	rows, err := s.Rows(context.Background(), `SELECT '{"b":1,"a":[1.0, 12345678901234567890123]}'::JSON, to_json('-inf'::DOUBLE),
		'"t"'::JSON, 'null'::JSON, NULL::JSON, 'x'::ENUM('x')`, 5)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "values", fmt.Sprint(rows.Values), `[[{"b":1,"a":[1.0, 12345678901234567890123]} -Infinity "t" null <nil> x]]`)
}

func TestRowsStopAtTheLimit(t *testing.T) {
	s := openSession(t)
	rows, err := s.Rows(context.Background(), "FROM range(11) ORDER BY 1", 10)
	if err != nil || len(rows.Values) != 10 || !rows.More {
		t.Fatalf("%v, %v", rows, err)
	}
	n, err := s.Count(context.Background(), "FROM range(11);")
	if err != nil || n != 11 {
		t.Fatal(n, err)
	}
}

func TestRowsPlaceMistakes(t *testing.T) {
	s := openSession(t)
	for _, run := range []func(string) error{
		func(q string) error { _, err := s.Rows(context.Background(), q, 1); return err },
		func(q string) error { _, err := s.Count(context.Background(), q); return err },
		func(q string) error { return s.CopyTo(context.Background(), q, CSV, &bytes.Buffer{}) },
	} {
		var mistake *SQLError
		if err := run("SELECT 1, nope"); !errors.As(err, &mistake) || mistake.Offset != 10 {
			t.Errorf("%v", err)
		}
		if err := run("DROP TABLE x"); !errors.As(err, &mistake) || mistake.Kind != "Refused" {
			t.Errorf("%v", err)
		}
	}
}

func TestFloatsReadBack(t *testing.T) {
	for value, want := range map[float64]string{0: "0", 0.1: "0.1", 1e6: "1000000", 1e15: "1e+15", -2.5e-7: "-2.5e-07", 123456.789: "123456.789"} {
		equal(t, want, Text(coltype.Type{Kind: coltype.Double}, value), want)
	}
	equal(t, "float", Text(coltype.Type{Kind: coltype.Float}, float64(float32(0.1))), "0.1")
}

const copied = `SELECT 12345678901234567890.123456789::DECIMAL(38, 9) AS d, [1.10::DECIMAL(38, 2), NULL] AS l, 'nan'::DOUBLE AS n, '-inf'::FLOAT AS i,
	{x: 'inf'::DOUBLE, y: [1.5::DOUBLE, 'nan']} AS s, MAP {'k': 'nan'::DOUBLE} AS m, '' AS e, NULL AS z, 'a,"b' AS q, DATE '2020-02-29' AS day`

func TestCopyToCSV(t *testing.T) {
	s := openSession(t)
	var out bytes.Buffer
	if err := s.CopyTo(context.Background(), "SELECT d, n, e, z, q, day, interval 1 day AS v FROM ("+copied+")", CSV, &out); err != nil {
		t.Fatal(err)
	}
	equal(t, "csv", out.String(), "d,n,e,z,q,day,v\n12345678901234567890.123456789,nan,\"\",,\"a,\"\"b\",2020-02-29,1 day\n")
}

func TestCopyToJSON(t *testing.T) {
	s := openSession(t)
	var out bytes.Buffer
	if err := s.CopyTo(context.Background(), copied+" -- and no more", JSON, &out); err != nil {
		t.Fatal(err)
	}
	if !json.Valid(out.Bytes()) {
		t.Errorf("not valid: %s", out.String())
	}
	equal(t, "json", strings.Join(strings.Fields(out.String()), " "), `[ {"d":12345678901234567890.123456789,"l":[1.10,null],"n":"NaN","i":"-Infinity",`+
		`"s":{"x":"Infinity","y":[1.5,"NaN"]},"m":{"k":"NaN"},"e":"","z":null,"q":"a,\"b","day":"2020-02-29"} ]`)
	out.Reset()
	if err := s.CopyTo(context.Background(), "SELECT 1 AS a WHERE false", JSON, &out); err != nil || !json.Valid(out.Bytes()) {
		t.Errorf("no rows: %q, %v", out.String(), err)
	}
}

func TestCopyToParquet(t *testing.T) {
	s := openSession(t)
	path := filepath.Join(t.TempDir(), "x.parquet")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := firstError(s.CopyTo(context.Background(), "SELECT sum(i) AS total FROM range(10) r(i)", Parquet, file), file.Close()); err != nil {
		t.Fatal(err)
	}
	equal(t, "back", texts(t, s, "SELECT total::VARCHAR, typeof(total) FROM read_parquet("+dialect.Text(path)+")"), "45|DECIMAL(38,0)")
	equal(t, "left", left(t, s.engine.spill), "")
	if file, err = os.Create(path); err != nil {
		t.Fatal(err)
	}
	if err := firstError(s.CopyTo(context.Background(), "SELECT unnest([0::DOUBLE, -0.0::DOUBLE]) AS z", Parquet, file), file.Close()); err != nil {
		t.Fatal(err)
	}
	equal(t, "zeros", texts(t, s, "SELECT z::VARCHAR FROM read_parquet("+dialect.Text(path)+")"), "0.0\n-0.0")
}

func TestCopyToSaysWhatFormatsThereAre(t *testing.T) {
	s := openSession(t)
	if err := s.CopyTo(context.Background(), "SELECT 1", "xml", &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "csv, json or parquet") {
		t.Fatal(err)
	}
}
