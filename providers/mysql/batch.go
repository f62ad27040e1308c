package mysql

import (
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/mysql/cell"
)

// batchBytes is about how much a batch holds before it is sent.
const batchBytes = 16 << 20

// batch collects rows.
type batch struct {
	layout  *layout // of the rows that are added now
	lenient bool    // only the key has to be representable
	record  *array.RecordBuilder
	columns []*cell.Column
	rows    int
	bytes   int
	dropped []int // places of rows that turned out bad
	bad     []sdk.BadRow
}

func newBatch(l *layout) *batch {
	b := &batch{layout: l, record: array.NewRecordBuilder(memory.DefaultAllocator, l.schema)}
	b.columns = newColumns(l.wanted, b.record)
	return b
}

func newColumns(fields coltype.Schema, record *array.RecordBuilder) []*cell.Column {
	columns := make([]*cell.Column, len(fields))
	for i, field := range fields {
		columns[i] = cell.NewColumn(field, record.Field(i))
	}
	return columns
}

// add appends a row and reports whether it is a good one.
func (b *batch) add(cells []cell.Cell) bool {
	reason := ""
	for i, column := range b.columns {
		place := b.layout.places[i]
		if place < 0 {
			column.AppendNull()
			continue
		}
		b.bytes += 8 + len(cells[place].Bytes)
		if why := column.Append(&cells[place]); why != "" && reason == "" && (!b.lenient || slices.Contains(b.layout.key, place)) {
			reason = why
		}
	}
	if reason != "" {
		b.dropped = append(b.dropped, b.rows)
		b.bad = append(b.bad, sdk.BadRow{Raw: b.layout.raw(cells), Reason: reason, Source: b.layout.source, Position: b.layout.position(cells)})
	}
	b.rows++
	return reason == ""
}

// full reports whether the batch has enough rows or bytes.
func (b *batch) full(rows int) bool { return rows > 0 && b.rows >= rows || b.bytes >= batchBytes }

// take returns the good rows and the bad ones, and begins anew.
func (b *batch) take() (arrow.RecordBatch, []sdk.BadRow) {
	record, bad := b.record.NewRecordBatch(), b.bad
	if len(b.dropped) > 0 {
		record = without(record, b.dropped)
	}
	b.rows, b.bytes, b.dropped, b.bad = 0, 0, nil, nil
	return record, bad
}

func (b *batch) release() { b.record.Release() }

// without copies all rows but some.
func without(record arrow.RecordBatch, dropped []int) arrow.RecordBatch {
	defer record.Release()
	var kept []arrow.RecordBatch
	from, rows := int64(0), int64(0)
	for _, place := range append(dropped, int(record.NumRows())) {
		if to := int64(place); to > from {
			kept = append(kept, record.NewSlice(from, to))
			rows += to - from
		}
		from = int64(place) + 1
	}
	columns := make([]arrow.Array, record.NumCols())
	for i := range columns {
		parts := make([]arrow.Array, len(kept))
		for j, part := range kept {
			parts[j] = part.Column(i)
		}
		columns[i] = joined(record.Column(i), parts)
	}
	for _, part := range kept {
		part.Release()
	}
	return array.NewRecordBatch(record.Schema(), columns, rows)
}

func joined(whole arrow.Array, parts []arrow.Array) arrow.Array {
	if len(parts) == 0 {
		return array.NewSlice(whole, 0, 0)
	}
	column, err := array.Concatenate(parts, memory.DefaultAllocator)
	if err != nil { // parts of one array always fit together
		return array.NewSlice(whole, 0, 0)
	}
	return column
}

// raw is the row for the quarantine: the server's text of each value.
func (l *layout) raw(cells []cell.Cell) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, c := range l.selected {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(c.name) + ": ")
		if cells[i].Kind == cell.Null {
			b.WriteString("null")
			continue
		}
		b.WriteString(strconv.Quote(string(cells[i].AppendText(nil))))
	}
	b.WriteByte('}')
	return b.String()
}

// position names the row by its key: `key id=4711`.
func (l *layout) position(cells []cell.Cell) string {
	if len(l.key) == 0 {
		return ""
	}
	parts := make([]string, len(l.key))
	for i, place := range l.key {
		parts[i] = l.selected[place].name + "=" + string(cells[place].AppendText(nil))
	}
	return "key " + strings.Join(parts, ", ")
}
