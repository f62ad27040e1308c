package state

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/google/uuid"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

var orders = addr.Ident{Namespace: "silver", Name: "orders"} // a value, never changed

func optionsIn(dir string) Options {
	return Options{
		CatalogPath: filepath.Join(dir, ".etl", "catalog.db"), Warehouse: filepath.Join(dir, "warehouse"),
		CacheDir: filepath.Join(dir, ".etl", "cache"), Project: "shop",
	}
}

func openIn(t testing.TB, dir string) *Lakehouse {
	t.Helper()
	l, err := Open(t.Context(), optionsIn(dir))
	must(t, err)
	t.Cleanup(func() { must(t, l.Close()) })
	return l
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func column(name string, kind coltype.Kind) coltype.Field {
	return coltype.Field{Name: name, Type: coltype.Type{Kind: kind}}
}

// plainColumns are the columns of most tests: id long, name string.
func plainColumns() coltype.Schema {
	return coltype.Schema{column("id", coltype.Long), column("name", coltype.String)}
}

func assigned(t testing.TB, base *Table, want coltype.Schema) coltype.Schema {
	t.Helper()
	columns, err := AssignIDs(base, want)
	must(t, err)
	return columns
}

// change is a commit in the making.
func change(base *Table, columns coltype.Schema, op Operation, files ...StagedFile) Change {
	c := Change{
		Ident: orders, Base: base, Columns: columns, Operation: op, Add: files, Address: "table.silver.orders",
		Definition: []byte(`{"a":1}`), MetaHash: "m1",
		Summary: Summary{CommitID: uuid.NewString(), RunID: "run-1", HashVersion: 1, DataHash: "d1", Mode: "full"},
	}
	if base != nil {
		c.Partition, c.Sort = base.Partition, base.Sort
	}
	return c
}

func commit(t testing.TB, l *Lakehouse, c Change) *Table {
	t.Helper()
	next, err := l.Commit(context.Background(), c)
	must(t, err)
	return next
}

// stage writes ids (and a name for each) as a Parquet file with the columns' field ids.
func stage(t testing.TB, l *Lakehouse, base *Table, columns coltype.Schema, ids ...int64) StagedFile {
	t.Helper()
	return stageFor(t, l, orders, "run-1", base, columns, ids...)
}

func stageFor(t testing.TB, l *Lakehouse, ident addr.Ident, run string, base *Table, columns coltype.Schema, ids ...int64) StagedFile {
	t.Helper()
	folder, err := l.StagePath(context.Background(), ident, base, run)
	must(t, err)
	path := filepath.Join(folder, uuid.NewString()+".parquet")
	idColumn, _ := columns.Lookup("id")
	nameColumn, _ := columns.Lookup("name")
	schema := arrow.NewSchema([]arrow.Field{
		idField("id", arrow.PrimitiveTypes.Int64, idColumn.ID), idField("name", arrow.BinaryTypes.String, nameColumn.ID),
	}, nil)
	builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer builder.Release()
	for _, id := range ids {
		builder.Field(0).(*array.Int64Builder).Append(id)
		builder.Field(1).(*array.StringBuilder).Append(fmt.Sprintf("name %d", id))
	}
	batch := builder.NewRecordBatch()
	defer batch.Release()
	writeBatch(t, path, batch)
	return StagedFile{Path: path, Rows: int64(len(ids))}
}

func idField(name string, t arrow.DataType, id int) arrow.Field {
	return arrow.Field{Name: name, Type: t, Nullable: true, Metadata: arrow.NewMetadata([]string{"PARQUET:field_id"}, []string{fmt.Sprint(id)})}
}

func writeBatch(t testing.TB, path string, batch arrow.RecordBatch) {
	t.Helper()
	f, err := os.Create(path)
	must(t, err)
	w, err := pqarrow.NewFileWriter(batch.Schema(), f, parquet.NewWriterProperties(), pqarrow.NewArrowWriterProperties())
	must(t, err)
	must(t, w.Write(batch))
	must(t, w.Close())
}

// idsIn reads the ids of a snapshot's rows straight from its files.
func idsIn(t testing.TB, l *Lakehouse, table *Table, snapshot int64) []int64 {
	t.Helper()
	files, err := l.Files(context.Background(), table, snapshot)
	must(t, err)
	return idsOf(t, files)
}

func idsOf(t testing.TB, files []DataFile) []int64 {
	t.Helper()
	var ids []int64
	for _, f := range files {
		ids = append(ids, idsInFile(t, f.Path)...)
	}
	return sorted(ids)
}
