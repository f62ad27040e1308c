package duckdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/state"
)

// allTypes has a column of every type, nested ones included.
func allTypes() coltype.Schema {
	return coltype.Schema{
		field(1, "b", coltype.Boolean), field(2, "i", coltype.Int), field(3, "l", coltype.Long), field(4, "f", coltype.Float),
		field(5, "d", coltype.Double), column(6, "dec", coltype.Type{Kind: coltype.Decimal, Precision: 38, Scale: 5}),
		field(7, "day", coltype.Date), field(8, "time", coltype.Time), field(9, "ts", coltype.Timestamp), field(10, "tz", coltype.Timestamptz),
		field(11, "s", coltype.String), field(12, "u", coltype.UUID), field(13, "bin", coltype.Binary),
		column(14, "list", listOf(column(15, "element", listOf(field(16, "element", coltype.Int))))),
		column(17, "map", mapOf(field(18, "key", coltype.String), column(19, "value", structOf(field(20, "x", coltype.Double))))),
		column(21, "st", structOf(field(22, "odd \"name\"", coltype.Date), column(23, "l", listOf(field(24, "element", coltype.String))))),
		field(25, `odd "column"`, coltype.Int), field(26, "none", coltype.Unknown),
	}
}

const allValues = `SELECT true AS b, -2147483648 AS i, 9223372036854775807 AS l, 'NaN'::FLOAT AS f, '-infinity'::DOUBLE AS d,
	123456789012345678901234567890123.45678 AS dec, DATE '0001-01-01' AS day, TIME '23:59:59.999999' AS time,
	TIMESTAMP '1969-12-31 23:59:59.999999' AS ts, TIMESTAMPTZ '9999-12-31 23:59:59.999999+00' AS tz, 'ü😀''"' AS s,
	'ffffffff-0000-1000-8000-000000000001'::UUID AS u, '\x00\xFF'::BLOB AS bin, [[1, NULL], NULL, []] AS list,
	MAP {'k': {x: 1.5}, '': NULL} AS map, {'odd "name"': DATE '2020-02-29', l: ['', NULL]} AS st, 7 AS "odd ""column""", NULL AS none
	UNION ALL BY NAME SELECT '' AS s
	UNION ALL BY NAME SELECT NULL::VARCHAR AS s`

func TestEveryTypeComesBack(t *testing.T) {
	s, dir := openSession(t), t.TempDir()
	files := write(t, s, dir, allValues, allTypes())
	bind(t, s, "silver.t", allTypes(), files)
	equal(t, "rows", texts(t, s, "SELECT COLUMNS(*)::VARCHAR FROM silver.t"), texts(t, s, "SELECT COLUMNS(*)::VARCHAR FROM ("+allValues+")"))
	got, err := s.Describe(context.Background(), "FROM silver.t")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "types", fmt.Sprint(spell(got)), fmt.Sprint(spell(allTypes())))
	equal(t, "ids", texts(t, s, "SELECT string_agg(field_id, ' ') FROM parquet_schema("+paths([]string{files[0].Path})+") WHERE field_id IS NOT NULL"),
		"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26")
	equal(t, "compression", texts(t, s, "SELECT DISTINCT compression FROM parquet_metadata("+paths([]string{files[0].Path})+")"), "ZSTD")
}

func TestNoRowsGiveNoFile(t *testing.T) {
	s := openSession(t)
	cols := coltype.Schema{field(1, "id", coltype.Long)}
	for _, w := range []Write{
		{}, {Partition: []state.PartitionField{{Column: "id", Transform: "identity"}}},
		{Partition: []state.PartitionField{{Column: "id", Transform: "identity"}}, Sort: []state.SortField{{Column: "id"}}},
	} {
		w.Query, w.Columns, w.Dir = "SELECT 1 AS id WHERE false", cols, t.TempDir()
		staged, err := s.Write(context.Background(), w)
		if err != nil || len(staged) != 0 || left(t, w.Dir) != "" {
			t.Errorf("%v: %v, %v, left %q", w.Partition, staged, err, left(t, w.Dir))
		}
	}
}

func left(t testing.TB, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return strings.Join(names, " ")
}

