package state

import (
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/uuid"
)

// stageDeletes writes a file of positions of a data file.
func stageDeletes(t testing.TB, l *Lakehouse, base *Table, of DataFile, positions ...int64) StagedDeletes {
	t.Helper()
	folder, err := l.StagePath(t.Context(), base.Ident, base, "run-1")
	must(t, err)
	schema := arrow.NewSchema([]arrow.Field{
		idField("file_path", arrow.BinaryTypes.String, filePathField), idField("pos", arrow.PrimitiveTypes.Int64, filePathField-1),
	}, nil)
	builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer builder.Release()
	for _, position := range positions {
		builder.Field(0).(*array.StringBuilder).Append(of.Location)
		builder.Field(1).(*array.Int64Builder).Append(position)
	}
	batch := builder.NewRecordBatch()
	defer batch.Release()
	path := filepath.Join(folder, uuid.NewString()+".parquet")
	writeBatch(t, path, batch)
	return StagedDeletes{Of: of, Path: path, Rows: int64(len(positions))}
}

func TestRowsAreDeletedByPosition(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	columns := assigned(t, nil, plainColumns())
	see := func(table *Table, want ...int64) {
		t.Helper()
		var seen rowsSeen
		python(t, dir, seeOrders, &seen)
		sameIDs(t, ids(seen.Py, 0), want...)
		sameIDs(t, ids(seen.Duck, 0), want...)
		if table.Rows != int64(len(want)) {
			t.Fatalf("%d rows are counted, there are %d", table.Rows, len(want))
		}
	}
	files := func(table *Table) []DataFile {
		t.Helper()
		all, err := l.Files(t.Context(), table, table.Main)
		must(t, err)
		return all
	}
	one := commit(t, l, change(nil, columns, Append, stage(t, l, nil, columns, 1, 2, 3), stage(t, l, nil, columns, 4, 5)))
	swap := change(one, columns, Swap, stage(t, l, one, columns, 20))
	swap.Delete = []StagedDeletes{stageDeletes(t, l, one, files(one)[0], 1)}
	two := commit(t, l, swap)
	see(two, 1, 3, 4, 5, 20)
	// The next deletes of a file stand for those before.
	again := change(two, columns, Swap)
	for _, f := range files(two) {
		if f.Location == swap.Delete[0].Of.Location {
			if len(f.Deletes) != 1 {
				t.Fatalf("the file has the deletes %v", f.Deletes)
			}
			again.Delete = append(again.Delete, stageDeletes(t, l, two, f, 0, 1))
		}
	}
	three := commit(t, l, again)
	see(three, 3, 4, 5, 20)
	for _, f := range files(three) {
		if f.Location == swap.Delete[0].Of.Location && (len(f.Deletes) != 1 || len(positionsFor(t, f.Deletes[0])) != 2) {
			t.Fatalf("the file has the deletes %v", f.Deletes)
		}
	}
	// They go with their file.
	gone := change(three, columns, Swap)
	for _, f := range files(three) {
		if len(f.Deletes) > 0 {
			gone.Remove = append(gone.Remove, f)
		}
	}
	four := commit(t, l, gone)
	see(four, 4, 5, 20)
	history, err := l.History(t.Context(), orders)
	must(t, err)
	for i, want := range []string{"delete", "delete", "overwrite", "append"} {
		if history[i].Operation != want {
			t.Errorf("snapshot %d is called %s instead of %s", i, history[i].Operation, want)
		}
	}
	lost := change(four, columns, Swap)
	lost.Delete = []StagedDeletes{stageDeletes(t, l, four, files(one)[0], 1)}
	if _, err := l.Commit(t.Context(), lost); err == nil {
		t.Error("rows were deleted from a file that is gone")
	}
}

// TestDeletesOfPartitions deletes from files of every kind of partition.
func TestDeletesOfPartitions(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	columns := assigned(t, nil, partitionedColumns())
	fields := []PartitionField{{"id", "bucket[4]"}, {"name", "truncate[2]"}, {"day", "identity"}, {"at", "month"}}
	rows := []partitionedRow{
		{1, "ab", 20000, 1_700_000_000_000_000, []any{int64(3), "ab", int64(20000), int64(646)}},
		{2, nil, nil, nil, []any{int64(1), nil, nil, nil}},
	}
	first := change(nil, columns, Append)
	first.Partition = fields
	for _, row := range rows {
		first.Add = append(first.Add, stagePartition(t, l, nil, columns, row))
	}
	one := commit(t, l, first)
	all, err := l.Files(t.Context(), one, one.Main)
	must(t, err)
	swap := change(one, columns, Swap)
	swap.Partition = fields
	for _, f := range all {
		swap.Delete = append(swap.Delete, stageDeletes(t, l, one, f, 0))
	}
	two := commit(t, l, swap)
	kept, err := l.Files(t.Context(), two, two.Main)
	must(t, err)
	for _, f := range kept {
		if len(f.Deletes) != 1 {
			t.Errorf("%s has the deletes %v", f.Path, f.Deletes)
		}
	}
	var seen rowsSeen
	python(t, dir, seeOrders, &seen)
	if len(seen.Py)+len(seen.Duck) != 0 {
		t.Errorf("after all rows were deleted others see %v", seen)
	}
}
