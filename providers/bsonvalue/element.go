package bsonvalue

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// ErrMalformed is what a document is that isn't BSON.
var ErrMalformed = errors.New("the document is not valid BSON")

// Element is a member of a document, or of an array, where names are numbers.
type Element struct {
	Name  []byte
	Value Value
}

// Elements walks over the members of one document.
type Elements struct {
	rest []byte
	err  error
}

// Open starts at the first member of a document or an array.
func Open(document []byte) Elements {
	n := len(document)
	if n < 5 || int64(binary.LittleEndian.Uint32(document)) != int64(n) || document[n-1] != 0 {
		return Elements{err: ErrMalformed}
	}
	return Elements{rest: document[4 : n-1]}
}

// Next is the next member; false at the end and at what is broken, which Err tells apart.
func (e *Elements) Next() (Element, bool) {
	if e.err != nil || len(e.rest) == 0 {
		return Element{}, false
	}
	kind := Type(e.rest[0])
	end := bytes.IndexByte(e.rest[1:], 0)
	if end < 0 {
		return e.broken()
	}
	name, data := e.rest[1:1+end], e.rest[end+2:]
	size, ok := sizeOf(kind, data)
	if !ok || size > len(data) {
		return e.broken()
	}
	e.rest = data[size:]
	return Element{name, Value{kind, data[:size:size]}}, true
}

func (e *Elements) broken() (Element, bool) {
	e.err = ErrMalformed
	return Element{}, false
}

// Err says whether the walk ended at something broken.
func (e *Elements) Err() error { return e.err }

// Find is a document's member of a name; the zero value where it has none.
func Find(document []byte, name string) Value {
	elements := Open(document)
	for element, ok := elements.Next(); ok; element, ok = elements.Next() {
		if string(element.Name) == name {
			return element.Value
		}
	}
	return Value{}
}

// sizeOf is how many bytes a value takes. What has an inner length is checked to end where it says.
func sizeOf(kind Type, data []byte) (int, bool) {
	switch kind {
	case Undefined, Null, MinKey, MaxKey:
		return 0, true
	case Boolean:
		return 1, true
	case Int32:
		return 4, true
	case Double, DateTime, Timestamp, Int64:
		return 8, true
	case ObjectID:
		return 12, true
	case Decimal128:
		return 16, true
	case String, Code, Symbol:
		return sizeOfText(data)
	case Document, Array:
		return sized(data, 0, 5)
	case Binary:
		return sized(data, 5, 0)
	case CodeWithScope:
		return sized(data, 0, 14)
	case Regex:
		return sizeOfRegex(data)
	case DBPointer:
		n, ok := sizeOfText(data)
		return n + 12, ok
	}
	return 0, false
}

// sized reads a length that counts from beyond a number of bytes, and is at least some.
func sized(data []byte, beyond, least int) (int, bool) {
	if len(data) < 4 {
		return 0, false
	}
	n := int(int32(binary.LittleEndian.Uint32(data)))
	return n + beyond, n >= least && n+beyond <= len(data)
}

func sizeOfText(data []byte) (int, bool) {
	n, ok := sized(data, 4, 1)
	return n, ok && data[n-1] == 0
}

func sizeOfRegex(data []byte) (int, bool) {
	pattern := bytes.IndexByte(data, 0)
	if pattern < 0 {
		return 0, false
	}
	options := bytes.IndexByte(data[pattern+1:], 0)
	return pattern + options + 2, options >= 0
}
