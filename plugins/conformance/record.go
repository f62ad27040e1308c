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
	numberless  bool               // lines come without the rows' numbers
	numbers     map[string][]int64 // of each origin
	cursor      map[string][]byte
	checkpoints []checkpoint
	before      func(ctx context.Context) error // runs before each batch
}

// checkpoint is a cursor and how many lines were sent before it.
type checkpoint struct {
	cursor map[string][]byte
	lines  int
}

func (e *Examination) record(cursor map[string][]byte) *record {
	r := &record{cursor: map[string][]byte{}, numbers: map[string][]int64{}, numberless: e.subject.Unordered}
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
		number := origin.FirstRow + int64(i)
		r.numbers[origin.Source] = append(r.numbers[origin.Source], number)
		fmt.Fprintf(&line, "row %s", origin.Source)
		if !r.numberless {
			fmt.Fprintf(&line, ":%d", number)
		}
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

// numbered checks that the rows of each origin have numbers of their own, of which none is beyond their count.
func (r *record) numbered() error {
	for origin, numbers := range r.numbers {
		slices.Sort(numbers)
		if unique := slices.Compact(slices.Clone(numbers)); len(unique) < len(numbers) {
			return fmt.Errorf("two rows of %q have the same number", origin)
		}
		if last := numbers[len(numbers)-1]; numbers[0] < 1 || last > int64(len(r.lines)) {
			return fmt.Errorf("the rows of %q have the numbers %d to %d, where %d were sent", origin, numbers[0], last, len(r.lines))
		}
	}
	return nil
}

// without is what is left of lines when others are taken away, each as often as it is there.
func without(lines, others []string) []string {
	left := map[string]int{}
	for _, line := range others {
		left[line]++
	}
	var rest []string
	for _, line := range lines {
		if left[line] > 0 {
			left[line]--
			continue
		}
		rest = append(rest, line)
	}
	return rest
}

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
