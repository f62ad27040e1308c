package outputtest

import (
	"context"
	"os"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/arrow-go/v18/parquet/schema"
)

// OpenParquet opens a file until the test ends.
func OpenParquet(t testing.TB, path string) *file.Reader {
	t.Helper()
	reader, err := file.OpenParquetFile(path, false)
	if err != nil {
		t.Fatalf("opening %s: %v", path, err)
	}
	t.Cleanup(func() { _ = reader.Close() })
	return reader
}

// ReadParquet returns all rows of a file.
func ReadParquet(t testing.TB, path string) [][]any {
	t.Helper()
	arrowReader, err := pqarrow.NewFileReader(OpenParquet(t, path), pqarrow.ArrowReadProperties{BatchSize: 1 << 16}, memory.DefaultAllocator)
	if err != nil {
		t.Fatalf("opening %s: %v", path, err)
	}
	table, err := arrowReader.ReadTable(context.Background())
	if err != nil {
		t.Fatalf("reading %s: %v", path, err)
	}
	defer table.Release()
	batches := array.NewTableReader(table, 0)
	defer batches.Release()
	var rows [][]any
	for batches.Next() {
		batch := batches.RecordBatch()
		for i := range int(batch.NumRows()) {
			row := make([]any, batch.NumCols())
			for c := range row {
				row[c] = Value(batch.Column(c), i)
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// CopyColumns writes the first columns of a file to another one.
func CopyColumns(t testing.TB, from, to string, columns int) {
	t.Helper()
	reader, err := pqarrow.NewFileReader(OpenParquet(t, from), pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	table, err := reader.ReadTable(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer table.Release()
	var kept []arrow.Column
	for i := range columns {
		kept = append(kept, *table.Column(i))
	}
	schema := arrow.NewSchema(table.Schema().Fields()[:columns], nil)
	file, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	copied := array.NewTable(schema, kept, table.NumRows())
	if err := pqarrow.WriteTable(copied, file, 1024, nil, pqarrow.DefaultWriterProps()); err != nil {
		t.Fatal(err)
	}
}

// Value is one value: numbers and strings as such, everything else in Arrow's text form; nil for null.
func Value(column arrow.Array, i int) any {
	if column.IsNull(i) {
		return nil
	}
	switch c := column.(type) {
	case *array.Int64:
		return c.Value(i)
	case *array.Float64:
		return c.Value(i)
	case *array.String:
		return c.Value(i)
	}
	return column.ValueStr(i)
}

// FieldIDs are the field ids in a file's own schema, by dotted path.
func FieldIDs(t testing.TB, path string) map[string]int32 {
	ids := map[string]int32{}
	var walk func(node schema.Node)
	walk = func(node schema.Node) {
		if name := node.Path(); name != "" {
			ids[name] = node.FieldID()
		}
		if group, ok := node.(*schema.GroupNode); ok {
			for i := range group.NumFields() {
				walk(group.Field(i))
			}
		}
	}
	walk(OpenParquet(t, path).MetaData().Schema.Root())
	return ids
}
