package state

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

func TestCommitCreatesInOneStep(t *testing.T) {
	l := openIn(t, t.TempDir())
	columns := assigned(t, nil, plainColumns())
	c := change(nil, columns, Replace, stage(t, l, nil, columns, 1, 2, 3))
	c.Summary.Cursor = map[string][]byte{"p0": {0, 1, 255}}
	c.Summary.Inputs = []Input{{Address: "table.bronze.orders", Ident: orders, UUID: "u", Snapshot: 7}}
	c.Summary.Checks = []CheckResult{{Name: "valid", Action: "warn", Failed: 2}}
	made := commit(t, l, c)
	read, err := l.Table(t.Context(), orders)
	must(t, err)
	if read.Main == 0 || read.Main != made.Main || read.StateAt != read.Main || read.Snapshots != 1 || read.Rows != 3 {
		t.Fatalf("recorded %+v", read)
	}
	if read.Address != "table.silver.orders" || read.Project != "shop" || string(read.Definition) != `{"a":1}` || read.MetaHash != "m1" {
		t.Fatalf("recorded %+v", read)
	}
	s := read.Summary
	if s.CommitID != c.Summary.CommitID || string(s.Cursor["p0"]) != "\x00\x01\xff" || s.Inputs[0] != c.Summary.Inputs[0] ||
		s.Checks[0] != c.Summary.Checks[0] || s.DataHash != "d1" {
		t.Fatalf("recorded summary %+v", s)
	}
	sameIDs(t, idsIn(t, l, read, read.Main), 1, 2, 3)
	metadata, err := filepath.Glob(filepath.Join(l.options.Warehouse, "silver", "orders", "metadata", "*.metadata.json"))
	must(t, err)
	if len(metadata) != 1 {
		t.Fatalf("a create made %d metadata files, want the one of its only swap", len(metadata))
	}
}

func TestOperations(t *testing.T) {
	l := openIn(t, t.TempDir())
	columns := assigned(t, nil, plainColumns())
	one := commit(t, l, change(nil, columns, Append, stage(t, l, nil, columns, 1, 2)))
	two := commit(t, l, change(one, columns, Append, stage(t, l, one, columns, 3)))
	sameIDs(t, idsIn(t, l, two, two.Main), 1, 2, 3)
	files, err := l.Files(t.Context(), two, two.Main)
	must(t, err)
	swap := change(two, columns, Swap, stage(t, l, two, columns, 30))
	for _, f := range files {
		if f.Rows == 1 {
			swap.Remove = append(swap.Remove, f)
		}
	}
	three := commit(t, l, swap)
	sameIDs(t, idsIn(t, l, three, three.Main), 1, 2, 30)
	four := commit(t, l, change(three, columns, Empty))
	sameIDs(t, idsIn(t, l, four, four.Main), 1, 2, 30)
	five := commit(t, l, change(four, columns, Replace, stage(t, l, four, columns, 9)))
	sameIDs(t, idsIn(t, l, five, five.Main), 9)
	six := commit(t, l, change(five, columns, Replace))
	if six.Rows != 0 || six.Files != 0 {
		t.Fatalf("an emptied table has %d rows in %d files", six.Rows, six.Files)
	}
	sameIDs(t, idsIn(t, l, six, two.Main), 1, 2, 3)
	history, err := l.History(t.Context(), orders)
	must(t, err)
	var operations []string
	for _, s := range history {
		operations = append(operations, s.Operation)
	}
	if got := strings.Join(operations, ","); got != "delete,overwrite,replace,overwrite,append,append" {
		t.Fatalf("history is %s", got)
	}
	// A swap whose file is gone already is refused.
	again := change(six, columns, Swap, stage(t, l, six, columns, 1))
	again.Remove = swap.Remove
	if _, err := l.Commit(t.Context(), again); err == nil || !strings.Contains(err.Error(), "not in the snapshot") {
		t.Fatalf("a stale swap said %v", err)
	}
}

func TestConflictIsNeverRetriedWithUnauditedFiles(t *testing.T) {
	l := openIn(t, t.TempDir())
	columns := assigned(t, nil, plainColumns())
	base := commit(t, l, change(nil, columns, Append, stage(t, l, nil, columns, 1)))
	moved := commit(t, l, change(base, columns, Append, stage(t, l, base, columns, 2)))
	_, err := l.Commit(t.Context(), change(base, columns, Append, stage(t, l, base, columns, 3)))
	var conflict *ConflictError
	if !errors.As(err, &conflict) || conflict.Expected != base.Main || conflict.Found != moved.Main || conflict.By != "run run-1" {
		t.Fatalf("a stale commit said %v", err)
	}
	// The same for metadata alone, which in Iceberg itself is no lock.
	_, err = l.Commit(t.Context(), change(base, columns, Empty))
	if !errors.As(err, &conflict) {
		t.Fatalf("a stale metadata commit said %v", err)
	}
	// And for a second creation.
	_, err = l.Commit(t.Context(), change(nil, columns, Append, stage(t, l, nil, columns, 3)))
	if !errors.As(err, &conflict) {
		t.Fatalf("a second creation said %v", err)
	}
	now, err := l.Table(t.Context(), orders)
	must(t, err)
	sameIDs(t, idsIn(t, l, now, now.Main), 1, 2)
}

func TestCommitLandsOnce(t *testing.T) {
	l := openIn(t, t.TempDir())
	columns := assigned(t, nil, plainColumns())
	first := change(nil, columns, Append, stage(t, l, nil, columns, 1))
	base := commit(t, l, first)
	second := change(base, columns, Append, stage(t, l, base, columns, 2))
	commit(t, l, second)
	for _, again := range []Change{first, second} {
		if got := commit(t, l, again); got.Snapshots != 2 {
			t.Fatalf("a commit with a known id landed again: %d snapshots", got.Snapshots)
		}
	}
}

