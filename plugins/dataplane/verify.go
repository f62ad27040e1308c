package dataplane

import "encoding/binary"

// Arrow's reader allocates what a message's vectors claim to hold and follows its tables as deep as they go. verify
// looks at both first, so that a corrupt message is an error and not the end of the host. All else that is wrong makes
// the reader panic, which is recovered.

// Limits of a message's structure.
const (
	maxFields = 100_000
	maxDepth  = 64
)

// Places of the members that matter, in Arrow's Message.fbs and Schema.fbs.
const (
	messageKind, messageHeader, messageMetadata = 1, 2, 4
	schemaFields, schemaMetadata                = 1, 2
	fieldChildren, fieldMetadata                = 5, 6
	batchNodes, batchBuffers, batchCompression  = 1, 2, 3
	batchVariadic                               = 4
	kindSchema, kindBatch                       = 1, 3
)

func verify(kind Kind, meta []byte) error {
	v := &verifier{b: meta}
	message := v.follow(0)
	header := v.table(message, messageHeader)
	v.vector(message, messageMetadata, 4)
	switch v.kind(message) {
	case kindSchema:
		v.require(kind == Schema)
		v.vector(header, schemaMetadata, 4)
		v.fields(header, schemaFields, 0)
	case kindBatch:
		v.require(kind == Batch)
		v.vector(header, batchNodes, 16)
		v.vector(header, batchBuffers, 16)
		v.vector(header, batchVariadic, 8)
		if _, compressed := v.member(header, batchCompression); compressed && !v.bad {
			return violation("a batch is compressed; the data plane takes plain ones only")
		}
	default:
		v.bad = true
	}
	if v.bad {
		return violation("a message of %d bytes is no Arrow %s", len(meta), kind)
	}
	return nil
}

// verifier walks a flatbuffer; once it is bad it stays bad and everything reads as 0.
type verifier struct {
	b     []byte
	bad   bool
	count int
}

func (v *verifier) require(holds bool) bool {
	v.bad = v.bad || !holds
	return !v.bad
}

func (v *verifier) uint32(at int) int {
	if !v.require(at >= 0 && at+4 <= len(v.b)) {
		return 0
	}
	return int(binary.LittleEndian.Uint32(v.b[at:]))
}

func (v *verifier) uint16(at int) int {
	if !v.require(at >= 0 && at+2 <= len(v.b)) {
		return 0
	}
	return int(binary.LittleEndian.Uint16(v.b[at:]))
}

// follow goes where the offset at a position points to, which is always forward.
func (v *verifier) follow(at int) int {
	to := at + v.uint32(at)
	v.require(to > at && to+4 <= len(v.b))
	return to
}

// member finds the n-th member of a table.
func (v *verifier) member(table, n int) (int, bool) {
	vtable := table - int(int32(v.uint32(table)))
	size := v.uint16(vtable)
	if v.bad || 4+2*n >= size { // an odd size counts, as it does for the reader
		return 0, false
	}
	offset := v.uint16(vtable + 4 + 2*n)
	return table + offset, offset != 0 && !v.bad
}

func (v *verifier) table(parent, n int) int {
	at, there := v.member(parent, n)
	if !v.require(there) {
		return 0
	}
	return v.follow(at)
}

func (v *verifier) kind(message int) byte {
	at, there := v.member(message, messageKind)
	if !v.require(there && at < len(v.b)) {
		return 0
	}
	return v.b[at]
}

// vector returns where a vector's elements start and how many there are.
func (v *verifier) vector(table, n, size int) (int, int) {
	at, there := v.member(table, n)
	if !there {
		return 0, 0
	}
	start := v.follow(at)
	length := v.uint32(start)
	if !v.require(length <= (len(v.b)-start-4)/size) {
		return 0, 0
	}
	return start + 4, length
}

func (v *verifier) fields(table, n, depth int) {
	start, length := v.vector(table, n, 4)
	v.count += length
	if !v.require(depth <= maxDepth && v.count <= maxFields) {
		return
	}
	for i := 0; i < length && !v.bad; i++ {
		field := v.follow(start + 4*i)
		v.vector(field, fieldMetadata, 4)
		v.fields(field, fieldChildren, depth+1)
	}
}
