package json

import (
	"bytes"
	"fmt"
	"io"
)

// nextValues collects values of an array, or values that follow each other.
func (p *pieces) nextValues() (piece, error) {
	for want := p.size; ; want *= 2 {
		if p.closed {
			return piece{}, p.finish()
		}
		if err := p.fill(want); err != nil {
			return piece{}, err
		}
		items, used, err := p.collect()
		if err != nil {
			return piece{}, err
		}
		if len(items) > 0 {
			line := p.line
			return piece{data: p.take(used), items: items, line: line, raw: p.raw()}, nil
		}
		p.take(used)
		if p.ended {
			return piece{}, p.finish()
		}
		if len(p.held) > p.maxRecord {
			return piece{}, p.tooLarge(0)
		}
	}
}

func (p *pieces) tooLarge(at int) error {
	return p.broken(at, fmt.Sprintf("this value has more than the %d bytes that max_line_bytes allows", p.maxRecord))
}

// collect finds the whole values in what is held, and how far they reach with what is between them.
func (p *pieces) collect() (items []item, used int, err error) {
	data, line, counted := p.held, p.line, 0
	for pos := 0; ; {
		if pos, err = p.between(data, pos); err != nil || p.closed || pos == len(data) {
			return items, pos, err
		}
		used = pos
		end, ok := extent(data, pos)
		if !ok && !p.ended {
			return items, used, nil
		}
		if !ok && (data[pos] == '{' || data[pos] == '[' || data[pos] == '"') {
			if len(items) > 0 {
				return items, used, nil // reported when it comes first
			}
			return nil, 0, p.broken(pos, "this value is opened and never closed; the file may be cut off")
		}
		if end-pos > p.maxRecord && len(items) > 0 {
			return items, used, nil
		}
		if end-pos > p.maxRecord {
			return nil, 0, p.tooLarge(pos)
		}
		if end == pos {
			return nil, 0, p.broken(pos, fmt.Sprintf("a value is expected, not %q", data[pos]))
		}
		line += int64(bytes.Count(data[counted:pos], []byte("\n")))
		counted = pos
		items = append(items, item{pos, end, line})
		p.comma, p.none, pos = false, false, end
	}
}

// between passes over what stands between values: brackets and commas of an array, blanks otherwise.
func (p *pieces) between(data []byte, pos int) (int, error) {
	if pos = skipBlank(data, pos); p.layout != array || pos == len(data) {
		return pos, nil
	}
	if !p.begun {
		if data[pos] != '[' {
			return pos, p.broken(pos, fmt.Sprintf("an array is expected to begin here, not %q", data[pos]))
		}
		p.begun, p.none, p.comma = true, true, true
		pos = skipBlank(data, pos+1)
	}
	if pos < len(data) && !p.comma {
		if data[pos] != ',' && data[pos] != ']' {
			return pos, p.broken(pos, fmt.Sprintf("a comma or the end of the array is expected, not %q", data[pos]))
		}
		if data[pos] == ',' {
			p.comma = true
			pos = skipBlank(data, pos+1)
		}
	}
	switch {
	case pos == len(data) || data[pos] != ']':
		return pos, nil
	case p.comma && !p.none:
		return pos, p.broken(pos, "the array ends after a comma")
	}
	p.closed = true
	return pos + 1, nil
}

// finish makes sure that the text ends where the document does.
func (p *pieces) finish() error {
	if p.layout == array && !p.closed {
		if !p.begun {
			return io.EOF
		}
		return p.broken(len(p.held), "the array is never closed; the file may be cut off")
	}
	for {
		if rest := skipBlank(p.held, 0); rest < len(p.held) {
			return p.broken(rest, "something follows the end of the document")
		}
		if p.take(len(p.held)); p.ended {
			return io.EOF
		}
		if err := p.fill(p.size); err != nil {
			return err
		}
	}
}
