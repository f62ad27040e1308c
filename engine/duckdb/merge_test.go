package duckdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/state"
)

// mergeRow is a row of the tables that merges are tested on. Keys may be null.
type mergeRow struct {
	a *int64
	b *string
	v int64
}

func (r mergeRow) key() string {
	a, b := "null", "null"
	if r.a != nil {
		a = fmt.Sprint(*r.a)
	}
	if r.b != nil {
		b = dialect.Text(*r.b)
	}
	return a + "|" + b
}

func (r mergeRow) sql() string {
	a, b, _ := strings.Cut(r.key(), "|")
	return fmt.Sprintf("(%s::BIGINT, %s::VARCHAR, %d::BIGINT)", a, b, r.v)
}

func rowsSQL(rows []mergeRow) string {
	if len(rows) == 0 {
		return "SELECT NULL::BIGINT AS a, NULL::VARCHAR AS b, NULL::BIGINT AS v WHERE false"
	}
	parts := make([]string, len(rows))
	for i, r := range rows {
		parts[i] = r.sql()
	}
	return "SELECT * FROM (VALUES " + strings.Join(parts, ", ") + ") q(a, b, v)"
}

func mergeColumns() coltype.Schema {
	return coltype.Schema{field(1, "a", coltype.Long), field(2, "b", coltype.String), field(3, "v", coltype.Long)}
}

func drawRow(t *rapid.T) mergeRow {
	r := mergeRow{v: rapid.Int64Range(0, 1000).Draw(t, "v")}
	if rapid.IntRange(0, 4).Draw(t, "null a") > 0 {
		a := rapid.Int64Range(-3, 12).Draw(t, "a")
		r.a = &a
	}
	if rapid.IntRange(0, 3).Draw(t, "null b") > 0 {
		b := rapid.SampledFrom([]string{"", "x", "y", "null"}).Draw(t, "b")
		r.b = &b
	}
	return r
}

// table is a table under test: its files, and the rows that it must have.
type table struct {
	files []state.DataFile
	rows  map[string][]mergeRow // by path
}

func (tb *table) all() []mergeRow {
	var all []mergeRow
	for _, f := range tb.files {
		all = append(all, tb.rows[f.Path]...)
	}
	return all
}

// take adds staged files, reading their rows back and giving them the bounds that a commit would.
func (tb *table) take(t *rapid.T, s *Session, staged []state.StagedFile) {
	for _, f := range staged {
		file := state.DataFile{Path: f.Path, Location: "file://" + f.Path, Rows: f.Rows, Bytes: 100, Lower: map[int]any{}, Upper: map[int]any{}, Nulls: map[int]int64{}}
		got, err := s.Rows(context.Background(), "SELECT a, b, v FROM read_parquet("+paths([]string{f.Path})+") ORDER BY file_row_number", 1000)
		if err != nil {
			t.Fatal(err)
		}
		tb.rows[f.Path] = rowsOf(got.Values)
		for _, v := range got.Values {
			for i, value := range v {
				note(&file, i+1, value)
			}
		}
		tb.files = append(tb.files, file)
	}
}

func rowsOf(values [][]any) []mergeRow {
	var rows []mergeRow
	for _, v := range values {
		r := mergeRow{v: v[2].(int64)}
		if a, ok := v[0].(int64); ok {
			r.a = &a
		}
		if b, ok := v[1].(string); ok {
			r.b = &b
		}
		rows = append(rows, r)
	}
	return rows
}

func note(f *state.DataFile, id int, value any) {
	if value == nil {
		f.Nulls[id]++
		return
	}
	if lower, ok := f.Lower[id]; !ok || less(value, lower) {
		f.Lower[id] = value
	}
	if upper, ok := f.Upper[id]; !ok || less(upper, value) {
		f.Upper[id] = value
	}
	f.Nulls[id] += 0
}

// forget takes out the rows that are deleted by position.
func (tb *table) forget(deletes []state.StagedDeletes, gone func(mergeRow) bool) {
	tb.files = After(tb.files, nil, deletes)
	for _, d := range deletes {
		tb.rows[d.Of.Path] = slices.DeleteFunc(tb.rows[d.Of.Path], gone)
	}
}

func (tb *table) apply(t *rapid.T, s *Session, m *Merged) {
	for _, gone := range m.Remove {
		tb.files = slices.DeleteFunc(tb.files, func(f state.DataFile) bool { return f.Path == gone.Path })
	}
	tb.take(t, s, m.Add)
}

