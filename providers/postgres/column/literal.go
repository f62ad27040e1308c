package column

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// literal reads the server's text form of arrays and composite values.
type literal struct {
	b       []byte
	scratch []byte
}

// eachOfLiteral walks over the elements of an array of one dimension: {1,NULL,"a \"b\""}, perhaps with bounds before it.
func eachOfLiteral(b []byte, delimiter byte, element func([]byte, bool) error) error {
	l := literal{b: withoutBounds(b)}
	if !l.take('{') {
		return errNoValue
	}
	if l.take('}') {
		return l.end()
	}
	for {
		if len(l.b) > 0 && l.b[0] == '{' {
			return errDimensions
		}
		value, quoted, err := l.element(delimiter)
		if err != nil {
			return err
		}
		if err := element(value, !quoted && string(value) == "NULL"); err != nil {
			return err
		}
		if l.take('}') {
			return l.end()
		}
		if !l.take(delimiter) {
			return errNoValue
		}
	}
}

// withoutBounds strips what stands before an array that doesn't count from 1: [0:2]={…}.
func withoutBounds(b []byte) []byte {
	if len(b) > 0 && b[0] == '[' {
		if _, after, there := bytes.Cut(b, []byte{'='}); there {
			return after
		}
	}
	return b
}

func (l *literal) take(c byte) bool {
	if len(l.b) == 0 || l.b[0] != c {
		return false
	}
	l.b = l.b[1:]
	return true
}

func (l *literal) end() error {
	if len(l.b) > 0 {
		return errNoValue
	}
	return nil
}

// element takes one element of an array. It is valid until the next one is taken.
func (l *literal) element(delimiter byte) (value []byte, quoted bool, err error) {
	if l.take('"') {
		value, err = l.quoted()
		return value, true, err
	}
	for i, c := range l.b {
		switch c {
		case delimiter, '}':
			value, l.b = l.b[:i], l.b[i:]
			return value, false, nil
		case '\\', '"', '{':
			return nil, false, errNoValue
		}
	}
	return nil, false, errNoValue
}

// quoted takes text up to its closing quote; in records a quote may be doubled.
func (l *literal) quoted() ([]byte, error) {
	l.scratch = l.scratch[:0]
	for i := 0; i < len(l.b); i++ {
		switch c := l.b[i]; {
		case c == '\\' && i+1 < len(l.b):
			i++
			l.scratch = append(l.scratch, l.b[i])
		case c == '"' && i+1 < len(l.b) && l.b[i+1] == '"':
			i++
			l.scratch = append(l.scratch, '"')
		case c == '"':
			l.b = l.b[i+1:]
			return l.scratch, nil
		default:
			l.scratch = append(l.scratch, c)
		}
	}
	return nil, errNoValue
}

// eachOfRecord walks over the fields of a composite value: (1,"a ""b""",) where nothing between commas is null.
func eachOfRecord(b []byte, field func(int, []byte, bool) error) error {
	l := literal{b: b}
	if !l.take('(') {
		return errNoValue
	}
	for i := 0; ; i++ {
		value, null, err := l.field()
		if err != nil {
			return err
		}
		if err := field(i, value, null); err != nil {
			return err
		}
		if l.take(')') {
			return l.end()
		}
		if !l.take(',') {
			return errNoValue
		}
	}
}

func (l *literal) field() (value []byte, null bool, err error) {
	if l.take('"') {
		value, err = l.quoted()
		return value, false, err
	}
	for i, c := range l.b {
		if c == ',' || c == ')' {
			value, l.b = l.b[:i], l.b[i:]
			return value, i == 0, nil
		}
	}
	return nil, false, errNoValue
}

// appendArray writes an array of any dimensions as JSON.
func appendArray(to, b []byte, from *Shape) ([]byte, error) {
	l := literal{b: withoutBounds(b)}
	start := len(to)
	to, err := l.array(to, from)
	if err == nil {
		err = l.end()
	}
	if err != nil {
		return to[:start], err
	}
	return to, nil
}

func (l *literal) array(to []byte, from *Shape) ([]byte, error) {
	if !l.take('{') {
		return to, errNoValue
	}
	to = append(to, '[')
	for first := true; !l.take('}'); first = false {
		if !first {
			if !l.take(from.Delimiter) {
				return to, errNoValue
			}
			to = append(to, ',')
		}
		var err error
		if len(l.b) > 0 && l.b[0] == '{' {
			to, err = l.array(to, from)
		} else {
			to, err = l.item(to, from)
		}
		if err != nil {
			return to, err
		}
	}
	return append(to, ']'), nil
}

func (l *literal) item(to []byte, from *Shape) ([]byte, error) {
	value, quoted, err := l.element(from.Delimiter)
	if err != nil {
		return to, err
	}
	if !quoted && string(value) == "NULL" {
		return append(to, "null"...), nil
	}
	return appendJSON(to, value, from.Elem), nil
}

// appendJSON writes a value as JSON: numbers, booleans and documents as such, anything else as text.
func appendJSON(to, value []byte, from *Shape) []byte {
	switch from.Natural.Kind {
	case coltype.Boolean:
		if string(value) == "t" {
			return append(to, "true"...)
		}
		return append(to, "false"...)
	case coltype.Int, coltype.Long, coltype.Float, coltype.Double, coltype.Decimal:
		if json.Valid(value) { // not NaN and Infinity
			return append(to, value...)
		}
	}
	if (from.Kind == JSON || from.Kind == JSONB) && json.Valid(value) {
		return append(to, value...)
	}
	return appendQuoted(to, value)
}

func appendQuoted(to, value []byte) []byte {
	const digits = "0123456789abcdef"
	to = append(to, '"')
	for len(value) > 0 {
		c, size := utf8.DecodeRune(value)
		switch {
		case c == '"' || c == '\\':
			to = append(to, '\\', byte(c))
		case c < ' ':
			to = append(to, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			to = append(to, value[:size]...)
		}
		value = value[size:]
	}
	return append(to, '"')
}
