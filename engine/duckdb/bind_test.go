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

func structOf(fields ...coltype.Field) coltype.Type {
	return coltype.Type{Kind: coltype.Struct, Fields: fields}
}

func listOf(elem coltype.Field) coltype.Type { return coltype.Type{Kind: coltype.List, Elem: &elem} }

func mapOf(key, value coltype.Field) coltype.Type {
	return coltype.Type{Kind: coltype.Map, Key: &key, Elem: &value}
}

func column(id int, name string, t coltype.Type) coltype.Field {
	return coltype.Field{ID: id, Name: name, Type: t}
}

func TestColumnsAreFoundByTheirIDs(t *testing.T) {
	s, dir := openSession(t), t.TempDir()
	old := coltype.Schema{field(1, "id", coltype.Int), field(2, "a", coltype.String), field(3, "b", coltype.Float)}
	files := write(t, s, dir, "SELECT 1 AS id, 'x' AS a, 1.5 AS b", old)
	// a became b, b was dropped and came back as c, id was widened, d is new, the order changed.
	now := coltype.Schema{
		field(2, "b", coltype.String), field(1, "id", coltype.Long), field(4, "c", coltype.Double),
		column(5, "d", coltype.Type{Kind: coltype.Decimal, Precision: 10, Scale: 2}),
	}
	files = append(files, write(t, s, dir, "SELECT 5000000000 AS id, 'y' AS b, 2.5 AS c, 3.25 AS d", now)...)
	bind(t, s, "silver.t", now, files)
	equal(t, "rows", texts(t, s, "FROM silver.t ORDER BY id"), "x|1|<nil>|<nil>\ny|5000000000|2.5|3.25")
	equal(t, "types", texts(t, s, "SELECT typeof(b), typeof(id), typeof(c), typeof(d) FROM silver.t LIMIT 1"), "VARCHAR|BIGINT|DOUBLE|DECIMAL(10,2)")
}

func TestNestedFieldsAreFoundByTheirIDs(t *testing.T) {
	s, dir := openSession(t), t.TempDir()
	old := coltype.Schema{
		field(1, "id", coltype.Long),
		column(2, "s", structOf(field(3, "a", coltype.Int), field(4, "b", coltype.String))),
		column(5, "l", listOf(column(6, "element", structOf(field(7, "x", coltype.Int), field(8, "gone", coltype.String))))),
		column(9, "m", mapOf(field(10, "key", coltype.String), column(11, "value", structOf(field(12, "v", coltype.Int))))),
		column(13, "p", structOf(field(14, "only", coltype.Int))),
	}
	files := write(t, s, dir, `SELECT 1 AS id, {a: 1, b: 'x'} AS s, [{x: 1, gone: 'g'}, NULL] AS l, MAP {'k': {v: 7}} AS m, {'only': 1} AS p
		UNION ALL BY NAME SELECT 2 AS id`, old)
	now := coltype.Schema{
		field(1, "id", coltype.Long),
		// a and b changed names with each other, and a was widened.
		column(2, "s", structOf(field(3, "b", coltype.Long), field(4, "a", coltype.String), field(20, "n", coltype.Date))),
		column(5, "l", listOf(column(6, "element", structOf(field(21, "gone", coltype.Int), field(7, "y", coltype.Long))))),
		column(9, "m", mapOf(field(10, "key", coltype.String), column(11, "value", structOf(field(12, "w", coltype.Long))))),
		column(13, "p", structOf(field(22, "other", coltype.Int))),
	}
	files = append(files, write(t, s, dir, "SELECT 3 AS id, {b: 9, a: 'z', n: DATE '2020-01-02'} AS s, [{gone: 4, y: 5}] AS l, MAP {'q': {w: 8}} AS m, {other: 6} AS p", now)...)
	bind(t, s, "silver.t", now, files)
	equal(t, "rows", texts(t, s, "SELECT id, s::VARCHAR, l::VARCHAR, m::VARCHAR, p::VARCHAR FROM silver.t ORDER BY id"), strings.Join([]string{
		"1|{'b': 1, 'a': x, 'n': NULL}|[{'gone': NULL, 'y': 1}, NULL]|{k={'w': 7}}|{'other': NULL}",
		"2|<nil>|<nil>|<nil>|<nil>",
		"3|{'b': 9, 'a': z, 'n': 2020-01-02}|[{'gone': 4, 'y': 5}]|{q={'w': 8}}|{'other': 6}",
	}, "\n"))
}

