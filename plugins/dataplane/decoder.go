package dataplane

import (
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// decoder turns Arrow messages into batches of the expected schema. The plugin's own schema is only compared: batches
// are stored alike, so they are decoded as what the host expects, field ids included.
type decoder struct {
	expected *arrow.Schema
	pool     *pool
	inbox    *inbox
	reader   *ipc.Reader // nil before the plugin's schema arrived
}

func newDecoder(expected *arrow.Schema, pool *pool) *decoder {
	return &decoder{expected: expected, pool: pool}
}

// schema checks the plugin's schema message.
func (d *decoder) schema(meta []byte) (err error) {
	defer recovered("schema", &err)
	if d.reader != nil {
		return violation("the stream holds a second schema")
	}
	if err := verify(Schema, meta); err != nil {
		return err
	}
	sent, err := ipc.NewReaderFromMessageReader(&inbox{next: message(meta, nil)})
	if err != nil {
		return violation("the schema can't be decoded: %v", err)
	}
	defer sent.Release()
	if !sent.Schema().IsNativeEndian() {
		return violation("the schema declares another byte order than this machine's")
	}
	if err := Fits(d.expected, sent.Schema()); err != nil {
		return err
	}
	return d.open()
}

// open prepares the reader with the expected schema in the plugin's place.
func (d *decoder) open() (err error) {
	payload := ipc.GetSchemaPayload(d.expected, memory.DefaultAllocator)
	defer payload.Release()
	meta := payload.Meta()
	defer meta.Release()
	d.inbox = &inbox{next: message(append([]byte(nil), meta.Bytes()...), nil)}
	if d.reader, err = ipc.NewReaderFromMessageReader(d.inbox); err != nil {
		return fmt.Errorf("preparing to decode batches: %w", err)
	}
	return nil
}

// batch decodes and checks rows. The result is the caller's to release.
func (d *decoder) batch(meta []byte, body *memory.Buffer) (rows arrow.RecordBatch, err error) {
	defer recovered("batch", &err)
	if d.reader == nil {
		return nil, violation("a batch arrived before the schema")
	}
	if err := verify(Batch, meta); err != nil {
		return nil, err
	}
	next := message(meta, body)
	defer next.Release()
	d.inbox.next = next
	defer d.inbox.clear()
	rows, err = d.reader.Read()
	if err != nil {
		return nil, violation("a batch can't be decoded: %v", clean(err))
	}
	if err := check(rows); err != nil {
		return nil, violation("a batch is malformed: %v", clean(err))
	}
	rows.Retain()
	return rows, nil
}

// maxRows bounds a batch; columns of nulls take no bytes that could bound it.
const maxRows = 1 << 28

// check looks at every offset, length and text before anything else does.
func check(rows arrow.RecordBatch) error {
	if rows.NumRows() > maxRows {
		return fmt.Errorf("it holds %d rows; the limit is %d", rows.NumRows(), maxRows)
	}
	for i, column := range rows.Columns() {
		field := rows.Schema().Field(i)
		if int64(column.Len()) != rows.NumRows() {
			return fmt.Errorf("column %q holds %d values in a batch of %d rows", field.Name, column.Len(), rows.NumRows())
		}
		if !field.Nullable && column.NullN() > 0 {
			return fmt.Errorf("column %q is required and holds %d nulls", field.Name, column.NullN())
		}
	}
	if err := array.ValidateRecordFull(rows); err != nil {
		return err
	}
	return checkDecimals(rows)
}

// clean keeps what a message quotes of the data printable and short.
func clean(err error) string {
	text := strings.ToValidUTF8(err.Error(), "\uFFFD")
	if len(text) > 500 {
		text = strings.ToValidUTF8(text[:500], "") + "…"
	}
	return text
}

func recovered(what string, err *error) {
	if cause := recover(); cause != nil {
		*err = violation("a %s can't be decoded: %v", what, cause)
	}
}

// inbox hands the reader one message at a time.
type inbox struct{ next *ipc.Message }

func message(meta []byte, body *memory.Buffer) *ipc.Message {
	if body == nil {
		body = memory.NewBufferBytes(nil)
	}
	return ipc.NewMessage(memory.NewBufferBytes(meta), body)
}

// Message is part of ipc.MessageReader.
func (b *inbox) Message() (*ipc.Message, error) {
	if b.next == nil {
		return nil, fmt.Errorf("one message makes one batch")
	}
	m := b.next
	b.next = nil
	return m, nil
}

func (b *inbox) clear() { b.next = nil }

// Retain is part of ipc.MessageReader.
func (b *inbox) Retain() {}

// Release is part of ipc.MessageReader.
func (b *inbox) Release() {}
