package dataplane

import (
	"fmt"
	"net"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/protobuf/proto"
)

// splitBytes is the size above which a batch is sent in halves: the host's budget counts whole frames.
const splitBytes = 32 << 20

// Writer is a plugin's end of a connection. It is not safe for concurrent use.
type Writer struct {
	conn   net.Conn
	schema *arrow.Schema
	begun  bool
}

// NewWriter sends batches of one schema.
func NewWriter(conn net.Conn, schema *arrow.Schema) *Writer {
	return &Writer{conn: conn, schema: schema}
}

// Batch sends rows. Their columns must have the physical types of the writer's schema; names of list elements,
// metadata and whether columns may be null come from the writer's schema.
func (w *Writer) Batch(rows arrow.RecordBatch) error {
	if err := Fits(w.schema, rows.Schema()); err != nil {
		return err
	}
	if err := w.sendSchema(); err != nil {
		return err
	}
	return w.split(rows)
}

func (w *Writer) split(rows arrow.RecordBatch) error {
	payload, err := ipc.GetRecordBatchPayload(rows)
	if err != nil {
		return fmt.Errorf("encoding a batch of %d rows: %w", rows.NumRows(), err)
	}
	defer payload.Release()
	body := &slices{}
	if err := payload.SerializeBody(body); err != nil {
		return fmt.Errorf("encoding a batch of %d rows: %w", rows.NumRows(), err)
	}
	if body.size <= splitBytes || rows.NumRows() < 2 {
		return w.send(Batch, payload.Meta(), body)
	}
	half := rows.NumRows() / 2
	for _, bounds := range [][2]int64{{0, half}, {half, rows.NumRows()}} {
		part := rows.NewSlice(bounds[0], bounds[1])
		err := w.split(part)
		part.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) sendSchema() error {
	if w.begun {
		return nil
	}
	w.begun = true
	payload := ipc.GetSchemaPayload(w.schema, memory.DefaultAllocator)
	defer payload.Release()
	return w.send(Schema, payload.Meta(), &slices{})
}

// Event sends a frame that holds a protobuf message.
func (w *Writer) Event(kind Kind, message proto.Message) error {
	meta, err := proto.Marshal(message)
	if err != nil {
		return fmt.Errorf("encoding a %s frame: %w", kind, err)
	}
	if len(meta) > MaxMeta {
		return fmt.Errorf("a %s frame of %d bytes is over the limit of %d bytes", kind, len(meta), MaxMeta)
	}
	return w.send(kind, memory.NewBufferBytes(meta), &slices{})
}

// send writes one frame with a single writev, copying nothing.
func (w *Writer) send(kind Kind, meta *memory.Buffer, body *slices) error {
	defer meta.Release()
	if body.size > MaxBody {
		return fmt.Errorf("one row of %d bytes is over the limit of %d bytes", body.size, MaxBody)
	}
	h := header{kind: kind, meta: uint32(meta.Len()), body: uint64(body.size)}
	frame := append(net.Buffers{h.encode(), meta.Bytes()}, body.parts...)
	if _, err := frame.WriteTo(w.conn); err != nil {
		return fmt.Errorf("sending a %s frame to the host: %w", kind, err)
	}
	return nil
}

// slices collects buffers without copying them.
type slices struct {
	parts net.Buffers
	size  int64
}

func (s *slices) Write(p []byte) (int, error) {
	s.parts = append(s.parts, p)
	s.size += int64(len(p))
	return len(p), nil
}