func TestFilesWithoutIDsAreReadByName(t *testing.T) {
	s, dir := openSession(t), t.TempDir()
	path := filepath.Join(dir, "foreign.parquet")
	if err := s.exec(context.Background(), "COPY (SELECT 1::INTEGER AS id, 'x' AS a) TO "+dialect.Text(path)); err != nil {
		t.Fatal(err)
	}
	cols := coltype.Schema{field(1, "id", coltype.Long), field(2, "a", coltype.String), field(3, "b", coltype.Date)}
	files := append(write(t, s, dir, "SELECT 2 AS id, 'y' AS a, NULL AS b", cols), state.DataFile{Path: path, Rows: 1})
	bind(t, s, "silver.t", cols, files)
	equal(t, "rows", texts(t, s, "FROM silver.t ORDER BY id"), "1|x|<nil>\n2|y|<nil>")
}

func TestNoFilesGiveTheTypes(t *testing.T) {
	s := openSession(t)
	cols := coltype.Schema{
		field(1, "id", coltype.Long), field(2, "at", coltype.Timestamptz), field(3, "u", coltype.UUID), field(4, "b", coltype.Binary),
		column(5, "s", structOf(field(6, `odd "x"`, coltype.Time), column(7, "l", listOf(field(8, "element", coltype.Double))))),
		column(9, "m", mapOf(coltype.Field{ID: 10, Name: "key", Type: coltype.Type{Kind: coltype.String}, Required: true}, field(11, "value", coltype.Boolean))),
		column(12, "d", coltype.Type{Kind: coltype.Decimal, Precision: 38, Scale: 10}),
	}
	if err := s.BindEmpty(context.Background(), ident("silver.t"), cols); err != nil {
		t.Fatal(err)
	}
	got, err := s.Describe(context.Background(), "SELECT * FROM silver.t")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "columns", fmt.Sprint(spell(got)), fmt.Sprint(spell(cols)))
}

// spell is a schema's names and types without ids.
func spell(cols coltype.Schema) []string {
	all := make([]string, len(cols))
	for i, c := range cols {
		all[i] = c.Name + " " + dialect.Type(c.Type)
	}
	return all
}

func TestDeletedRowsDoNotAppear(t *testing.T) {
	s, dir := openSession(t), t.TempDir()
	// Columns named like DuckDB's virtual ones must not be mistaken for them.
	cols := coltype.Schema{field(1, "id", coltype.Long), field(2, "filename", coltype.String), field(3, "file_row_number", coltype.Long)}
	make := func(from int) state.DataFile {
		query := fmt.Sprintf("SELECT i AS id, 'f' AS filename, 0 AS file_row_number FROM range(%d, %d) r(i)", from, from+5)
		return write(t, s, dir, query, cols)[0]
	}
	a, b, c, d := make(0), make(10), make(20), make(30)
	// One delete file names rows of a and b, but counts for b only in a row that isn't there any more.
	deletes := filepath.Join(dir, "deletes.parquet")
	query := fmt.Sprintf("COPY (SELECT * FROM (VALUES (%[1]s, 0::BIGINT), (%[1]s, 4), (%[2]s, 1), ('file:///elsewhere', 2)) v(file_path, pos)) TO %[3]s",
		dialect.Text("file://"+a.Path), dialect.Text("file://"+b.Path), dialect.Text(deletes))
	if err := s.exec(context.Background(), query); err != nil {
		t.Fatal(err)
	}
	a.Deletes = []state.DeleteFile{{Path: deletes, DataPath: "file://" + a.Path}}
	c.Deletes = []state.DeleteFile{{DataPath: "file://" + c.Path, Positions: []int64{1, 3}}}
	bind(t, s, "silver.t", cols, []state.DataFile{a, b, c, d})
	equal(t, "rows", texts(t, s, "SELECT string_agg(id, ' ' ORDER BY id), min(filename), max(file_row_number) FROM silver.t"),
		"1 2 3 10 11 12 13 14 20 22 24 30 31 32 33 34|f|0")
}

