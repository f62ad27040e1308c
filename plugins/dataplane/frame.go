// Package dataplane carries rows from a plugin to the host: frames over a unix socket, Arrow IPC inside. Batches and
// the events between them (checkpoints, files, bad rows) share one connection, so that their order is never in doubt.
//
// A connection starts with a preface (magic and one-time token). Each frame is a header of 16 bytes (kind, three zero
// bytes, length of meta as uint32, length of body as uint64, little endian), meta, then body. For Schema and Batch, meta
// is Arrow's flatbuffer message and body the message's body; for all others meta is a protobuf message and body empty.
package dataplane

import (
	"encoding/binary"
	"fmt"
)

// Kind says what a frame holds.
type Kind uint8

// Kinds of frames. Schema precedes the first Batch; Complete is the last frame of a stream that is whole.
const (
	Schema Kind = iota + 1
	Batch
	Origin
	File
	Bad
	Checkpoint
	Progress
	Complete
)

var kindNames = [...]string{"", "schema", "batch", "origin", "file", "bad", "checkpoint", "progress", "complete"}

func (k Kind) String() string {
	if k == 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("frame kind %d", uint8(k))
	}
	return kindNames[k]
}

const headerSize = 16

// Limits keep a broken plugin from making the host allocate without end. The SDK stays far below them.
const (
	MaxMeta = 64 << 20
	MaxBody = 1 << 30
)

type header struct {
	kind Kind
	meta uint32
	body uint64
}

func (h header) encode() []byte {
	b := make([]byte, headerSize)
	b[0] = byte(h.kind)
	binary.LittleEndian.PutUint32(b[4:], h.meta)
	binary.LittleEndian.PutUint64(b[8:], h.body)
	return b
}

func decodeHeader(b []byte) (header, error) {
	h := header{Kind(b[0]), binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint64(b[8:])}
	switch {
	case h.kind < Schema || h.kind > Complete || b[1] != 0 || b[2] != 0 || b[3] != 0:
		return h, violation("the stream holds a %s, which this version of etl does not know", h.kind)
	case h.meta > MaxMeta:
		return h, violation("a %s frame describes itself with %d bytes; the limit is %d", h.kind, h.meta, MaxMeta)
	case h.body > MaxBody:
		return h, violation("a %s frame holds %d bytes; the limit is %d: send smaller batches", h.kind, h.body, MaxBody)
	case h.kind != Batch && h.body != 0:
		return h, violation("a %s frame has a body", h.kind)
	}
	return h, nil
}

// Violation is a breach of the protocol by the other side.
type Violation struct{ Reason string }

func (v *Violation) Error() string { return v.Reason }

func violation(format string, args ...any) error {
	return &Violation{Reason: fmt.Sprintf(format, args...)}
}
