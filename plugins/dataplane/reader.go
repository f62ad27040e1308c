package dataplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/protobuf/proto"

	pb "github.com/automic-etl/etl/plugins/proto"
)

// ErrStalled means that nothing arrived for the stall time.
var ErrStalled = errors.New("the plugin sent nothing for too long")

// Frame is what arrived. Rows is set for Batch, Event for all others.
type Frame struct {
	Kind  Kind
	Rows  arrow.RecordBatch // to be released
	Event proto.Message
	Size  int64 // taken from the account; to be given back when the frame is dealt with
}

// Reader is the host's end of a connection. It is not safe for concurrent use.
type Reader struct {
	conn    net.Conn
	decoder *decoder
	account *Account
	stall   atomic.Int64 // a time.Duration
}

// Memory is where batches of one host live.
type Memory struct{ pool *pool }

// NewMemory keeps at most idle bytes for reuse.
func NewMemory(idle int) *Memory { return &Memory{pool: newPool(idle)} }

// NewReader expects batches of exactly this schema. A stall time of 0 waits forever.
func NewReader(conn net.Conn, schema *arrow.Schema, mem *Memory, account *Account, stall time.Duration) *Reader {
	r := &Reader{conn: conn, decoder: newDecoder(schema, mem.pool), account: account}
	r.stall.Store(int64(stall))
	return r
}

// Hurry sets another stall time, for a read that is under way too. It may be called at any time.
func (r *Reader) Hurry(stall time.Duration) {
	r.stall.Store(int64(stall))
	_ = r.conn.SetReadDeadline(time.Now().Add(stall))
}

// Next returns the next frame, and io.EOF where the connection ended between two frames.
func (r *Reader) Next(ctx context.Context) (Frame, error) {
	for {
		h, err := r.header()
		if err != nil {
			return Frame{}, err
		}
		if h.kind == Schema {
			if err := r.schema(h); err != nil {
				return Frame{}, err
			}
			continue
		}
		return r.frame(ctx, h)
	}
}

func (r *Reader) frame(ctx context.Context, h header) (Frame, error) {
	size := int64(h.meta) + int64(h.body)
	if err := r.account.Take(ctx, size); err != nil {
		return Frame{}, err
	}
	f, err := r.payload(h)
	if err != nil {
		r.account.Give(size)
		return Frame{}, err
	}
	f.Size = size
	return f, nil
}

func (r *Reader) header() (header, error) {
	b := make([]byte, headerSize)
	if err := r.fill(b); err != nil {
		if errors.Is(err, io.EOF) {
			return header{}, io.EOF
		}
		return header{}, fmt.Errorf("receiving a frame: %w", err)
	}
	return decodeHeader(b)
}

// fill reads all of b. A deadline that passes while the host itself is slow does no harm: it is set anew here.
func (r *Reader) fill(b []byte) error {
	for stall := int64(-1); stall != r.stall.Load(); { // again if Hurry came in between
		if stall = r.stall.Load(); stall == 0 {
			continue
		}
		if err := r.conn.SetReadDeadline(time.Now().Add(time.Duration(stall))); err != nil {
			return err
		}
	}
	_, err := io.ReadFull(r.conn, b)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return ErrStalled
	}
	return err
}

func (r *Reader) schema(h header) error {
	meta := make([]byte, h.meta)
	if err := r.fill(meta); err != nil {
		return fmt.Errorf("receiving the schema: %w", noEOF(err))
	}
	return r.decoder.schema(meta)
}

func (r *Reader) payload(h header) (Frame, error) {
	meta := make([]byte, h.meta)
	if err := r.fill(meta); err != nil {
		return Frame{}, fmt.Errorf("receiving a %s frame: %w", h.kind, noEOF(err))
	}
	if h.kind != Batch {
		event, err := event(h.kind, meta)
		return Frame{Kind: h.kind, Event: event}, err
	}
	body := memory.NewBufferWithAllocator(r.decoder.pool.Allocate(int(h.body)), r.decoder.pool)
	defer body.Release()
	if err := r.fill(body.Bytes()); err != nil {
		return Frame{}, fmt.Errorf("receiving a batch of %d bytes: %w", h.body, noEOF(err))
	}
	rows, err := r.decoder.batch(meta, body)
	return Frame{Kind: Batch, Rows: rows}, err
}

// noEOF keeps an end inside a frame apart from one between frames.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func event(kind Kind, meta []byte) (proto.Message, error) {
	var message proto.Message
	switch kind {
	case Origin:
		message = &pb.Origin{}
	case File:
		message = &pb.File{}
	case Bad:
		message = &pb.BadRows{}
	case Checkpoint:
		message = &pb.Checkpoint{}
	case Progress:
		message = &pb.Progress{}
	default:
		message = &pb.Complete{}
	}
	if err := proto.Unmarshal(meta, message); err != nil {
		return nil, violation("a %s frame can't be decoded: %v", kind, err)
	}
	return message, nil
}

// Release gives up a frame's rows, if it has any.
func (f Frame) Release() {
	if f.Rows != nil {
		f.Rows.Release()
	}
}
