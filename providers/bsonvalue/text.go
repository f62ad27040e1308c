package bsonvalue

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// ErrTooDeep is more nesting than a server takes.
var ErrTooDeep = errors.New("the document is nested too deep")

// errNameNotUTF8 is a name that no column can have.
var errNameNotUTF8 = errors.New("the name of a field is not valid UTF-8")

// errNotUTF8 is a text that no column of texts can hold.
var errNotUTF8 = errors.New("the text is not valid UTF-8")

// maxDepth is beyond what a server takes (100), and short of what exhausts the stack.
const maxDepth = 200

// JSON is a document as relaxed Extended JSON: numbers, texts and booleans as themselves, what JSON has no type for as an
// object with a dollar sign. What isn't UTF-8 is replaced: the text is for people.
func JSON(document []byte) string {
	w := writer{lenient: true}
	w.document(document, 0)
	if w.err != nil {
		return "(" + w.err.Error() + ")"
	}
	return string(w.out)
}

// Text is a value as a column of texts holds it: a text as it is, an ObjectId as its 24 hex digits, all else as JSON.
func (v Value) Text() ([]byte, error) {
	switch v.Type {
	case String, Symbol:
		if !utf8.Valid(v.text()) {
			return nil, errNotUTF8
		}
		return v.text(), nil
	case ObjectID:
		return hex.AppendEncode(nil, v.Data), nil
	}
	var w writer
	w.value(v, 0)
	return w.out, w.err
}

// Shown is a value in a message.
func (v Value) Shown() string {
	w := writer{lenient: true}
	w.value(v, 0)
	return string(w.out)
}

// writer writes relaxed Extended JSON.
type writer struct {
	out     []byte
	lenient bool
	err     error
}

func (w *writer) raw(text string) { w.out = append(w.out, text...) }

func (w *writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *writer) document(document []byte, depth int) { w.members(document, depth, '{', '}') }

func (w *writer) members(document []byte, depth int, open, end byte) {
	if depth > maxDepth {
		w.fail(ErrTooDeep)
		return
	}
	w.out = append(w.out, open)
	elements := Open(document)
	first := true
	for element, ok := elements.Next(); ok && w.err == nil; element, ok = elements.Next() {
		if !first {
			w.out = append(w.out, ',')
		}
		first = false
		if open == '{' {
			w.quoted(element.Name)
			w.out = append(w.out, ':')
		}
		w.value(element.Value, depth+1)
	}
	if err := elements.Err(); err != nil {
		w.fail(err)
	}
	w.out = append(w.out, end)
}

func (w *writer) value(v Value, depth int) {
	switch v.Type {
	case Document:
		w.document(v.Data, depth)
	case Array:
		w.members(v.Data, depth, '[', ']')
	case String:
		w.quoted(v.text())
	case Boolean:
		w.out = strconv.AppendBool(w.out, v.boolean())
	case Int32, Int64:
		w.out = strconv.AppendInt(w.out, v.long(), 10)
	case Double:
		w.double(v.double())
	case Null, 0:
		w.raw("null")
	case CodeWithScope:
		w.scoped(v.Data, depth)
	default:
		w.wrapped(v)
	}
}

// double keeps a point or an exponent, so that 1.0 isn't the whole number 1.
func (w *writer) double(f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		name := map[bool]string{true: "Infinity", false: "-Infinity"}[f > 0]
		if math.IsNaN(f) {
			name = "NaN"
		}
		w.raw(`{"$numberDouble":"` + name + `"}`)
		return
	}
	start := len(w.out)
	w.out = strconv.AppendFloat(w.out, f, 'G', -1, 64)
	for _, c := range w.out[start:] {
		if c == '.' || c == 'E' {
			return
		}
	}
	w.raw(".0")
}

// wrapped writes what JSON has no type for.
func (w *writer) wrapped(v Value) {
	switch v.Type {
	case ObjectID:
		w.raw(`{"$oid":"` + hex.EncodeToString(v.Data) + `"}`)
	case DateTime:
		w.date(v.long())
	case Decimal128:
		w.raw(`{"$numberDecimal":"` + v.decimal().String() + `"}`)
	case Binary:
		subtype, content := v.bytes()
		w.raw(`{"$binary":{"base64":"` + base64.StdEncoding.EncodeToString(content) + `","subType":"` + hex.EncodeToString([]byte{subtype}) + `"}}`)
	case Timestamp:
		bits := uint64(v.long())
		w.raw(`{"$timestamp":{"t":` + strconv.FormatUint(bits>>32, 10) + `,"i":` + strconv.FormatUint(bits&math.MaxUint32, 10) + `}}`)
	case Regex:
		w.regex(v.Data)
	case DBPointer:
		text, id := v.Data[:len(v.Data)-12], v.Data[len(v.Data)-12:]
		w.raw(`{"$dbPointer":{"$ref":`)
		w.quoted(text[4 : len(text)-1])
		w.raw(`,"$id":{"$oid":"` + hex.EncodeToString(id) + `"}}}`)
	case Code:
		w.named("$code", v.text())
	case Symbol:
		w.named("$symbol", v.text())
	case MinKey:
		w.raw(`{"$minKey":1}`)
	case MaxKey:
		w.raw(`{"$maxKey":1}`)
	case Undefined:
		w.raw(`{"$undefined":true}`)
	default:
		w.fail(ErrMalformed)
	}
}

func (w *writer) named(name string, text []byte) {
	w.raw(`{"` + name + `":`)
	w.quoted(text)
	w.raw("}")
}

func (w *writer) date(milliseconds int64) {
	if at := time.UnixMilli(milliseconds).UTC(); milliseconds >= 0 && at.Year() <= 9999 {
		w.raw(`{"$date":"` + at.Format("2006-01-02T15:04:05.999Z07:00") + `"}`)
		return
	}
	w.raw(`{"$date":{"$numberLong":"` + strconv.FormatInt(milliseconds, 10) + `"}}`)
}

func (w *writer) regex(data []byte) {
	size, _ := sizeOfRegex(data)
	pattern := data[:size-1]
	for i, c := range pattern {
		if c == 0 {
			w.raw(`{"$regularExpression":{"pattern":`)
			w.quoted(pattern[:i])
			w.raw(`,"options":`)
			w.quoted(pattern[i+1:])
			w.raw("}}")
			return
		}
	}
}

// scoped writes code with the variables that it sees.
func (w *writer) scoped(data []byte, depth int) {
	code := data[4:]
	size, ok := sizeOfText(code)
	if !ok || len(code)-size < 5 || int64(binary.LittleEndian.Uint32(code[size:])) != int64(len(code)-size) {
		w.fail(ErrMalformed)
		return
	}
	w.raw(`{"$code":`)
	w.quoted(code[4 : size-1])
	w.raw(`,"$scope":`)
	w.document(code[size:], depth+1)
	w.raw("}")
}

const hexDigits = "0123456789abcdef"

func (w *writer) quoted(text []byte) {
	if !utf8.Valid(text) {
		if !w.lenient {
			w.fail(errNotUTF8)
		}
		text = []byte(string([]rune(string(text))))
	}
	w.out = append(w.out, '"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			w.out = append(w.out, '\\', c)
		case c == '\n':
			w.raw(`\n`)
		case c == '\t':
			w.raw(`\t`)
		case c == '\r':
			w.raw(`\r`)
		case c < 0x20:
			w.out = append(w.out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			w.out = append(w.out, c)
		}
	}
	w.out = append(w.out, '"')
}