func multiset(rows []mergeRow) string {
	lines := make([]string, len(rows))
	for i, r := range rows {
		lines[i] = r.sql()
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

func TestMergeIsTheNaiveOne(t *testing.T) {
	e := openEngine(t, Options{})
	s := newSession(t, e)
	root, serial := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		serial++
		dir := filepath.Join(root, fmt.Sprint(serial))
		defer func() { _ = os.RemoveAll(dir) }()
		m := Merge{Write: Write{Columns: mergeColumns(), Dir: dir}, Keys: rapid.SampledFrom([][]string{{"a"}, {"b", "a"}, {"a", "b"}}).Draw(t, "keys")}
		m.Partition = rapid.SampledFrom([][]state.PartitionField{nil, nil, {{Column: "b", Transform: "identity"}}, {{Column: "a", Transform: "bucket[3]"}}}).Draw(t, "partition")
		tb := &table{rows: map[string][]mergeRow{}}
		for range rapid.IntRange(0, 4).Draw(t, "files") {
			w := m.Write
			w.Query = rowsSQL(rapid.SliceOfN(rapid.Custom(drawRow), 0, 6).Draw(t, "old"))
			staged, err := s.Write(context.Background(), w)
			if err != nil {
				t.Fatal(err)
			}
			tb.take(t, s, staged)
		}
		m.Deletable = rapid.SampledFrom([]float64{0, 0.3, 1}).Draw(t, "deletable")
		if m.Deletable == 0 || rapid.Bool().Draw(t, "vectors") {
			deleteSome(t, tb)
		}
		if rapid.Bool().Draw(t, "compacts") {
			m.SmallBytes, m.SmallFiles = 1000, 3
		}
		versions := []version{tb.version()}
		for range rapid.IntRange(1, 3).Draw(t, "merges") {
			step(t, s, m, tb)
			versions = append(versions, tb.version())
		}
		of := rapid.SampledFrom(versions)
		compareVersions(t, s, of.Draw(t, "before"), of.Draw(t, "after"))
	})
}

// deleteSome deletes rows by position.
func deleteSome(t *rapid.T, tb *table) {
	for i, f := range tb.files {
		var positions []int64
		var kept []mergeRow
		for j, r := range tb.rows[f.Path] {
			if rapid.IntRange(0, 5).Draw(t, "deleted") == 0 {
				positions = append(positions, int64(j))
				continue
			}
			kept = append(kept, r)
		}
		if len(positions) > 0 {
			tb.files[i].Deletes = []state.DeleteFile{{Positions: positions}}
			tb.rows[f.Path] = kept
		}
	}
}

