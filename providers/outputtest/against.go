package outputtest

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automic-etl/etl/plugins/sdk"
)

// Counter is an Output that drops rows, those of files too, and counts them.
type Counter struct {
	Rows   int64
	Cursor []byte
}

// Batch implements sdk.Output.
func (c *Counter) Batch(_ context.Context, rows arrow.RecordBatch) error {
	c.Rows += rows.NumRows()
	return nil
}

// Origin implements sdk.Output.
func (c *Counter) Origin(string, int64) {}

// File implements sdk.Output.
func (c *Counter) File(_ context.Context, f sdk.File) error {
	c.Rows += f.Rows
	return nil
}

// Bad implements sdk.Output.
func (c *Counter) Bad(context.Context, []sdk.BadRow) error { return nil }

// Progress implements sdk.Output.
func (c *Counter) Progress(int64, int64) {}

// Checkpoint implements sdk.Output.
func (c *Counter) Checkpoint(_ context.Context, _ string, cursor []byte) error {
	c.Cursor = cursor
	return nil
}

// Against measures rows a second of this process's processor time, and how many times the floor's time that takes. A server is
// another process.
func Against(b *testing.B, rows int64, floor, measured func()) {
	b.Helper()
	var least, taken time.Duration
	for b.Loop() {
		start := processor()
		floor()
		least += processor() - start
		start = processor()
		measured()
		taken += processor() - start
	}
	b.ReportMetric(float64(rows)*float64(b.N)/taken.Seconds(), "rows/cpu-s")
	b.ReportMetric(taken.Seconds()/least.Seconds(), "of-floor")
	b.ReportMetric(0, "ns/op")
}

// processor is the processor time that this process has had.
func processor() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
