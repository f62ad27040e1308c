package duckdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/state"
)

func openEngine(t testing.TB, o Options) *Engine {
	t.Helper()
	if o.TempDir == "" {
		o.TempDir = t.TempDir()
	}
	if o.Threads == 0 {
		o.Threads = 2
	}
	e, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func openSession(t testing.TB) *Session {
	t.Helper()
	return newSession(t, openEngine(t, Options{}))
}

func newSession(t testing.TB, e *Engine) *Session {
	t.Helper()
	s, err := e.Session(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func field(id int, name string, k coltype.Kind) coltype.Field {
	return coltype.Field{ID: id, Name: name, Type: coltype.Type{Kind: k}}
}

func ident(name string) addr.Ident {
	layer, table, _ := strings.Cut(name, ".")
	return addr.Ident{Namespace: layer, Name: table}
}

// texts gives a query's rows as text, one a line, columns separated by bars.
func texts(t testing.TB, s *Session, query string) string {
	t.Helper()
	rows, err := s.conn.QueryContext(context.Background(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, classify(err, nil))
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		cells := make([]string, len(values))
		for i, v := range values {
			cells[i] = fmt.Sprint(v)
		}
		lines = append(lines, strings.Join(cells, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, classify(err, nil))
	}
	return strings.Join(lines, "\n")
}

func equal(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n%s\nwant:\n%s", what, got, want)
	}
}

// write writes a query's rows as data files of a table.
func write(t testing.TB, s *Session, dir, query string, cols coltype.Schema) []state.DataFile {
	t.Helper()
	staged, err := s.Write(context.Background(), Write{Query: query, Columns: cols, Dir: dir, Prefix: "data"})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return dataFiles(staged, cols)
}

func dataFiles(staged []state.StagedFile, cols coltype.Schema) []state.DataFile {
	files := make([]state.DataFile, len(staged))
	for i, f := range staged {
		files[i] = state.DataFile{Path: f.Path, Rows: f.Rows, Schema: cols}
	}
	return files
}

func bind(t testing.TB, s *Session, name string, cols coltype.Schema, files []state.DataFile) {
	t.Helper()
	if err := s.Bind(context.Background(), ident(name), cols, files); err != nil {
		t.Fatal(err)
	}
}

func TestSessionsDoNotSeeEachOther(t *testing.T) {
	e := openEngine(t, Options{})
	a, b := newSession(t, e), newSession(t, e)
	cols := coltype.Schema{field(1, "id", coltype.Long)}
	bind(t, a, "silver.orders", cols, write(t, a, t.TempDir(), "SELECT 1 AS id", cols))
	bind(t, b, "silver.orders", cols, write(t, b, t.TempDir(), "SELECT 2 AS id", cols))
	equal(t, "a", texts(t, a, "FROM silver.orders"), "1")
	equal(t, "b", texts(t, b, "FROM silver.orders"), "2")
	c := newSession(t, e)
	if _, err := c.Describe(context.Background(), "SELECT * FROM silver.orders"); err == nil {
		t.Error("a third session sees a table that it didn't bind")
	}
}

func TestLayersThatDuckDBHasForItself(t *testing.T) {
	s := openSession(t)
	cols := coltype.Schema{field(1, "id", coltype.Long)}
	for _, layer := range []string{"temp", "SYSTEM", "memory", "information_schema", "pg_catalog"} {
		var name *NameError
		if err := s.BindEmpty(context.Background(), addr.Ident{Namespace: layer, Name: "t"}, cols); !errors.As(err, &name) || !ReservedLayer(layer) {
			t.Errorf("%s: %v", layer, err)
		}
	}
	for _, layer := range []string{"main", "bronze", "select", `odd "one"`} {
		if err := s.BindEmpty(context.Background(), addr.Ident{Namespace: layer, Name: "table"}, cols); err != nil {
			t.Errorf("%s: %v", layer, err)
			continue
		}
		equal(t, layer, texts(t, s, "SELECT count(*) FROM "+dialect.Ident(layer)+`."table"`), "0")
	}
}

func TestCloseRemovesWhatWasSpilled(t *testing.T) {
	dir := t.TempDir()
	e, err := Open(context.Background(), Options{TempDir: filepath.Join(dir, "spill")})
	if err != nil {
		t.Fatal(err)
	}
	if err = e.Close(); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(filepath.Join(dir, "spill"))
	if err != nil || len(left) != 0 {
		t.Fatalf("left behind: %v, %v", left, err)
	}
}

func TestOnlyTheGivenDirectoriesCanBeOpened(t *testing.T) {
	allowed, other := t.TempDir(), t.TempDir()
	secret := filepath.Join(other, "secret.txt")
	if err := os.WriteFile(secret, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newSession(t, openEngine(t, Options{Directories: []string{allowed}}))
	cols := coltype.Schema{field(1, "id", coltype.Long)}
	bind(t, s, "silver.t", cols, write(t, s, filepath.Join(allowed, "w"), "SELECT 7 AS id", cols))
	equal(t, "allowed", texts(t, s, "FROM silver.t"), "7")
	if err := s.exec(context.Background(), "SELECT * FROM read_text("+dialect.Text(secret)+")"); err == nil {
		t.Error("read a file outside")
	}
	if err := s.exec(context.Background(), "SELECT * FROM "+dialect.Ident(strings.TrimSuffix(secret, ".txt"))+".txt"); err == nil {
		t.Error("read a file outside by its name")
	}
	if _, err := s.Write(context.Background(), Write{Query: "SELECT 1 AS id", Columns: cols, Dir: filepath.Join(other, "w")}); err == nil {
		t.Error("wrote outside")
	}
}

func TestMemoryIsBoundedAndSpills(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes much data")
	}
	e := openEngine(t, Options{MemoryLimit: "100MB"})
	s := newSession(t, e)
	rows, err := s.Materialize(context.Background(), "etl_x", "big", "SELECT i, hash(i) AS h, hash(i + 1)::VARCHAR AS t FROM range(6000000) r(i) ORDER BY h")
	if err != nil || rows != 6_000_000 {
		t.Fatalf("%d rows, %v", rows, err)
	}
	var memory *MemoryError
	_, err = s.Materialize(context.Background(), "etl_x", "one", "SELECT list(hash(i)::VARCHAR || repeat('x', 100)) AS l FROM range(3000000) r(i)")
	if !errors.As(err, &memory) {
		t.Fatalf("want a memory error, got %v", err)
	}
}

func TestCancelInterrupts(t *testing.T) {
	s := openSession(t)
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err := s.Materialize(ctx, "etl_x", "t", "SELECT sum(a.i * b.i) AS s FROM range(1000000) a(i), range(1000000) b(i)")
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	equal(t, "after a cancelled query", texts(t, s, "SELECT 1"), "1")
}

func TestFullDisk(t *testing.T) {
	s := openSession(t)
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Fatalf("this test needs /dev/full: %v", err)
	}
	_, err := s.conn.ExecContext(context.Background(), "COPY (SELECT i FROM range(100000) r(i)) TO '/dev/full' (FORMAT parquet, USE_TMP_FILE false)")
	var full *DiskFullError
	if err = classify(err, nil); !errors.As(err, &full) {
		t.Fatalf("want a full disk, got %v", err)
	}
}

func TestSessionsWorkAtOnce(t *testing.T) {
	e := openEngine(t, Options{})
	cols := coltype.Schema{field(1, "id", coltype.Long), field(2, "k", coltype.Long)}
	root := t.TempDir()
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i := range 5 {
				workOnce(t, e, filepath.Join(root, fmt.Sprint(worker, i)), int64(10*worker+i), cols)
			}
		})
	}
	all.Wait()
}

func workOnce(t *testing.T, e *Engine, dir string, k int64, cols coltype.Schema) {
	ctx := context.Background()
	s, err := e.Session(ctx)
	if err != nil {
		t.Error(err)
		return
	}
	staged, err := s.Write(ctx, Write{
		Query: fmt.Sprintf("SELECT i AS id, %d AS k FROM range(500) r(i)", k), Columns: cols, Dir: dir,
		Partition: []state.PartitionField{{Column: "id", Transform: "bucket[4]"}},
	})
	if err == nil {
		err = s.Bind(ctx, ident("silver.t"), cols, dataFiles(staged, cols))
	}
	n := int64(0)
	if err == nil {
		n, err = s.Count(ctx, fmt.Sprintf("FROM silver.t WHERE k = %d", k))
	}
	if err = firstError(err, s.Close()); err != nil || n != 500 {
		t.Errorf("%d rows, %v", n, err)
	}
}
