package apply

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automic-etl/etl/plugins/datafile"
	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// following watches the changes of a load: that each has a position of its own beyond all that were read before, and which
// values were left out.
type following struct {
	task *task
	rows int64
	// lowest and highest are of the positions that came; last is the newest.
	lowest, highest, last string
	// mixed says that positions didn't come in their order, so that equal ones can't be told on the way.
	mixed bool
	// restarted says that a snapshot begins a new count of positions.
	restarted bool
	masks     *datafile.File
	masked    []string // names of columns that values were left out of
}

func newFollowing(t *task) *following { return &following{task: t} }

// maskColumns are those of the file of values that were left out.
func maskColumns() coltype.Schema {
	return coltype.Schema{
		{ID: 1, Name: sdk.PositionColumn, Type: coltype.Of(coltype.String)},
		{ID: 2, Name: "name", Type: coltype.Of(coltype.String)},
	}
}

// broke is a provider that doesn't keep to what the SDK asks of changes.
func (f *following) broke(format string, args ...any) error {
	l := f.task.work.Load
	return &host.ProtocolError{Provider: l.Provider, Address: l.Source, Reason: fmt.Sprintf(format, args...)}
}

// take looks at a batch, whose last columns are the change columns.
func (f *following) take(rec arrow.RecordBatch) error {
	n := int(rec.NumCols())
	ops, ok := rec.Column(n - 4).(*array.String)
	positions, isText := rec.Column(n - 3).(*array.String)
	unchanged, isList := rec.Column(n - 1).(*array.List)
	if !ok || !isText || !isList {
		return fmt.Errorf("this is a bug in etl: the change columns are %s", rec.Schema())
	}
	for i := range int(rec.NumRows()) {
		if ops.IsNull(i) || positions.IsNull(i) || !slices.Contains([]string{sdk.Insert, sdk.Update, sdk.Delete, sdk.Truncate}, ops.Value(i)) {
			return f.broke("it sent a change without an operation or a position (operation %q, position %q)", ops.ValueStr(i), positions.ValueStr(i))
		}
		if err := f.place(ops.Value(i), positions.Value(i)); err != nil {
			return err
		}
	}
	return f.leftOut(positions, unchanged)
}

// place notes the position of the next change.
func (f *following) place(op, position string) error {
	after := f.task.work.Load.Follow.After
	if f.rows == 0 && op == sdk.Truncate && len(f.task.work.Load.Cursor) == 0 && position <= after {
		f.restarted = true
	}
	if position <= after && !f.restarted {
		return f.broke("it sent the change at position %q again: all up to %q were read before", position, after)
	}
	if f.rows > 0 && position == f.last {
		return f.broke("it sent two changes at position %q", position)
	}
	position = string([]byte(position)) // the batch's memory is used again
	f.mixed = f.mixed || f.rows > 0 && position < f.last
	if f.rows == 0 || position < f.lowest {
		f.lowest = position
	}
	f.highest, f.last = max(f.highest, position), position
	f.rows++
	return nil
}

// leftOut keeps which values the source did not tell.
func (f *following) leftOut(positions *array.String, unchanged *array.List) error {
	names, ok := unchanged.ListValues().(*array.String)
	if !ok {
		return fmt.Errorf("this is a bug in etl: the names of columns are %s", unchanged.ListValues().DataType())
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrowSchema(maskColumns()))
	defer b.Release()
	at, name := b.Field(0).(*array.StringBuilder), b.Field(1).(*array.StringBuilder) //nolint:forcetypeassert // the schema is ours
	for i := range positions.Len() {
		if unchanged.IsNull(i) {
			continue
		}
		from, to := unchanged.ValueOffsets(i)
		for j := from; j < to; j++ {
			if !f.knows(names.Value(int(j))) {
				continue // nobody asked for its values
			}
			at.Append(positions.Value(i))
			name.Append(names.Value(int(j)))
		}
	}
	if at.Len() == 0 {
		return nil
	}
	if f.masks == nil {
		var err error
		if f.masks, err = createParquet(filepath.Join(f.task.dir, "unchanged.parquet"), maskColumns()); err != nil {
			return err
		}
	}
	rec := b.NewRecordBatch()
	defer rec.Release()
	return f.masks.Write(rec)
}

// knows says whether a column is one that was asked for, and keeps its name.
func (f *following) knows(name string) bool {
	if slices.Contains(f.masked, name) {
		return true
	}
	if f.task.work.Load.Columns.Index(name) < 0 {
		return false
	}
	f.masked = append(f.masked, string([]byte(name)))
	slices.Sort(f.masked)
	return true
}

func (f *following) finish() error {
	if f.masks == nil {
		return nil
	}
	return f.masks.Close()
}
