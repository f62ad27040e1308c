package datafile

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Memory counts the bytes of batches that are kept at the same time. Slices of one batch share their buffers, which count once.
type Memory struct {
	Bytes   int64
	buffers map[*memory.Buffer]struct{}
}

// Add counts what a batch has of its own.
func (m *Memory) Add(rows arrow.RecordBatch) {
	if m.buffers == nil {
		m.buffers = map[*memory.Buffer]struct{}{}
	}
	for _, column := range rows.Columns() {
		m.hold(column.Data())
	}
}

func (m *Memory) hold(data arrow.ArrayData) {
	for _, buffer := range data.Buffers() {
		if _, counted := m.buffers[buffer]; buffer != nil && !counted {
			m.buffers[buffer] = struct{}{}
			m.Bytes += int64(buffer.Len())
		}
	}
	for _, child := range data.Children() {
		m.hold(child)
	}
}

// waiting is the row group in the making.
type waiting struct {
	batches []arrow.RecordBatch
	rows    int64
	memory  Memory
}

func (w *waiting) add(rows arrow.RecordBatch) {
	rows.Retain()
	w.batches = append(w.batches, rows)
	w.rows += rows.NumRows()
	w.memory.Add(rows)
}

// drop lets go of what waits, which is written or not wanted any more.
func (w *waiting) drop() {
	for _, batch := range w.batches {
		batch.Release()
	}
	*w = waiting{}
}
