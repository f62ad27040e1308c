package duckdb

import (
	"context"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/state"
)

// version is a table at a time.
type version struct {
	files []state.DataFile
	rows  []mergeRow
}

func (tb *table) version() version {
	return version{slices.Clone(tb.files), slices.Clone(tb.all())}
}

// compareVersions holds the rows by which two versions differ against those that queries read.
func compareVersions(t *rapid.T, s *Session, before, after version) {
	times := map[string]int{}
	for _, r := range before.rows {
		times[r.sql()]--
	}
	for _, r := range after.rows {
		times[r.sql()]++
	}
	if err := s.BindChanged(context.Background(), "etl_new", "t", mergeColumns(), before.files, after.files); err != nil {
		t.Fatal(err)
	}
	found, err := s.Rows(context.Background(), "SELECT a, b, v FROM etl_new.t", 1000)
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]bool{}
	for _, r := range rowsOf(found.Values) {
		read[r.sql()] = true
		if _, known := times[r.sql()]; !known {
			t.Fatalf("%s is read, which neither version has", r.sql())
		}
	}
	for row, n := range times {
		if n != 0 && !read[row] {
			t.Fatalf("%s is not read, which came or went %d times", row, n)
		}
	}
	if slices.EqualFunc(before.files, after.files, func(a, b state.DataFile) bool { return a.Path == b.Path && len(a.Deletes) == len(b.Deletes) }) &&
		multiset(before.rows) == multiset(after.rows) && len(read) > 0 {
		t.Fatalf("of a table that is the same, %d rows are read", len(read))
	}
}

func TestChangedRowsOfEveryType(t *testing.T) {
	s, dir := openSession(t), t.TempDir()
	of := coltype.Of
	cols := coltype.Schema{field(1, "id", coltype.Long), field(2, "x", coltype.Double), field(3, "f", coltype.Float), field(4, "n", coltype.String),
		{ID: 5, Name: "l", Type: coltype.Type{Kind: coltype.List, Elem: &coltype.Field{ID: 6, Name: "element", Type: of(coltype.Long)}}},
		{ID: 7, Name: "m", Type: coltype.Type{Kind: coltype.Map, Key: &coltype.Field{ID: 8, Name: "key", Type: of(coltype.String), Required: true},
			Elem: &coltype.Field{ID: 9, Name: "value", Type: of(coltype.Double)}}},
		{ID: 10, Name: "s", Type: coltype.Type{Kind: coltype.Struct, Fields: coltype.Schema{field(11, "y", coltype.Double)}}},
		{ID: 12, Name: "b", Type: of(coltype.Binary)}, {ID: 13, Name: "at", Type: of(coltype.Timestamptz)}}
	rows := func(x, f, n, l, m, y string) string {
		return "SELECT i AS id, " + x + " AS x, " + f + " AS f, " + n + " AS n, " + l + " AS l, " + m + " AS m, {'y': " + y + "} AS s, 'b'::BLOB AS b, make_timestamptz(1) AS at FROM range(3) r(i)"
	}
	same := []string{"'nan'", "0.0", "NULL", "[1, NULL]", "MAP {'k': 'nan'::DOUBLE}", "NULL"}
	tests := map[string]struct {
		at   int
		now  string
		want int64
	}{
		"nothing": {1, "0.0", 0}, "a double": {0, "1", 6}, "a zero's sign": {1, "'-0.0'::FLOAT", 6}, "a null": {3, "[1, 1]", 6}, "text": {2, "''", 6},
		"a map": {4, "MAP {'k': 1::DOUBLE}", 6}, "a struct": {5, "2", 6},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			now := slices.Clone(same)
			now[test.at] = test.now
			before := write(t, s, dir, rows(same[0], same[1], same[2], same[3], same[4], same[5]), cols)
			after := write(t, s, dir, rows(now[0], now[1], now[2], now[3], now[4], now[5]), cols)
			if err := s.BindChanged(context.Background(), "etl_new", "t", cols, before, after); err != nil {
				t.Fatal(err)
			}
			if n, err := s.Count(context.Background(), "FROM etl_new.t"); err != nil || n != test.want {
				t.Errorf("%d rows differ, %v; want %d", n, err, test.want)
			}
		})
	}
}