func TestPathsAreNoPatterns(t *testing.T) {
	s := openSession(t)
	dir := filepath.Join(t.TempDir(), "we[i]rd * 'dir'?{a,b} ü")
	cols := coltype.Schema{field(1, "id", coltype.Long)}
	file := write(t, s, dir, "SELECT i AS id FROM range(3) r(i)", cols)[0]
	file.Deletes = []state.DeleteFile{{Positions: []int64{1}}}
	bind(t, s, "silver.t", cols, []state.DataFile{file})
	equal(t, "rows", texts(t, s, "FROM silver.t ORDER BY id"), "0\n2")
}

func TestMissingDataFile(t *testing.T) {
	s := openSession(t)
	cols := coltype.Schema{field(1, "id", coltype.Long)}
	err := s.Bind(context.Background(), ident("silver.t"), cols, []state.DataFile{{Path: "/nowhere/gone.parquet"}})
	var file *DataFileError
	if !errors.As(err, &file) || !strings.Contains(err.Error(), "/nowhere/gone.parquet") {
		t.Fatal(err)
	}
	notParquet := filepath.Join(t.TempDir(), "x.parquet")
	if err := os.WriteFile(notParquet, []byte("this is no Parquet file"), 0o600); err != nil {
		t.Fatal(err)
	}
	err = s.Bind(context.Background(), ident("silver.t"), cols, []state.DataFile{{Path: notParquet}})
	if !errors.As(err, &file) || !strings.Contains(err.Error(), notParquet) {
		t.Fatal(err)
	}
}

func TestFiveThousandFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes much data")
	}
	s, dir := openSession(t), t.TempDir()
	cols := coltype.Schema{field(1, "id", coltype.Long)}
	one := write(t, s, dir, "SELECT 1 AS id", cols)[0]
	data, err := os.ReadFile(one.Path)
	if err != nil {
		t.Fatal(err)
	}
	files := make([]state.DataFile, 5000)
	for i := range files {
		files[i] = state.DataFile{Path: filepath.Join(dir, fmt.Sprintf("copy-%d.parquet", i)), Rows: 1}
		if err := os.WriteFile(files[i].Path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	bind(t, s, "silver.t", cols, files)
	equal(t, "rows", texts(t, s, "SELECT count(*), sum(id) FROM silver.t"), "5000|5000")
}

func BenchmarkBindThousandTables(b *testing.B) {
	e := openEngine(b, Options{})
	cols := coltype.Schema{field(1, "id", coltype.Long), field(2, "name", coltype.String), field(3, "at", coltype.Timestamptz)}
	s := newSession(b, e)
	files := write(b, s, b.TempDir(), "SELECT 1 AS id, 'x' AS name, TIMESTAMPTZ '2020-01-01' AS at", cols)
	for b.Loop() {
		s := newSession(b, e)
		for i := range 1000 {
			bind(b, s, fmt.Sprintf("silver.t%d", i), cols, files)
		}
	}
}

// TestJoinsHashTheSmallSide has few keys meet a large table, whose size DuckDB doesn't see by itself where columns are
// found by their ids: it would hash the table.
func TestJoinsHashTheSmallSide(t *testing.T) {
	s := openSession(t)
	columns := coltype.Schema{field(1, "n", coltype.Long)}
	bind(t, s, "bronze.large", columns, write(t, s, t.TempDir(), "SELECT range AS n FROM range(200000)", columns))
	bind(t, s, "bronze.few", columns, write(t, s, t.TempDir(), "SELECT range AS n FROM range(50000)", columns))
	var kind, explained string
	err := s.conn.QueryRowContext(t.Context(), "EXPLAIN SELECT count(*) FROM (SELECT n FROM bronze.large) AS l SEMI JOIN (SELECT n FROM bronze.few) AS f ON l.n = f.n").Scan(&kind, &explained)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(explained, "RIGHT_SEMI") || !strings.Contains(explained, "200,000") {
		t.Errorf("the plan hashes the large table:\n%s", explained)
	}
}
