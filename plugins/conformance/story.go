package conformance

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/sdk"
)

// story is what a delta read sent: changes in their order, and where it said how far that was.
type story struct {
	changes []change
	cursor  map[string][]byte
	marks   []mark
	before  func(ctx context.Context) error // runs before each batch
}

// mark is a checkpoint after some changes.
type mark struct {
	cursor  map[string][]byte
	changes int
}

// change is one row that a delta read sent.
type change struct {
	op, position string
	values       map[string]string // of the source's columns, quoted; a null is missing
	unchanged    []string
	committed    string
}

// String has all that must be the same when the change is read again.
func (c change) String() string {
	var line strings.Builder
	fmt.Fprintf(&line, "%s %s at %s", c.op, c.position, c.committed)
	for _, name := range slices.Sorted(maps.Keys(c.values)) {
		fmt.Fprintf(&line, " %s=%s", name, c.values[name])
	}
	if len(c.unchanged) > 0 {
		fmt.Fprintf(&line, " unchanged %s", c.unchanged)
	}
	return line.String()
}

func newStory(cursor map[string][]byte) *story { return &story{cursor: maps.Clone(cursor)} }

func (s *story) Batch(ctx context.Context, _ host.Origin, rows arrow.RecordBatch) error {
	if s.before != nil {
		if err := s.before(ctx); err != nil {
			return err
		}
	}
	for i := range int(rows.NumRows()) {
		s.changes = append(s.changes, changeOf(rows, i))
	}
	return nil
}

func changeOf(rows arrow.RecordBatch, i int) change {
	c := change{values: map[string]string{}}
	for column, values := range rows.Columns() {
		name := rows.ColumnName(column)
		if values.IsNull(i) {
			continue
		}
		text := strings.Clone(values.ValueStr(i)) // the batch's memory is used again
		switch name {
		case sdk.OpColumn:
			c.op = text
		case sdk.PositionColumn:
			c.position = text
		case sdk.CommittedAtColumn:
			c.committed = text
		case sdk.UnchangedColumn:
			list := values.(*array.List)
			from, to := list.ValueOffsets(i)
			for at := from; at < to; at++ {
				c.unchanged = append(c.unchanged, strings.Clone(list.ListValues().ValueStr(int(at))))
			}
		default:
			c.values[name] = fmt.Sprintf("%q", text)
		}
	}
	return c
}

func (s *story) File(context.Context, sdk.File) error {
	return fmt.Errorf("a file was handed over where batches were asked for")
}

func (s *story) Bad(context.Context, []sdk.BadRow) error { return nil }

func (s *story) Checkpoint(_ context.Context, partition string, cursor []byte) error {
	if partition != "" {
		return fmt.Errorf("a checkpoint of partition %q: changes come in one order, and have one partition, without a name", partition)
	}
	s.cursor = map[string][]byte{"": cursor}
	s.marks = append(s.marks, mark{s.cursor, len(s.changes)})
	return nil
}

func (s *story) Progress(int64, int64) {}

// held is what a host has committed when a read ends too early: what came before the last checkpoint.
func (s *story) held() *story {
	if len(s.marks) == 0 {
		return newStory(nil)
	}
	last := s.marks[len(s.marks)-1]
	return &story{changes: s.changes[:last.changes], cursor: last.cursor}
}

// and is a story and what was read after it.
func (s *story) and(rest *story) *story {
	return &story{changes: append(slices.Clone(s.changes), rest.changes...), cursor: rest.cursor}
}

// retells compares what two reads of the same changes sent.
func (s *story) retells(want []change) error {
	for i := range min(len(want), len(s.changes)) {
		if w, got := want[i].String(), s.changes[i].String(); w != got {
			return fmt.Errorf("change %d is %q instead of %q", i+1, got, w)
		}
	}
	if len(want) != len(s.changes) {
		return fmt.Errorf("%d changes instead of %d", len(s.changes), len(want))
	}
	return nil
}