// step is one merge or replacement, compared with the oracle.
func step(t *rapid.T, s *Session, m Merge, tb *table) {
	fresh := rapid.SliceOfN(rapid.Custom(drawRow), 0, 5).Draw(t, "new")
	project := func(r mergeRow) string {
		if len(m.Keys) == 1 {
			r.b = nil
		}
		return r.key()
	}
	keys, duplicate := map[string]bool{}, false
	for _, r := range fresh {
		duplicate = duplicate || keys[project(r)]
		keys[project(r)] = true
	}
	m.Query, m.Old = rowsSQL(fresh), tb.files
	var merged *Merged
	var err error
	if rapid.Bool().Draw(t, "replace") {
		touched := rapid.SliceOfN(rapid.Custom(drawRow), 0, 5).Draw(t, "touched")
		keys = map[string]bool{}
		for _, r := range touched {
			keys[project(r)] = true
		}
		merged, err = s.ReplaceKeys(context.Background(), m, "SELECT "+dialect.Idents(m.Keys)+" FROM ("+rowsSQL(touched)+")")
	} else {
		merged, err = s.Merge(context.Background(), m)
		var duplicates *DuplicateKeyError
		if duplicate {
			if !errors.As(err, &duplicates) || len(duplicates.Samples) == 0 {
				t.Fatalf("a key twice: %v", err)
			}
			return
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	check(t, s, m, tb, merged, fresh, func(r mergeRow) bool { return keys[project(r)] })
}

func check(t *rapid.T, s *Session, m Merge, tb *table, merged *Merged, fresh []mergeRow, gone func(mergeRow) bool) {
	want := slices.Clone(fresh)
	var removed []string
	replaced := int64(0)
	for _, f := range tb.files {
		touched := false
		for _, r := range tb.rows[f.Path] {
			if gone(r) {
				touched = true
				replaced++
				continue
			}
			want = append(want, r)
		}
		if touched {
			removed = append(removed, f.Path)
		}
	}
	var got []string
	for _, f := range merged.Remove {
		got = append(got, f.Path)
	}
	for _, d := range merged.Delete {
		got = append(got, d.Of.Path)
	}
	if m.Deletable > 0 || m.SmallFiles > 0 { // those that are written anew come first, and more may be
		got = slices.DeleteFunc(got, func(path string) bool { return !slices.Contains(removed, path) })
		slices.Sort(got)
		slices.Sort(removed)
	}
	if !slices.Equal(got, removed) || merged.Replaced != replaced || merged.New != int64(len(fresh)) {
		t.Fatalf("removed %v, %d replaced, %d new; want %v, %d, %d", got, merged.Replaced, merged.New, removed, replaced, len(fresh))
	}
	tb.forget(merged.Delete, gone)
	tb.apply(t, s, merged)
	if multiset(tb.all()) != multiset(want) {
		t.Fatalf("the table has\n%s\nwant\n%s", multiset(tb.all()), multiset(want))
	}
	if err := s.Bind(context.Background(), ident("silver.t"), mergeColumns(), tb.files); err != nil {
		t.Fatal(err)
	}
	n, err := s.Count(context.Background(), "FROM silver.t")
	if err != nil || n != int64(len(want)) {
		t.Fatalf("%d rows are seen, %v; want %d", n, err, len(want))
	}
}

func TestMergeReadsOnlyWhatItMust(t *testing.T) {
	s, dir := openSession(t), t.TempDir()
	cols := mergeColumns()
	near := write(t, s, dir, "SELECT i AS a, 'x' AS b, 0 AS v FROM range(10) r(i)", cols)[0]
	near.Lower, near.Upper, near.Nulls = map[int]any{1: int64(0)}, map[int]any{1: int64(9)}, map[int]int64{1: 0}
	// If it were read, the merge would fail.
	far := state.DataFile{Path: "/nowhere/far.parquet", Lower: map[int]any{1: int64(100)}, Upper: map[int]any{1: int64(200)}, Nulls: map[int]int64{1: 0}}
	m := Merge{Write: Write{Query: "SELECT 3 AS a, 'y' AS b, 1 AS v UNION ALL SELECT 50, 'y', 1", Columns: cols, Dir: dir}, Keys: []string{"a"}, Old: []state.DataFile{far, near}}
	merged, err := s.Merge(context.Background(), m)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "merged", fmt.Sprintf("%d removed, %d replaced, %d new, %d kept, %d files", len(merged.Remove), merged.Replaced, merged.New, merged.Kept, len(merged.Add)), "1 removed, 1 replaced, 2 new, 9 kept, 1 files")
	m.Query = "SELECT NULL AS a, 'y' AS b, 1 AS v"
	merged, err = s.Merge(context.Background(), m)
	if err != nil || len(merged.Remove) != 0 || len(merged.Add) != 1 {
		t.Fatalf("%v, %v", merged, err)
	}
	far.Nulls = nil
	m.Old = []state.DataFile{far, near}
	if _, err = s.Merge(context.Background(), m); err == nil {
		t.Fatal("a file that may hold nulls was not looked at")
	}
}

func TestMergeNamesDuplicates(t *testing.T) {
	s := openSession(t)
	cols := coltype.Schema{field(1, "id", coltype.Long), column(2, "amount", coltype.Type{Kind: coltype.Decimal, Precision: 5, Scale: 2}), field(3, "day", coltype.Date)}
	_, err := s.Merge(context.Background(), Merge{
		Write: Write{Query: "SELECT 1 AS id, 1.5 AS amount, DATE '2020-02-29' AS day FROM range(2) UNION ALL SELECT 2, 0, NULL FROM range(3)", Columns: cols, Dir: t.TempDir()},
		Keys:  []string{"amount", "day"},
	})
	var duplicates *DuplicateKeyError
	if !errors.As(err, &duplicates) {
		t.Fatal(err)
	}
	equal(t, "samples", strings.Join(duplicates.Samples, "; "), "0.00, null; 1.50, 2020-02-29")
}

func TestMergeEvolvesAndKeepsTypes(t *testing.T) {
	s, dir := openSession(t), t.TempDir()
	old := coltype.Schema{field(1, "id", coltype.Int), field(2, "name", coltype.String)}
	files := write(t, s, dir, "SELECT 1 AS id, 'one' AS name UNION ALL SELECT 2, 'two'", old)
	now := coltype.Schema{field(1, "id", coltype.Long), field(3, "extra", coltype.Date), field(2, "title", coltype.String)}
	merged, err := s.Merge(context.Background(), Merge{
		Write: Write{Query: "SELECT 2 AS id, 'zwei' AS title, DATE '2020-01-01' AS extra", Columns: now, Dir: dir}, Keys: []string{"id"}, Old: files,
	})
	if err != nil {
		t.Fatal(err)
	}
	bind(t, s, "silver.t", now, dataFiles(merged.Add, now))
	equal(t, "rows", texts(t, s, "SELECT COLUMNS(*)::VARCHAR FROM silver.t ORDER BY id"), "1|<nil>|one\n2|2020-01-01|zwei")
}
