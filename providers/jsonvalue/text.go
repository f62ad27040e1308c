package jsonvalue

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// str reads a string. Without escapes it is a part of the text, else it gets a place of its own.
func (d *Document) str() ([]byte, error) {
	d.pos++
	start := d.pos
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; {
		case c == '"':
			d.pos++
			return d.data[start : d.pos-1], nil
		case c == '\\':
			return d.escaped(start)
		case c < 0x20:
			return nil, d.fail("a string must not hold the control character %q; write it as an escape", rune(c))
		}
		d.pos++
	}
	return nil, d.fail("the text ends inside a string")
}

func (d *Document) escaped(start int) ([]byte, error) {
	out := bytes.Clone(d.data[start:d.pos])
	for d.pos < len(d.data) {
		c := d.data[d.pos]
		switch {
		case c == '"':
			d.pos++
			return out, nil
		case c < 0x20:
			return nil, d.fail("a string must not hold the control character %q; write it as an escape", rune(c))
		case c != '\\':
			out = append(out, c)
			d.pos++
			continue
		}
		var err error
		if out, err = d.escape(out); err != nil {
			return nil, err
		}
	}
	return nil, d.fail("the text ends inside a string")
}

// escape reads one escape after its backslash.
func (d *Document) escape(out []byte) ([]byte, error) {
	if d.pos+1 >= len(d.data) {
		d.pos = len(d.data)
		return nil, d.fail("the text ends inside a string")
	}
	c := d.data[d.pos+1]
	if c == 'u' {
		return d.unicode(out)
	}
	i := bytes.IndexByte([]byte(`"\/bfnrt`), c)
	if i < 0 {
		return nil, d.fail("unknown escape \\%c in a string", c)
	}
	d.pos += 2
	return append(out, "\"\\/\b\f\n\r\t"[i]), nil
}

func (d *Document) unicode(out []byte) ([]byte, error) {
	r, ok := d.hex(d.pos)
	if !ok {
		return nil, d.fail("the escape \\u needs four hex digits")
	}
	if !utf16.IsSurrogate(r) {
		d.pos += 6
		return utf8.AppendRune(out, r), nil
	}
	low, ok := d.hex(d.pos + 6)
	full := utf16.DecodeRune(r, low)
	if !ok || full == utf8.RuneError {
		return nil, d.fail("half of a surrogate pair stands alone")
	}
	d.pos += 12
	return utf8.AppendRune(out, full), nil
}

// hex reads \uXXXX at a place.
func (d *Document) hex(pos int) (rune, bool) {
	if pos+6 > len(d.data) || d.data[pos] != '\\' || d.data[pos+1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range d.data[pos+2 : pos+6] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
