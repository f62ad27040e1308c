package csv

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/automic-etl/etl/plugins/sdk"
)

// blockSize is about how much text a worker gets at once.
const blockSize = 1 << 20

// block is a piece of a file that holds whole records.
type block struct {
	data []byte
	line int64 // of its first byte, from 1
	// bad is set instead of data for a line too long to be held.
	bad *sdk.BadRow
	raw int64 // bytes of the file that were read up to its end
}

// blocks cuts a text into blocks.
type blocks struct {
	in      io.Reader
	dialect *dialect
	source  string
	held    []byte // read, but not yet handed out
	line    int64
	ended   bool // nothing is left to read
	scratch []field
	size    int // of a block, about
	raw     func() int64
}

// next is the next block, or io.EOF.
func (b *blocks) next() (block, error) {
	for want := b.size; ; want *= 2 {
		if err := b.fill(want); err != nil {
			return block{}, err
		}
		if len(b.held) == 0 {
			return block{}, io.EOF
		}
		cut, endless := b.cut()
		if cut > 0 {
			return b.take(cut), nil
		}
		if endless {
			return b.skipLine()
		}
	}
}

// fill reads until at least want bytes are held or the text ends. What is held always has a buffer of its own.
func (b *blocks) fill(want int) error {
	if b.ended || len(b.held) >= want {
		return nil
	}
	buffer := make([]byte, want)
	n := copy(buffer, b.held)
	m, err := io.ReadFull(b.in, buffer[n:])
	b.held = buffer[:n+m]
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		b.ended, err = true, nil
	}
	return err
}

// cut finds the end of the last whole record; endless reports a first line that is longer than allowed and still has
// no end. Without quotes every line break ends a record.
func (b *blocks) cut() (end int, endless bool) {
	d := b.dialect
	if d.quote == 0 || bytes.IndexByte(b.held, d.quote) < 0 {
		if b.ended {
			return len(b.held), false
		}
		end = bytes.LastIndexByte(b.held, d.newline) + 1
		return end, end == 0 && len(b.held) > d.maxLine
	}
	for end < len(b.held) {
		fields, next, how := d.record(b.held, end, b.ended, b.scratch[:0])
		b.scratch = fields
		if how == incomplete || next == end {
			return end, end == 0 && how == overlong
		}
		end = next
	}
	return end, false
}

func (b *blocks) take(n int) block {
	taken := block{data: b.held[:n:n], line: b.line, raw: b.raw()}
	b.held = b.held[n:]
	b.line += int64(bytes.Count(taken.data, []byte{b.dialect.newline}))
	return taken
}

// skipLine passes over a line that is too long to be held, keeping its beginning for the quarantine.
func (b *blocks) skipLine() (block, error) {
	length := int64(0)
	head := bytes.Clone(b.held[:min(len(b.held), rawLimit)])
	for {
		if i := bytes.IndexByte(b.held, b.dialect.newline); i >= 0 {
			length += int64(i)
			b.held = b.held[i+1:]
			break
		}
		length += int64(len(b.held))
		b.held = nil
		if b.ended {
			break
		}
		if err := b.fill(b.size); err != nil {
			return block{}, err
		}
	}
	line := b.line
	b.line++
	if b.dialect.comment != 0 && head[0] == b.dialect.comment {
		return block{raw: b.raw()}, nil
	}
	bad := &sdk.BadRow{
		Raw:      string(head),
		Reason:   fmt.Sprintf("the line has %d bytes, more than the %d that max_line_bytes allows", length, b.dialect.maxLine),
		Source:   b.source,
		Position: position(line),
	}
	return block{bad: bad, raw: b.raw()}, nil
}

// rawLimit is how much of a bad row is kept.
const rawLimit = 64 << 10

func position(line int64) string { return fmt.Sprintf("line %d", line) }
