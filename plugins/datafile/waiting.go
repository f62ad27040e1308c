package datafile

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// waiting is the row group in the making.
type waiting struct {
	batches []arrow.RecordBatch
	rows    int64
	bytes   int64
	buffers map[*memory.Buffer]struct{}
}

func (w *waiting) add(rows arrow.RecordBatch) {
	rows.Retain()
	w.batches = append(w.batches, rows)
	w.rows += rows.NumRows()
	for _, column := range rows.Columns() {
		w.hold(column.Data())
	}
}

// hold counts the bytes of what waits. Slices of one batch share their buffers.
func (w *waiting) hold(data arrow.ArrayData) {
	for _, buffer := range data.Buffers() {
		if _, counted := w.buffers[buffer]; buffer != nil && !counted {
			w.buffers[buffer] = struct{}{}
			w.bytes += int64(buffer.Len())
		}
	}
	for _, child := range data.Children() {
		w.hold(child)
	}
}

// drop lets go of what waits, which is written or not wanted any more.
func (w *waiting) drop() {
	for _, batch := range w.batches {
		batch.Release()
	}
	*w = waiting{buffers: map[*memory.Buffer]struct{}{}}
}
