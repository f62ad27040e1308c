// Package bsonvalue reads BSON without decoding it first: it finds out what shape the documents of a collection have, and
// appends their values to Arrow builders straight from their bytes. Nothing is rounded, cut or guessed: a value that a
// column's type can't hold is refused with the reason.
package bsonvalue

import (
	"encoding/binary"
	"math"
)

// Type is BSON's tag of a value.
type Type byte

// Types of values, as https://bsonspec.org numbers them.
const (
	Double        Type = 0x01
	String        Type = 0x02
	Document      Type = 0x03
	Array         Type = 0x04
	Binary        Type = 0x05
	Undefined     Type = 0x06
	ObjectID      Type = 0x07
	Boolean       Type = 0x08
	DateTime      Type = 0x09
	Null          Type = 0x0A
	Regex         Type = 0x0B
	DBPointer     Type = 0x0C
	Code          Type = 0x0D
	Symbol        Type = 0x0E
	CodeWithScope Type = 0x0F
	Int32         Type = 0x10
	Timestamp     Type = 0x11
	Int64         Type = 0x12
	Decimal128    Type = 0x13
	MinKey        Type = 0xFF
	MaxKey        Type = 0x7F
)

// Subtypes of binary values that are more than bytes.
const (
	SubtypeOld  = 0x02
	SubtypeUUID = 0x04
)

// Value is one value: its tag and exactly its bytes, whose length Elements has checked. The zero value is no value.
type Value struct {
	Type Type
	Data []byte
}

// IsNull holds for null, for the old undefined, and for a value that isn't there.
func (v Value) IsNull() bool { return v.Type == 0 || v.Type == Null || v.Type == Undefined }

// text is the text of a string, a symbol or code, without its length and its end.
func (v Value) text() []byte { return v.Data[4 : len(v.Data)-1] }

func (v Value) double() float64 { return math.Float64frombits(binary.LittleEndian.Uint64(v.Data)) }

func (v Value) boolean() bool { return v.Data[0] != 0 }

// long is a whole number of either size, the milliseconds of a date, or the bits of a timestamp.
func (v Value) long() int64 {
	if v.Type == Int32 {
		return int64(int32(binary.LittleEndian.Uint32(v.Data)))
	}
	return int64(binary.LittleEndian.Uint64(v.Data))
}

// bytes are a binary value's subtype and content. The old subtype repeats the length inside.
func (v Value) bytes() (subtype byte, content []byte) {
	subtype, content = v.Data[4], v.Data[5:]
	if subtype == SubtypeOld && len(content) >= 4 && int(binary.LittleEndian.Uint32(content)) == len(content)-4 {
		content = content[4:]
	}
	return subtype, content
}

// uuid reports whether a binary value is a UUID in the order of bytes that all agree on.
func (v Value) uuid() bool {
	subtype, content := v.bytes()
	return subtype == SubtypeUUID && len(content) == 16
}

// Time is when a date is, in milliseconds since 1970.
func (v Value) Time() (milliseconds int64, ok bool) {
	if v.Type != DateTime {
		return 0, false
	}
	return v.long(), true
}
