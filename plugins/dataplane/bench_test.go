package dataplane_test

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automic-etl/etl/plugins/dataplane"
)

// BenchmarkStream is one connection carrying batches of 6 MB: eight columns of numbers and one of text, all checked.
func BenchmarkStream(b *testing.B) {
	plugin, conn := pair(b)
	rows := wide(b)
	w := dataplane.NewWriter(plugin, rows.Schema())
	account := dataplane.NewBudget(1 << 30).Account()
	r := dataplane.NewReader(conn, rows.Schema(), dataplane.NewMemory(64<<20), account, 0)
	go func() {
		for w.Batch(rows) == nil { // until the connection is closed
		}
	}()
	b.ReportAllocs()
	for b.Loop() {
		frame, err := r.Next(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(frame.Size)
		frame.Release()
		account.Give(frame.Size)
	}
}

func wide(b *testing.B) arrow.RecordBatch {
	b.Helper()
	fields := []arrow.Field{{Name: "text", Type: arrow.BinaryTypes.String}}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		fields = append(fields, arrow.Field{Name: name, Type: arrow.PrimitiveTypes.Int64, Nullable: true})
	}
	builder := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer builder.Release()
	for i := range int64(75_000) {
		builder.Field(0).(*array.StringBuilder).Append("N14228 EWR")
		for c := 1; c <= 8; c++ {
			builder.Field(c).(*array.Int64Builder).Append(i)
		}
	}
	return builder.NewRecordBatch()
}
