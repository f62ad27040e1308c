package postgres

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/postgres/column"
	"github.com/automic-etl/etl/providers/postgres/pgoutput"
)

// changeColumns is how many columns of a change row are not the source's own.
const changeColumns = 4

// position is where in the log a change is: the commit of its transaction, and its number within. It is text that sorts.
//
// The rows of a snapshot stand one byte before the place from which on changes follow. No commit is there: the server's
// records begin at multiples of eight.
func position(commit pgoutput.LSN, number int64) string {
	return fmt.Sprintf("%016X/%010d", uint64(commit), number)
}

// marks collects what a change row has besides the source's own columns.
type marks struct {
	op, position *array.StringBuilder
	committed    *array.TimestampBuilder
	unchanged    *array.ListBuilder
	names        *array.StringBuilder
}

func newMarks() *marks {
	list := array.NewListBuilder(memory.DefaultAllocator, arrow.BinaryTypes.String)
	return &marks{
		op: array.NewStringBuilder(memory.DefaultAllocator), position: array.NewStringBuilder(memory.DefaultAllocator),
		committed: array.NewTimestampBuilder(memory.DefaultAllocator, &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}),
		unchanged: list, names: list.ValueBuilder().(*array.StringBuilder), //nolint:forcetypeassert // a list of strings
	}
}

func (m *marks) add(op, position string, committed int64, unchanged []string) {
	m.op.Append(op)
	m.position.Append(position)
	m.committed.Append(arrow.Timestamp(committed))
	if len(unchanged) == 0 {
		m.unchanged.AppendNull()
		return
	}
	m.unchanged.Append(true)
	for _, name := range unchanged {
		m.names.Append(name)
	}
}

// record joins the source's own columns and the marks.
func (m *marks) record(schema *arrow.Schema, own []arrow.Array, rows int) arrow.RecordBatch {
	columns := append([]arrow.Array(nil), own...)
	for i, builder := range []array.Builder{m.op, m.position, m.committed, m.unchanged} {
		made := builder.NewArray()
		want := schema.Field(len(own) + i).Type
		if !arrow.TypeEqual(made.DataType(), want) { // only the field of a list's elements is spelled in another way
			made = array.MakeFromData(array.NewData(want, made.Len(), made.Data().Buffers(), made.Data().Children(), made.NullN(), 0))
		}
		columns = append(columns, made)
	}
	return array.NewRecordBatch(schema, columns, int64(rows))
}

// snapshotMarks makes inserts of the rows of a snapshot.
func snapshotMarks(columns coltype.Schema, at pgoutput.LSN, taken, before int64) func(arrow.RecordBatch, int64) arrow.RecordBatch {
	schema := arrowschema.FromColumns(columns)
	return func(rows arrow.RecordBatch, first int64) arrow.RecordBatch {
		defer rows.Release()
		m := newMarks()
		for i := range rows.NumRows() {
			m.add(sdk.Insert, position(at, first+i-before), taken, nil)
		}
		return m.record(schema, rows.Columns(), int(rows.NumRows()))
	}
}

// truncation is the row that says that all before it is gone.
func truncation(columns coltype.Schema, position string, committed int64) arrow.RecordBatch {
	own := columns[:len(columns)-changeColumns]
	arrays := make([]arrow.Array, len(own))
	for i, c := range own {
		nothing := column.Absent(c.Type)
		nothing.Null()
		arrays[i] = nothing.Array()
	}
	m := newMarks()
	m.add(sdk.Truncate, position, committed, nil)
	return m.record(arrowschema.FromColumns(columns), arrays, 1)
}
