package column

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Tuples reads the stream of COPY … TO STDOUT (FORMAT binary) into columns.
type Tuples struct {
	columns []Column
	// bad is told of rows that can't be represented. They are in no column.
	bad   func(values Values, column int, reason error)
	rows  int
	bytes int
	begun bool
	ended bool
	rest  []byte // of a tuple that was cut
}

// Values are the fields of one row as they came. A nil one is null.
type Values [][]byte

// NewTuples fills columns, which have the order of the copied ones.
func NewTuples(columns []Column, bad func(values Values, column int, reason error)) *Tuples {
	return &Tuples{columns: columns, bad: bad}
}

// Rows is how many rows the columns hold.
func (t *Tuples) Rows() int { return t.rows }

// Bytes is how much was read since the last Begin.
func (t *Tuples) Bytes() int { return t.bytes }

// Begin starts counting anew, once the columns were handed over.
func (t *Tuples) Begin() { t.rows, t.bytes = 0, 0 }

// Next prepares for another COPY.
func (t *Tuples) Next() { t.begun, t.ended, t.rest = false, false, t.rest[:0] }

const copyHeader = "PGCOPY\n\xff\r\n\x00"

// Feed takes a piece of the stream. Servers send a row a piece, but nothing says that they must.
func (t *Tuples) Feed(piece []byte) error {
	t.bytes += len(piece)
	if len(t.rest) > 0 {
		t.rest = append(t.rest, piece...)
		piece = t.rest
	}
	used, err := t.consume(piece)
	if err != nil {
		return err
	}
	t.rest = append(t.rest[:0], piece[used:]...)
	return nil
}

func (t *Tuples) consume(b []byte) (used int, err error) {
	if !t.begun {
		if used = t.header(b); used == 0 {
			return 0, headerError(b)
		}
		t.begun = true
	}
	for used < len(b) && !t.ended {
		n, err := t.tuple(b[used:])
		if err != nil {
			return 0, err
		}
		if n == 0 {
			break
		}
		used += n
	}
	return used, nil
}

// header skips what comes before the first tuple: the signature, flags, and an extension that has a length.
func (t *Tuples) header(b []byte) int {
	const fixedPart = len(copyHeader) + 8
	if len(b) < fixedPart || !bytes.HasPrefix(b, []byte(copyHeader)) {
		return 0
	}
	whole := fixedPart + int(binary.BigEndian.Uint32(b[fixedPart-4:]))
	if len(b) < whole {
		return 0
	}
	return whole
}

func headerError(b []byte) error {
	if n := min(len(b), len(copyHeader)); string(b[:n]) != copyHeader[:n] {
		return fmt.Errorf("the server's copy begins with %q, which is no binary copy", b[:n])
	}
	return nil
}

// tuple appends one row and returns its length, 0 if it isn't whole yet.
func (t *Tuples) tuple(b []byte) (int, error) {
	if len(b) < 2 {
		return 0, nil
	}
	n := int(int16(binary.BigEndian.Uint16(b)))
	if n == -1 {
		t.ended = true
		return 2, nil
	}
	if n != len(t.columns) {
		return 0, fmt.Errorf("the server's copy has a row of %d fields where %d were asked for", n, len(t.columns))
	}
	at := 2
	for i, c := range t.columns {
		if len(b) < at+4 {
			return 0, t.undo(i)
		}
		length := int(int32(binary.BigEndian.Uint32(b[at:])))
		at += 4
		if length < 0 {
			c.Null()
			continue
		}
		if len(b) < at+length {
			return 0, t.undo(i)
		}
		if reason := c.Append(b[at : at+length]); reason != nil {
			_ = t.undo(i)
			return t.refuse(b, i, reason), nil
		}
		at += length
	}
	t.rows++
	return at, nil
}

// undo takes back what the first columns have of a row.
func (t *Tuples) undo(columns int) error {
	for _, c := range t.columns[:columns] {
		c.Truncate(t.rows)
	}
	return nil
}

// refuse reports a row that can't be represented, if it is whole.
func (t *Tuples) refuse(b []byte, column int, reason error) int {
	values := make(Values, len(t.columns))
	at := 2
	for i := range values {
		value, rest, null, err := field(b[at:])
		if err != nil {
			return 0
		}
		if !null {
			values[i] = value
		}
		at = len(b) - len(rest)
	}
	t.bad(values, column, reason)
	return at
}
