package json

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/filesource"
)

const (
	pieceSize = 1 << 20
	rawLimit  = 64 << 10
)

// item is a value's place in a piece.
type item struct {
	start, end int
	line       int64
}

// piece is a part of a file with whole values.
type piece struct {
	data  []byte
	items []item // nil: the lines are the values
	line  int64
	bad   *sdk.BadRow // a line too long to be held
	raw   int64
}

// pieces cuts a text into pieces.
type pieces struct {
	in        io.Reader
	source    string
	layout    layout
	maxRecord int
	size      int // of a piece, about
	raw       func() int64
	held      []byte
	line      int64
	column    int // of what is held, in its line
	ended     bool
	begun     bool // the array's opening bracket was read
	closed    bool // the array's closing bracket was read
	none      bool // no value of the array was read yet
	comma     bool // the last thing read was a comma, or the opening bracket
}

func (p *pieces) next() (piece, error) {
	if p.layout == lines {
		return p.nextLines()
	}
	return p.nextValues()
}

func (p *pieces) fill(want int) error {
	if p.ended || len(p.held) >= want {
		return nil
	}
	buffer := make([]byte, want)
	n := copy(buffer, p.held)
	m, err := io.ReadFull(p.in, buffer[n:])
	p.held = buffer[:n+m]
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		p.ended, err = true, nil
	}
	return err
}

// take hands out the beginning of what is held and keeps count of lines and columns.
func (p *pieces) take(n int) []byte {
	taken := p.held[:n:n]
	p.held = p.held[n:]
	if breaks := bytes.Count(taken, []byte("\n")); breaks > 0 {
		p.line += int64(breaks)
		p.column = n - bytes.LastIndexByte(taken, '\n') - 1
	} else {
		p.column += n
	}
	return taken
}

func (p *pieces) nextLines() (piece, error) {
	for want := p.size; ; want *= 2 {
		if err := p.fill(want); err != nil {
			return piece{}, err
		}
		if len(p.held) == 0 {
			return piece{}, io.EOF
		}
		cut := bytes.LastIndexByte(p.held, '\n') + 1
		if p.ended {
			cut = len(p.held)
		}
		if cut > 0 {
			line := p.line
			return piece{data: p.take(cut), line: line, raw: p.raw()}, nil
		}
		if len(p.held) > p.maxRecord {
			return p.skipLine()
		}
	}
}

// skipLine passes over a line that is too long to be held.
func (p *pieces) skipLine() (piece, error) {
	head := bytes.Clone(p.held[:min(len(p.held), rawLimit)])
	line, length := p.line, int64(0)
	for {
		if i := bytes.IndexByte(p.held, '\n'); i >= 0 {
			length += int64(i)
			p.take(i + 1)
			break
		}
		length += int64(len(p.held))
		p.held = nil
		if p.ended {
			break
		}
		if err := p.fill(p.size); err != nil {
			return piece{}, err
		}
	}
	return piece{raw: p.raw(), bad: &sdk.BadRow{
		Raw:      string(head),
		Reason:   fmt.Sprintf("the line has %d bytes, more than the %d that max_line_bytes allows", length, p.maxRecord),
		Source:   p.source,
		Position: position(line),
	}}, nil
}

// broken is an error of the document's structure, after which no further row can be found.
func (p *pieces) broken(at int, what string) error {
	p.take(min(at, len(p.held)))
	return filesource.Problem("Broken JSON document", fmt.Sprintf("In %s, at line %d, character %d: %s. Nothing of this file is "+
		"loaded. Repair it, or get it again from where it came.", p.source, p.line, p.column+1, what), "path")
}

func position(line int64) string { return fmt.Sprintf("line %d", line) }
