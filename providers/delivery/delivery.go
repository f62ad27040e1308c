// Package delivery hands what a provider has read over to the host: as record batches, or where the host takes files,
// as finished Parquet files with provenance columns. Rows keep the order in which they were given, row for row the same
// on every run.
package delivery

import (
	"context"
	"runtime"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automic-etl/etl/plugins/sdk"
)

// Rows is a batch of good rows of one source. Bad rows leave gaps in its numbers.
type Rows struct {
	Record  arrow.RecordBatch // exactly the request's columns
	Source  string            // `data/a.csv`
	Numbers Numbers
}

// Delivery is one read's way to the host. Its methods are called from one goroutine.
type Delivery struct {
	out     sdk.Output
	request sdk.ReadRequest
	files   *files // nil where the host takes batches
	rows    int64
	bytes   int64
}

// parallelFrom is how much input justifies a second file that is written at the same time.
const parallelFrom = 32 << 20

// New prepares the delivery of about the given number of input bytes.
func New(out sdk.Output, request sdk.ReadRequest, bytes int64) *Delivery {
	d := &Delivery{out: out, request: request}
	if request.Staging != nil {
		d.files = newFiles(request, lanes(request.Staging, bytes))
	}
	return d
}

// lanes are the files written at the same time: more would only make them smaller.
func lanes(staging *sdk.Staging, bytes int64) int {
	if bytes < parallelFrom {
		return 1
	}
	return min(Threads(staging), 8)
}

// Threads is how many goroutines a read may keep busy.
func Threads(staging *sdk.Staging) int {
	if staging != nil && staging.Threads > 0 {
		return staging.Threads
	}
	return runtime.GOMAXPROCS(0)
}

// Rows delivers a batch and takes over its reference.
func (d *Delivery) Rows(ctx context.Context, rows Rows) error {
	n := rows.Record.NumRows()
	if n == 0 {
		rows.Record.Release()
		return nil
	}
	d.rows += n
	if d.files != nil {
		return d.files.write(ctx, rows)
	}
	defer rows.Record.Release()
	return d.batches(ctx, rows)
}

// batches cuts where numbers have a gap, since the host counts on from the first number.
func (d *Delivery) batches(ctx context.Context, rows Rows) error {
	for run := range rows.Numbers.runs(rows.Record.NumRows(), int64(d.request.BatchSize)) {
		d.out.Origin(rows.Source, run.number)
		slice := rows.Record.NewSlice(run.from, run.to)
		err := d.out.Batch(ctx, slice)
		slice.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// maxRaw is how much of a bad row is kept.
const maxRaw = 64 << 10

// Bad delivers rows that can't be represented.
func (d *Delivery) Bad(ctx context.Context, rows []sdk.BadRow) error {
	if len(rows) == 0 {
		return nil
	}
	for i := range rows {
		rows[i].Raw = Printable(rows[i].Raw, maxRaw)
	}
	return d.out.Bad(ctx, rows)
}

// Read counts bytes of input, for progress.
func (d *Delivery) Read(bytes int64) {
	d.bytes += bytes
	d.out.Progress(d.rows, d.bytes)
}

// Flush hands over all that was delivered.
func (d *Delivery) Flush(ctx context.Context) error {
	if d.files == nil {
		return nil
	}
	finished, err := d.files.finish()
	if err != nil {
		return err
	}
	for _, file := range finished {
		if err := d.out.File(ctx, file); err != nil {
			return err
		}
	}
	return nil
}

// Checkpoint flushes and says which cursor that is.
func (d *Delivery) Checkpoint(ctx context.Context, cursor []byte) error {
	if err := d.Flush(ctx); err != nil {
		return err
	}
	return d.out.Checkpoint(ctx, d.request.Partition, cursor)
}

// Abandon stops writing and removes what was not handed over. It does nothing after a Flush.
func (d *Delivery) Abandon() {
	if d.files != nil {
		d.files.abandon()
	}
}
