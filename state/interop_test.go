package state

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/uuid"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// rowsSeen is what another engine sees.
type rowsSeen struct {
	Py   [][]any
	Duck [][]any
}

const seeOrders = `
t = catalog.load_table("silver.orders")
rows = sorted([list(r.values()) for r in t.scan().to_arrow().to_pylist()], key=str)
out({"Py": rows, "Duck": sorted([list(r.values()) for r in duck(t)], key=str)})
`

func ids(rows [][]any, at int) []int64 {
	var ids []int64
	for _, row := range rows {
		ids = append(ids, int64(row[at].(float64)))
	}
	return sorted(ids)
}

func TestOtherEnginesReadEveryOperation(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	see := func(want ...int64) {
		t.Helper()
		var seen rowsSeen
		python(t, dir, seeOrders, &seen)
		sameIDs(t, ids(seen.Py, 0), want...)
		sameIDs(t, ids(seen.Duck, 0), want...)
	}
	columns := assigned(t, nil, plainColumns())
	one := commit(t, l, change(nil, columns, Append, stage(t, l, nil, columns, 1, 2)))
	two := commit(t, l, change(one, columns, Append, stage(t, l, one, columns, 3)))
	see(1, 2, 3)
	files, err := l.Files(t.Context(), two, two.Main)
	must(t, err)
	swap := change(two, columns, Swap, stage(t, l, two, columns, 30))
	swap.Remove = files[:1]
	three := commit(t, l, swap)
	see(1, 2, 30)
	four := commit(t, l, change(three, columns, Empty))
	see(1, 2, 30)
	five := commit(t, l, change(four, columns, Replace, stage(t, l, four, columns, 9)))
	see(9)
	wider := assigned(t, five, append(coltype.Schema{column("extra", coltype.Timestamptz)}, plainColumns()...))
	six := commit(t, l, change(five, wider, Empty))
	var seen rowsSeen
	python(t, dir, seeOrders, &seen)
	if len(seen.Py) != 1 || seen.Py[0][0] != nil || seen.Py[0][1] != 9.0 || len(seen.Duck) != 1 || seen.Duck[0][1] != 9.0 {
		t.Fatalf("after a column was added others see %v", seen)
	}
	commit(t, l, change(six, wider, Replace))
	python(t, dir, seeOrders, &seen)
	if len(seen.Py)+len(seen.Duck) != 0 {
		t.Fatalf("after all rows were removed others see %v", seen)
	}
}

// partitioned are columns with a partition each of another kind.
func partitionedColumns() coltype.Schema {
	return coltype.Schema{column("id", coltype.Long), column("name", coltype.String), column("day", coltype.Date), column("at", coltype.Timestamptz)}
}

type partitionedRow struct {
	id        any
	name      any
	day       any // days
	at        any // microseconds
	partition []any
}

// stagePartition writes one row in a file of its own, as its partition's.
func stagePartition(t testing.TB, l *Lakehouse, base *Table, columns coltype.Schema, row partitionedRow) StagedFile {
	t.Helper()
	folder, err := l.StagePath(context.Background(), orders, base, "run-1")
	must(t, err)
	types := []arrow.DataType{arrow.PrimitiveTypes.Int64, arrow.BinaryTypes.String, arrow.FixedWidthTypes.Date32,
		&arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}}
	var fields []arrow.Field
	for i, c := range columns {
		fields = append(fields, idField(c.Name, types[i], c.ID))
	}
	builder := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer builder.Release()
	for i, value := range []any{row.id, row.name, row.day, row.at} {
		switch b := builder.Field(i).(type) {
		case *array.Int64Builder:
			appendTo(b, value, func() { b.Append(int64(value.(int))) })
		case *array.StringBuilder:
			appendTo(b, value, func() { b.Append(value.(string)) })
		case *array.Date32Builder:
			appendTo(b, value, func() { b.Append(arrow.Date32(value.(int))) })
		case *array.TimestampBuilder:
			appendTo(b, value, func() { b.Append(arrow.Timestamp(value.(int))) })
		}
	}
	batch := builder.NewRecordBatch()
	defer batch.Release()
	path := filepath.Join(folder, uuid.NewString()+".parquet")
	writeBatch(t, path, batch)
	return StagedFile{Path: path, Rows: 1, Partition: row.partition}
}

