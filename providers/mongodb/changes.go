package mongodb

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/bsonvalue"
	"github.com/automic-etl/etl/providers/delivery"
)

// change is a row of a log of changes in the making.
type change struct {
	op        string
	position  string
	at        time.Time
	document  []byte // nil for a truncate
	unchanged []string
}

// changeOf is what an event does to the row of its document.
func changeOf(e event, columns []string) (change, error) {
	c := change{position: e.position, at: e.at, document: e.document}
	switch {
	case e.ended != "":
		c.op, c.document = sdk.Truncate, nil
	case e.kind == "insert":
		c.op = sdk.Insert
	case e.kind == "delete":
		c.op, c.document = sdk.Delete, e.key
	default:
		c.op = sdk.Update
	}
	if c.op == sdk.Truncate || c.document != nil {
		return c, nil
	}
	if c.op != sdk.Update {
		return c, fmt.Errorf("the change stream has an event %q without its document", e.kind)
	}
	var err error
	c.document, c.unchanged, err = e.partial(columns)
	return c, err
}

// log gathers changes and hands them over in batches.
type log struct {
	own      coltype.Schema
	source   string
	delivery *delivery.Delivery
	builder  *array.RecordBuilder
	appender *bsonvalue.Appender
	size     int // rows of a batch, at most
	pending  []change
	bytes    int64
	next     int64        // number of the next row
	check    func() error // what keeps a position from being recorded
}

func newLog(req sdk.ReadRequest, source string, d *delivery.Delivery, unplaced func([]byte)) *log {
	own := req.Columns[:len(req.Columns)-len(sdk.ChangeColumns())]
	size := chunkRows
	if req.BatchSize > 0 {
		size = min(size, req.BatchSize)
	}
	return &log{
		own: own, source: source, delivery: d, size: size, next: 1, check: func() error { return nil },
		builder:  array.NewRecordBuilder(memory.DefaultAllocator, arrowschema.FromColumns(req.Columns)),
		appender: bsonvalue.NewAppender(own, unplaced),
	}
}

func (l *log) add(c change) {
	l.pending = append(l.pending, c)
	l.bytes += int64(len(c.document))
}

// full reports that it is time to hand over.
func (l *log) full() bool { return len(l.pending) >= l.size || l.bytes >= chunkBytes }

// checkpoint hands over what there is and says where that leaves the stream.
func (l *log) checkpoint(ctx context.Context, at *track) error {
	if err := l.flush(ctx); err != nil {
		return err
	}
	if err := l.check(); err != nil {
		return err
	}
	encoded, err := at.encode()
	if err != nil {
		return err
	}
	return handed(l.delivery.Checkpoint(ctx, encoded))
}

// flush hands over what there is. Changes that turn out not to fit are taken out by doing it again without them.
func (l *log) flush(ctx context.Context) error {
	var bad []sdk.BadRow
	for {
		var fit []change
		misfits := 0
		for _, c := range l.pending {
			if err := l.append(c); err != nil {
				misfits++
				bad = append(bad, badRow(c.document, l.source, err.Error()))
				continue
			}
			fit = append(fit, c)
		}
		record := l.builder.NewRecordBatch()
		if misfits == 0 {
			return l.hand(ctx, record, bad)
		}
		record.Release()
		l.pending = fit
	}
}

func (l *log) hand(ctx context.Context, record arrow.RecordBatch, bad []sdk.BadRow) error {
	n := record.NumRows()
	if err := l.delivery.Bad(ctx, bad); err != nil {
		record.Release()
		return handed(err)
	}
	rows := delivery.Rows{Record: record, Source: l.source, Numbers: delivery.Numbers{First: l.next}}
	if err := l.delivery.Rows(ctx, rows); err != nil {
		return handed(err)
	}
	l.delivery.Read(l.bytes)
	l.next += n
	l.pending, l.bytes = l.pending[:0], 0
	return nil
}

func (l *log) append(c change) error {
	document := c.document
	if document == nil {
		document = empty
	}
	fields := l.builder.Fields()
	err := l.appender.Append(fields[:len(l.own)], document)
	told := fields[len(l.own):]
	told[0].(*array.StringBuilder).Append(c.op)
	told[1].(*array.StringBuilder).Append(c.position)
	told[2].(*array.TimestampBuilder).Append(arrow.Timestamp(c.at.UnixMicro()))
	list := told[3].(*array.ListBuilder)
	list.Append(len(c.unchanged) > 0)
	for _, name := range c.unchanged {
		list.ValueBuilder().(*array.StringBuilder).Append(name)
	}
	return err
}

// empty is a document without fields.
var empty = []byte{5, 0, 0, 0, 0}

// insert hands over documents of a snapshot, which are inserts as of its time, numbered on.
func (l *log) insert(ctx context.Context, taken snapshot, documents *rows) error {
	record := documents.record
	defer record.Release()
	builder := array.NewRecordBuilder(memory.DefaultAllocator, arrowschema.FromColumns(sdk.ChangeColumns()))
	defer builder.Release()
	for i := range record.NumRows() {
		builder.Field(0).(*array.StringBuilder).Append(sdk.Insert)
		builder.Field(1).(*array.StringBuilder).Append(taken.position(l.next - 1 + i)) // the truncate has 0 and is row 1
		builder.Field(2).(*array.TimestampBuilder).Append(arrow.Timestamp(time.Unix(int64(taken.at.T), 0).UnixMicro()))
		builder.Field(3).AppendNull()
	}
	told := builder.NewRecordBatch()
	defer told.Release()
	columns := append(append([]arrow.Array(nil), record.Columns()...), told.Columns()...)
	l.bytes = documents.bytes
	return l.hand(ctx, array.NewRecordBatch(l.builder.Schema(), columns, record.NumRows()), documents.bad)
}
