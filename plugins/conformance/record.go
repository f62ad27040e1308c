package conformance

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/sdk"
)

// record is all that a read sent: a line a row, and what each checkpoint stands for.
type record struct {
	lines       []string
	cursor      map[string][]byte
	checkpoints []checkpoint
	before      func(ctx context.Context) error // runs before each batch
}

// checkpoint is a cursor and how many lines were sent before it.
type checkpoint struct {
	cursor map[string][]byte
	lines  int
}

func newRecord(cursor map[string][]byte) *record {
	r := &record{cursor: map[string][]byte{}}
	maps.Copy(r.cursor, cursor)
	return r
}

func (r *record) Batch(ctx context.Context, origin host.Origin, rows arrow.RecordBatch) error {
	if r.before != nil {
		if err := r.before(ctx); err != nil {
			return err
		}
	}
	for i := range int(rows.NumRows()) {
		var line strings.Builder
		fmt.Fprintf(&line, "row %s:%d", origin.Source, origin.FirstRow+int64(i))
		for c, column := range rows.Columns() {
			fmt.Fprintf(&line, " %s=", rows.ColumnName(c))
			if column.IsValid(i) {
				fmt.Fprintf(&line, "%q", column.ValueStr(i))
			}
		}
		r.lines = append(r.lines, line.String())
	}
	return nil
}

func (r *record) File(context.Context, sdk.File) error {
	return fmt.Errorf("a file was handed over where batches were asked for")
}

func (r *record) Bad(_ context.Context, rows []sdk.BadRow) error {
	for _, row := range rows {
		r.lines = append(r.lines, fmt.Sprintf("bad %q %s:%s %s", row.Raw, row.Source, row.Position, row.Reason))
	}
	return nil
}

func (r *record) Checkpoint(_ context.Context, partition string, cursor []byte) error {
	r.cursor[partition] = cursor
	r.checkpoints = append(r.checkpoints, checkpoint{maps.Clone(r.cursor), len(r.lines)})
	return nil
}

func (r *record) Progress(int64, int64) {}

// same compares what two reads sent, whatever the order of lines between partitions.
func same(want, got []string) error {
	want, got = slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got))
	if slices.Equal(want, got) {
		return nil
	}
	for i := range min(len(want), len(got)) {
		if want[i] != got[i] {
			return fmt.Errorf("%d rows instead of %d; the first difference is %q instead of %q", len(got), len(want), got[i], want[i])
		}
	}
	return fmt.Errorf("%d rows instead of %d", len(got), len(want))
}
