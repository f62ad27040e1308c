package state

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

func idsInFile(t testing.TB, path string) []int64 {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	read, err := pqarrow.ReadTable(t.Context(), f, parquet.NewReaderProperties(nil), pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	must(t, err)
	defer read.Release()
	var ids []int64
	for _, chunk := range read.Column(read.Schema().FieldIndices("id")[0]).Data().Chunks() {
		ids = append(ids, chunk.(*array.Int64).Int64Values()...)
	}
	return ids
}

func sorted(ids []int64) []int64 {
	slices.Sort(ids)
	return ids
}

func sameIDs(t testing.TB, got []int64, want ...int64) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("rows are %v, want %v", got, want)
	}
}

func formatMillis(ms int64) string { return strconv.FormatInt(ms, 10) }

func sameTable(a, b *Table) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

func mustDir(l *Lakehouse) string { return filepath.Dir(l.options.Warehouse) }

// positionsFor reads a position delete file for one data file.
func positionsFor(t testing.TB, d DeleteFile) []int64 {
	t.Helper()
	f, err := os.Open(d.Path)
	must(t, err)
	defer f.Close()
	read, err := pqarrow.ReadTable(t.Context(), f, parquet.NewReaderProperties(nil), pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	must(t, err)
	defer read.Release()
	var positions []int64
	path := read.Column(0).Data().Chunk(0).(*array.String)
	pos := read.Column(1).Data().Chunk(0).(*array.Int64)
	for i := range path.Len() {
		if path.Value(i) == d.DataPath {
			positions = append(positions, pos.Value(i))
		}
	}
	return positions
}

func appendByte(path string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString("x")
	return errors.Join(err, f.Close())
}

func readAll(t testing.TB, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	must(t, err)
	return content
}

func writeAll(t testing.TB, path string, content []byte) {
	t.Helper()
	must(t, os.WriteFile(path, content, 0o644))
}
