package pgoutput

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// microsTo2000 leads from 2000, where the server counts from, to 1970.
const microsTo2000 = 946_684_800_000_000

// Parser reads messages. What it returns is valid until the next one is read.
type Parser struct {
	old, new []Value
}

// Parse reads one message.
func (p *Parser) Parse(b []byte) (Message, error) {
	r := &reader{b: b}
	kind := r.byte()
	message := p.parse(kind, r)
	if r.short {
		return nil, fmt.Errorf("the server sent a message of kind %q that is too short", kind)
	}
	return message, r.err
}

func (p *Parser) parse(kind byte, r *reader) Message {
	switch kind {
	case 'B':
		return Begin{Commit: LSN(r.uint64()), Micros: int64(r.uint64()) + microsTo2000, ID: r.uint32()}
	case 'C':
		r.byte()
		return Commit{LSN: LSN(r.uint64()), End: LSN(r.uint64())}
	case 'R':
		return r.relation()
	case 'I':
		m := Insert{Relation: r.uint32()}
		r.expect('N')
		p.new = r.tuple(p.new)
		m.New = p.new
		return m
	case 'U':
		return p.update(r)
	case 'D':
		m := Delete{Relation: r.uint32(), Known: Old(r.byte())}
		p.old = r.tuple(p.old)
		m.Old = p.old
		return m
	case 'T':
		return r.truncate()
	}
	return Other{Kind: kind}
}

func (p *Parser) update(r *reader) Message {
	m := Update{Relation: r.uint32()}
	next := r.byte()
	if next == byte(OldKey) || next == byte(OldRow) {
		m.Known = Old(next)
		p.old = r.tuple(p.old)
		m.Old = p.old
		next = r.byte()
	}
	if next != 'N' {
		r.fail("an update without a new row")
		return m
	}
	p.new = r.tuple(p.new)
	m.New = p.new
	return m
}

func (r *reader) relation() Message {
	m := Relation{ID: r.uint32(), Schema: r.string(), Name: r.string()}
	r.byte() // the replica identity, which each column tells as well
	n := r.uint16()
	for range n {
		if r.short {
			break
		}
		m.Columns = append(m.Columns, Column{Key: r.byte()&1 == 1, Name: r.string(), Type: r.uint32(), Typmod: int32(r.uint32())})
	}
	return m
}

func (r *reader) truncate() Message {
	n := r.uint32()
	r.byte() // options: cascade, restart identity
	var m Truncate
	for range n {
		if r.short {
			break
		}
		m.Relations = append(m.Relations, r.uint32())
	}
	return m
}

// reader takes fields off a message. After one that is cut short, all are zero.
type reader struct {
	b     []byte
	short bool
	err   error
}

func (r *reader) take(n int) []byte {
	if len(r.b) < n {
		r.short, r.b = true, nil
		return nil
	}
	taken := r.b[:n]
	r.b = r.b[n:]
	return taken
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) uint16() uint16 {
	if b := r.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (r *reader) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// string is text up to a zero.
func (r *reader) string() string {
	end := bytes.IndexByte(r.b, 0)
	if end < 0 {
		r.short, r.b = true, nil
		return ""
	}
	text := string(r.b[:end])
	r.b = r.b[end+1:]
	return text
}

func (r *reader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("the server sent %s", what)
	}
}

func (r *reader) expect(kind byte) {
	if got := r.byte(); got != kind && !r.short {
		r.fail(fmt.Sprintf("a row of kind %q where %q was expected", got, kind))
	}
}

// tuple reads a row into values, whose memory is used again.
func (r *reader) tuple(values []Value) []Value {
	values = values[:0]
	n := r.uint16()
	for range n {
		if r.short {
			break
		}
		v := Value{Kind: r.byte()}
		switch v.Kind {
		case Null, Unchanged:
		case Text:
			v.Data = r.take(int(r.uint32()))
			if v.Data == nil {
				v.Data = []byte{}
			}
		default:
			r.fail(fmt.Sprintf("a value of kind %q", v.Kind))
		}
		values = append(values, v)
	}
	return values
}