func appendTo(b array.Builder, value any, set func()) {
	if value == nil {
		b.AppendNull()
		return
	}
	set()
}

func TestPartitions(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	columns := assigned(t, nil, partitionedColumns())
	rows := []partitionedRow{
		{1, "amsterdam", 19000, 19000 * 86400_000000, []any{int64(3), "ams", 19000, int64(624)}},
		{2, "berlin", 19001, 20000 * 86400_000000, []any{int32(0), "ber", int64(19001), 657}},
		{nil, nil, nil, nil, []any{nil, nil, nil, nil}},
	}
	c := change(nil, columns, Append)
	c.Partition = []PartitionField{{"id", "bucket[16]"}, {"name", "truncate[3]"}, {"day", "day"}, {"at", "month"}}
	for _, row := range rows {
		c.Add = append(c.Add, stagePartition(t, l, nil, columns, row))
	}
	made := commit(t, l, c)
	files, err := l.Files(t.Context(), made, made.Main)
	must(t, err)
	if len(files) != 3 {
		t.Fatalf("%d files", len(files))
	}
	for _, f := range files {
		for key, value := range f.Partition {
			if (f.Lower[1] == nil) != (value == nil) {
				t.Errorf("a file with the lower bounds %v has the partition %s = %v", f.Lower, key, value)
			}
		}
	}
	// Other engines see the rows, and prune by the partition without losing any.
	var seen struct {
		All, Month, Bucket, Nulls int
		Duck                      int
	}
	python(t, dir, `
t = catalog.load_table("silver.orders")
n = lambda f: len(t.scan(row_filter=f).to_arrow())
out({"All": len(t.scan().to_arrow()), "Month": n("at >= '2024-10-01T00:00:00+00:00'"), "Bucket": n("id = 1"),
     "Nulls": n("name is null"), "Duck": len(duck(t))})
`, &seen)
	if seen.All != 3 || seen.Month != 1 || seen.Nulls != 1 || seen.Duck != 3 {
		t.Fatalf("others see %+v", seen)
	}
	// The layout changes and comes back: old files keep theirs.
	c2 := change(made, columns, Append, stagePartition(t, l, made, columns, partitionedRow{4, "x", 1, 1, []any{int64(1)}}))
	c2.Partition = []PartitionField{{"day", "day"}}
	two := commit(t, l, c2)
	c3 := change(two, columns, Append, stagePartition(t, l, two, columns, partitionedRow{5, "delft", 1, 1, []any{2, "del", 1, 0}}))
	c3.Partition = c.Partition
	three := commit(t, l, c3)
	python(t, dir, seeOrders, nil)
	files, err = l.Files(t.Context(), three, three.Main)
	must(t, err)
	if len(files) != 5 || three.Rows != 5 {
		t.Fatalf("%d files, %d rows", len(files), three.Rows)
	}
	if wrong := change(three, columns, Append, stagePartition(t, l, three, columns, partitionedRow{5, "delft", 1, 1, []any{2, 7, 1, 0}})); true {
		if _, err := l.Commit(t.Context(), wrong); err == nil {
			t.Fatal("a partition value of the wrong type was taken")
		}
	}
	// Giving up partitioned columns keeps the old files readable.
	fewer := change(three, columns[:2], Empty)
	fewer.Partition = nil
	four := commit(t, l, fewer)
	var left rowsSeen
	python(t, dir, seeOrders, &left)
	if len(left.Py) != 5 || len(left.Duck) != 5 {
		t.Fatalf("after the partitioned columns went, others see %v", left)
	}
	again := commit(t, l, change(four, columns[:2], Replace))
	if again.Rows != 0 {
		t.Fatalf("%d rows are left", again.Rows)
	}
}
