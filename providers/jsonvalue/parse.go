// Package jsonvalue reads JSON values into typed columns without losing anything on the way: numbers keep their digits,
// and what a type can't hold is refused with a reason.
package jsonvalue

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// MaxDepth is how deep values may nest.
const MaxDepth = 200

// Kind is what a value is.
type Kind uint8

// Kinds of values.
const (
	Null Kind = iota
	False
	True
	Number
	String
	Array
	Object
)

// Value is a node of a parsed text. Its children are linked by place in the document.
type Value struct {
	Kind  Kind
	Raw   []byte // as it stands in the text
	Text  []byte // of a String, unescaped
	Key   []byte // in an Object, unescaped
	first int32  // child, or 0 for none: the root is nobody's child
	next  int32  // sibling, or 0
}

// Document is a parsed text. It can be used again for the next one, which makes the values of the last one invalid.
type Document struct {
	nodes []Value
	data  []byte
	pos   int
}

// SyntaxError says where a text stops being JSON, and why.
type SyntaxError struct {
	Offset  int
	Message string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at character %d", e.Message, e.Offset+1) }

// Parse reads a text that is one value. The values point into it.
func (d *Document) Parse(data []byte) (*Value, error) {
	d.nodes, d.data, d.pos = append(d.nodes[:0], Value{}), data, 0
	if !utf8.Valid(data) {
		return nil, &SyntaxError{invalidAt(data), "the text is not valid UTF-8"}
	}
	d.blank()
	if err := d.value(0, 0); err != nil {
		return nil, err
	}
	if d.blank(); d.pos < len(data) {
		return nil, d.fail("something follows the end of the value")
	}
	return &d.nodes[0], nil
}

func invalidAt(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(data)
}

// Children calls yield for the elements of an Array and the members of an Object.
func (d *Document) Children(v *Value) func(yield func(*Value) bool) {
	return func(yield func(*Value) bool) {
		for i := v.first; i != 0; i = d.nodes[i].next {
			if !yield(&d.nodes[i]) {
				return
			}
		}
	}
}

// Member finds the member of an Object, or nil.
func (d *Document) Member(v *Value, name string) *Value {
	for i := v.first; i != 0; i = d.nodes[i].next {
		if string(d.nodes[i].Key) == name {
			return &d.nodes[i]
		}
	}
	return nil
}

func (d *Document) fail(format string, args ...any) error {
	return &SyntaxError{d.pos, fmt.Sprintf(format, args...)}
}

func (d *Document) blank() {
	for d.pos < len(d.data) {
		switch d.data[d.pos] {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return
		}
	}
}

// value reads into the node at index.
func (d *Document) value(index int32, depth int) error {
	if d.pos == len(d.data) {
		return d.fail("the text ends where a value is expected")
	}
	if depth > MaxDepth {
		return d.fail("values are nested deeper than %d", MaxDepth)
	}
	start := d.pos
	var err error
	switch c := d.data[d.pos]; c {
	case '{':
		err = d.object(index, depth)
	case '[':
		err = d.array(index, depth)
	case '"':
		d.nodes[index].Kind = String
		d.nodes[index].Text, err = d.str()
	case 't':
		err = d.word(index, "true", True)
	case 'f':
		err = d.word(index, "false", False)
	case 'n':
		err = d.word(index, "null", Null)
	default:
		err = d.number(index)
	}
	d.nodes[index].Raw = d.data[start:d.pos]
	return err
}

func (d *Document) word(index int32, word string, kind Kind) error {
	if !bytes.HasPrefix(d.data[d.pos:], []byte(word)) {
		return d.fail("unknown word; there are true, false and null")
	}
	d.nodes[index].Kind = kind
	d.pos += len(word)
	return nil
}

func (d *Document) number(index int32) error {
	start := d.pos
	if d.peek() == '-' {
		d.pos++
	}
	whole := d.digits()
	switch {
	case whole == 0 && d.pos == start:
		return d.fail("unexpected %s", d.shown())
	case whole == 0:
		return d.fail("a number needs a digit after its sign")
	case whole > 1 && d.data[d.pos-whole] == '0':
		d.pos -= whole
		return d.fail("a number must not begin with a zero; write it as a string")
	}
	if d.peek() == '.' {
		d.pos++
		if d.digits() == 0 {
			return d.fail("a number needs a digit after its point")
		}
	}
	if d.peek()|0x20 == 'e' {
		d.pos++
		if d.peek() == '+' || d.peek() == '-' {
			d.pos++
		}
		if d.digits() == 0 {
			return d.fail("a number needs a digit in its exponent")
		}
	}
	d.nodes[index].Kind = Number
	return nil
}

func (d *Document) digits() int {
	start := d.pos
	for d.pos < len(d.data) && d.data[d.pos] >= '0' && d.data[d.pos] <= '9' {
		d.pos++
	}
	return d.pos - start
}

func (d *Document) peek() byte {
	if d.pos < len(d.data) {
		return d.data[d.pos]
	}
	return 0
}

func (d *Document) shown() string {
	if d.pos >= len(d.data) {
		return "end of the text"
	}
	r, _ := utf8.DecodeRune(d.data[d.pos:])
	return fmt.Sprintf("character %q", r)
}