func TestFilesAreSplitNearTheTarget(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes much data")
	}
	s := openSession(t)
	cols := coltype.Schema{field(1, "k", coltype.Int), field(2, "h", coltype.String)}
	query := "SELECT i % 2 AS k, md5(i::VARCHAR) AS h FROM range(1000000) r(i)"
	for name, w := range map[string]Write{
		"whole":             {},
		"sorted":            {Sort: []state.SortField{{Column: "h"}}},
		"partitions":        {Partition: []state.PartitionField{{Column: "k", Transform: "identity"}}},
		"sorted partitions": {Partition: []state.PartitionField{{Column: "k", Transform: "identity"}}, Sort: []state.SortField{{Column: "h"}}},
	} {
		t.Run(name, func(t *testing.T) {
			w.Query, w.Columns, w.Dir, w.TargetBytes = query, cols, t.TempDir(), 4<<20
			staged, err := s.Write(context.Background(), w)
			if err != nil {
				t.Fatal(err)
			}
			var rows int64
			for _, f := range staged {
				info, err := os.Stat(f.Path)
				if err != nil {
					t.Fatal(err)
				}
				if info.Size() > 3*w.TargetBytes {
					t.Errorf("%s has %d bytes", f.Path, info.Size())
				}
				rows += f.Rows
			}
			if rows != 1_000_000 || len(staged) < 4 {
				t.Errorf("%d rows in %d files", rows, len(staged))
			}
			if n := len(strings.Fields(left(t, w.Dir))); n != len(staged) {
				t.Errorf("%d files in the folder, %d staged", n, len(staged))
			}
			bind(t, s, "silver.t", cols, dataFiles(staged, cols))
			equal(t, "content", texts(t, s, "SELECT count(*), count(DISTINCT h), sum(k) FROM silver.t"), "1000000|1000000|500000")
		})
	}
}

