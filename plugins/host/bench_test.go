package host_test

import (
	"context"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/sdk"
)

// BenchmarkStart is a provider from nothing to its first answer, and its end. This test binary is the provider.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		h, _ := open(b, host.Options{})
		client(b, h, "numbers")
		b.StopTimer()
		if err := h.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkRead is numbers made by one process and taken by another: 8 bytes a row.
func BenchmarkRead(b *testing.B) {
	h, _ := open(b, host.Options{})
	c := client(b, h, "numbers")
	const count = 20_000_000
	cfg := config(c, rows(count).narrow())
	req := sdk.ReadRequest{Columns: plan(b, c, cfg).Columns, BatchSize: 750_000}
	b.SetBytes(8 * count)
	for b.Loop() {
		var took counting
		if err := c.Read(b.Context(), cfg, req, &took); err != nil || took.rows != count {
			b.Fatal(took.rows, err)
		}
	}
}

// counting is a sink that only counts.
type counting struct {
	sink
	rows int64
}

func (c *counting) Batch(_ context.Context, _ host.Origin, rows arrow.RecordBatch) error {
	c.rows += rows.NumRows()
	return nil
}