func TestCancelledCommitLeavesNothing(t *testing.T) {
	l := openIn(t, t.TempDir())
	columns := assigned(t, nil, plainColumns())
	file := stage(t, l, nil, columns, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Commit(ctx, change(nil, columns, Append, file)); !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled commit said %v", err)
	}
	if _, err := l.Table(t.Context(), orders); !errors.Is(err, ErrNotFound) {
		t.Fatalf("a cancelled creation left %v", err)
	}
}

func TestLargeStateSpills(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	columns := assigned(t, nil, plainColumns())
	c := change(nil, columns, Append, stage(t, l, nil, columns, 1))
	c.Summary.Cursor = map[string][]byte{"": []byte(strings.Repeat("x", 200_000))}
	c.Summary.Position = strings.Repeat("p", 7000)
	c.Definition = []byte(`"` + strings.Repeat("d", 20_000) + `"`)
	made := commit(t, l, c)
	read, err := openIn(t, dir).Table(t.Context(), orders)
	must(t, err)
	if string(read.Summary.Cursor[""]) != string(c.Summary.Cursor[""]) || string(read.Definition) != string(c.Definition) ||
		read.Summary.Position != c.Summary.Position {
		t.Fatal("what was recorded in files isn't what was given")
	}
	info, err := os.Stat(mustPath(made.MetadataLocation))
	must(t, err)
	if info.Size() > 20_000 {
		t.Fatalf("the metadata file has %d bytes", info.Size())
	}
	// A later, smaller definition is back among the properties.
	c2 := change(made, columns, Empty)
	if got := commit(t, l, c2); string(got.Definition) != `{"a":1}` {
		t.Fatalf("the definition is %s", got.Definition)
	}
}

func TestSchemaEvolution(t *testing.T) {
	l := openIn(t, t.TempDir())
	columns := assigned(t, nil, coltype.Schema{column("id", coltype.Long), column("name", coltype.String), column("n", coltype.Int),
		column("gone", coltype.String), column("changes", coltype.String)})
	base := commit(t, l, change(nil, columns, Append, stage(t, l, nil, columns, 1)))
	want := coltype.Schema{column("n", coltype.Long), column("id", coltype.Long), column("name", coltype.String),
		column("changes", coltype.Long), column("more", coltype.Double)}
	want[2].Doc = "who"
	next := assigned(t, base, want)
	if next[0].ID != columns[2].ID || next[1].ID != columns[0].ID || next[3].ID <= columns[4].ID || next[4].ID == next[3].ID {
		t.Fatalf("ids are %+v", next)
	}
	c := change(base, next, Empty)
	c.Partition = []PartitionField{{"id", "bucket[4]"}}
	c.Sort = []SortField{{Column: "id", Desc: true}}
	evolved := commit(t, l, c)
	if !evolved.Columns.Equal(want) || evolved.Columns[2].Doc != "who" || evolved.Partition[0] != c.Partition[0] || evolved.Sort[0] != c.Sort[0] {
		t.Fatalf("evolved to %+v", evolved)
	}
	sameIDs(t, idsIn(t, l, evolved, evolved.Main), 1)
	// Renamed by id, and the partition given up.
	renamed := append(coltype.Schema{}, evolved.Columns...)
	renamed[2].Name = "customer"
	c = change(evolved, renamed, Empty)
	c.Partition, c.Sort = nil, nil
	last := commit(t, l, c)
	if last.Columns[2].Name != "customer" || last.Columns[2].ID != columns[1].ID || last.Partition != nil || last.Sort != nil {
		t.Fatalf("renamed to %+v", last)
	}
	at, err := l.SchemaAt(t.Context(), last, base.Main)
	must(t, err)
	if !at.Equal(columns) {
		t.Fatalf("the schema at the first snapshot is %v", at)
	}
	// What files can't be read as is refused, and so is a required column that old rows don't have.
	narrow := append(coltype.Schema{}, last.Columns...)
	narrow[0].Type.Kind = coltype.Int
	if _, err := l.Commit(t.Context(), change(last, narrow, Empty)); err == nil || !strings.Contains(err.Error(), "can't become int") {
		t.Fatalf("narrowing said %v", err)
	}
	required := append(coltype.Schema{}, last.Columns...)
	required[4].Required = true
	if _, err := l.Commit(t.Context(), change(last, required, Empty)); err == nil || !strings.Contains(err.Error(), "can't be required") {
		t.Fatalf("requiring said %v", err)
	}
}

func TestStagedFilesAreChecked(t *testing.T) {
	l := openIn(t, t.TempDir())
	columns := assigned(t, nil, plainColumns())
	file := stage(t, l, nil, columns, 1)
	short := file
	short.Rows = 2
	swapped := coltype.Schema{columns[1], columns[0]}
	swapped[0].ID, swapped[1].ID = 1, 2
	extra := append(coltype.Schema{}, columns[0])
	for name, c := range map[string]Change{
		"number of rows is 1 instead of": change(nil, columns, Append, short),
		"has the field id 1, in the tab": change(nil, swapped, Append, file),
		"that the table doesn't":         change(nil, extra, Append, file),
		"no such file":                   change(nil, columns, Append, StagedFile{Path: file.Path + "x", Rows: 1}),
	} {
		if _, err := l.Commit(t.Context(), c); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want %q, got %v", name, err)
		}
	}
	left, err := filepath.Glob(filepath.Join(l.options.Warehouse, "silver", "orders", "metadata", "*.avro"))
	must(t, err)
	if len(left) > 0 {
		t.Fatalf("refused commits left %v", left)
	}
}