func TestRowsAreSortedWithinFiles(t *testing.T) {
	s := openSession(t)
	cols := coltype.Schema{field(1, "p", coltype.Int), field(2, "a", coltype.Long), field(3, "b", coltype.Long)}
	query := "SELECT hash(i) % 5 AS p, CASE WHEN i % 11 = 0 THEN NULL ELSE hash(i, 1) % 100 END AS a, i AS b FROM range(600000) r(i)"
	for _, partition := range [][]state.PartitionField{nil, {{Column: "p", Transform: "identity"}}} {
		staged, err := s.Write(context.Background(), Write{
			Query: query, Columns: cols, Partition: partition, Sort: []state.SortField{{Column: "a", Desc: true}, {Column: "b"}}, Dir: t.TempDir(),
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range staged {
			unsorted := texts(t, s, `SELECT n, pa, pb, a, b FROM (SELECT a, b, lag(a) OVER w AS pa, lag(b) OVER w AS pb, row_number() OVER w AS n
				FROM read_parquet(`+paths([]string{f.Path})+`) WINDOW w AS (ORDER BY file_row_number))
				WHERE n > 1 AND NOT (coalesce(pa, -1) > coalesce(a, -1) OR pa IS NOT DISTINCT FROM a AND pb < b)`)
			equal(t, f.Path, unsorted, "")
		}
	}
}

func TestRequiredColumns(t *testing.T) {
	s := openSession(t)
	required := func(f coltype.Field) coltype.Field { f.Required = true; return f }
	scalar := coltype.Schema{field(1, "id", coltype.Long), required(field(2, "name", coltype.String))}
	nested := coltype.Schema{required(column(1, "s", structOf(field(2, "a", coltype.Int), required(field(3, "b", coltype.Int)))))}
	list := coltype.Schema{column(1, "l", listOf(required(column(2, "element", structOf(required(field(3, "b", coltype.Int)))))))}
	cases := map[string]struct {
		query string
		cols  coltype.Schema
		want  *NullError
	}{
		"all there":       {"SELECT 1 AS id, '' AS name", scalar, nil},
		"some null":       {"SELECT i AS id, CASE WHEN i > 1 THEN 'x' END AS name FROM range(5) r(i)", scalar, &NullError{"name", 2}},
		"all null":        {"SELECT i AS id, NULL AS name FROM range(3) r(i)", scalar, &NullError{"name", 3}},
		"struct":          {"SELECT {a: NULL, b: 1} AS s", nested, nil},
		"null struct":     {"SELECT NULL AS s", nested, &NullError{"s", -1}},
		"null field":      {"SELECT {a: 1, b: NULL} AS s", nested, &NullError{"s", -1}},
		"lists":           {"SELECT [{b: 1}] AS l UNION ALL SELECT NULL UNION ALL SELECT []", list, nil},
		"null element":    {"SELECT [{b: 1}, NULL] AS l", list, &NullError{"l", -1}},
		"null in element": {"SELECT [{b: 1}, {b: NULL}] AS l", list, &NullError{"l", -1}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			_, err := s.Write(context.Background(), Write{Query: c.query, Columns: c.cols, Dir: dir})
			var null *NullError
			if c.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if !errors.As(err, &null) || *null != *c.want {
				t.Fatalf("%v, want %v", err, c.want)
			}
			equal(t, "left behind", left(t, dir), "")
		})
	}
}

func TestInfiniteInstantsAreRefused(t *testing.T) {
	s := openSession(t)
	for _, kind := range []coltype.Kind{coltype.Date, coltype.Timestamp, coltype.Timestamptz} {
		for _, value := range []string{"infinity", "-infinity"} {
			_, err := s.Write(context.Background(), Write{
				Query:   "SELECT '" + value + "' AS at UNION ALL SELECT '2020-01-01'",
				Columns: coltype.Schema{field(1, "at", kind)}, Dir: t.TempDir(),
			})
			var infinite *InfiniteError
			if !errors.As(err, &infinite) || infinite.Column != "at" {
				t.Errorf("%s of kind %d: %v", value, kind, err)
			}
		}
	}
}

func TestAFailedWriteLeavesOnlyWhatWasThere(t *testing.T) {
	s, dir := openSession(t), t.TempDir()
	cols := coltype.Schema{field(1, "n", coltype.Long)}
	before := filepath.Base(write(t, s, dir, "SELECT 1 AS n", cols)[0].Path)
	for _, partition := range [][]state.PartitionField{nil, {{Column: "n", Transform: "bucket[4]"}}} {
		_, err := s.Write(context.Background(), Write{
			Query:   "SELECT CASE WHEN i = 400000 THEN error('late') ELSE i END AS n FROM range(400001) r(i)",
			Columns: cols, Dir: dir, Prefix: "data", Partition: partition, TargetBytes: 1 << 20,
		})
		if err == nil {
			t.Fatal("no error")
		}
		equal(t, "files", left(t, dir), before)
	}
}

func benchmarkQuery() (string, coltype.Schema) {
	return "SELECT i AS id, i % 1000 AS k, random() AS r, 'str' || (i % 77777) AS s, TIMESTAMP '2020-01-01' + to_seconds(i) AS at FROM range(1000000) t(i)",
		coltype.Schema{field(1, "id", coltype.Long), field(2, "k", coltype.Long), field(3, "r", coltype.Double), field(4, "s", coltype.String), field(5, "at", coltype.Timestamp)}
}

func BenchmarkWrite(b *testing.B) {
	s, dir := openSession(b), b.TempDir()
	query, cols := benchmarkQuery()
	for b.Loop() {
		if _, err := s.Write(context.Background(), Write{Query: query, Columns: cols, Dir: dir}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRawCopy(b *testing.B) {
	s, dir := openSession(b), b.TempDir()
	query, _ := benchmarkQuery()
	for b.Loop() {
		if err := s.exec(context.Background(), "COPY ("+query+") TO "+dialect.Text(filepath.Join(dir, "x.parquet"))+" (FORMAT parquet, COMPRESSION zstd)"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWritePartitions(b *testing.B) {
	s, dir := openSession(b), b.TempDir()
	query, cols := benchmarkQuery()
	for b.Loop() {
		if _, err := s.Write(context.Background(), Write{Query: query, Columns: cols, Dir: dir, Partition: []state.PartitionField{{Column: "id", Transform: "bucket[16]"}}}); err != nil {
			b.Fatal(err)
		}
	}
}
