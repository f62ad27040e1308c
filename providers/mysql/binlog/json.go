package binlog

import (
	"encoding/base64"
	"errors"
	"math"
	"strconv"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"

	"github.com/automic-etl/etl/providers/mysql/cell"
)

// Kinds of values in the server's binary JSON.
const (
	smallObject = iota
	largeObject
	smallArray
	largeArray
	literal
	int16Value
	uint16Value
	int32Value
	uint32Value
	int64Value
	uint64Value
	doubleValue
	stringValue
	opaqueValue = 15
)

const (
	// maxJSONDepth is the server's own.
	maxJSONDepth = 100
	// maxJSONGrowth is how many times longer than its binary form a text can be: six for a byte that is escaped, and
	// eight for a number of two bytes. What is longer refers to its parts in circles.
	maxJSONGrowth = 16
)

// bounds end values that never would.
type bounds struct{ depth, length int }

var errJSON = errors.New("a JSON value can't be read")

// appendJSON spells binary JSON as the server does when it is asked for the column.
func appendJSON(out, data []byte) ([]byte, error) {
	if len(data) == 0 { // INSERT IGNORE of null
		return append(out, "null"...), nil
	}
	return appendValue(out, data[0], data[1:], bounds{maxJSONDepth, len(out) + maxJSONGrowth*(len(data)+16)})
}

func appendValue(out []byte, kind byte, data []byte, limits bounds) ([]byte, error) {
	in := &source{data: data}
	switch kind {
	case smallObject, largeObject, smallArray, largeArray:
		limits.depth--
		if limits.depth < 0 || len(out) > limits.length {
			return out, errJSON
		}
		return appendContainer(out, kind, data, limits)
	case literal:
		words := []string{"null", "true", "false"}
		which := int(in.little(1))
		if which >= len(words) {
			return out, errJSON
		}
		out = append(out, words[which]...)
	case int16Value:
		out = strconv.AppendInt(out, signed(in.little(2), 2), 10)
	case uint16Value:
		out = strconv.AppendUint(out, in.little(2), 10)
	case int32Value:
		out = strconv.AppendInt(out, signed(in.little(4), 4), 10)
	case uint32Value:
		out = strconv.AppendUint(out, in.little(4), 10)
	case int64Value:
		out = strconv.AppendInt(out, int64(in.little(8)), 10)
	case uint64Value:
		out = strconv.AppendUint(out, in.little(8), 10)
	case doubleValue:
		v := math.Float64frombits(in.little(8))
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return out, errJSON
		}
		out = appendDouble(out, v)
	case stringValue:
		out = appendQuoted(out, in.take(variableLength(in)))
	case opaqueValue:
		out = appendOpaque(out, in)
	default:
		return out, errJSON
	}
	if in.short {
		return out, errJSON
	}
	return out, nil
}

// appendContainer reads the head: how many members, how many bytes, of an object where each key is, and where each value
// is or, of small ones, the value itself.
func appendContainer(out []byte, kind byte, data []byte, limits bounds) ([]byte, error) {
	width, isObject := 2, kind <= largeObject
	if kind == largeObject || kind == largeArray {
		width = 4
	}
	in := &source{data: data}
	count, size := int(in.little(width)), int(in.little(width))
	if size > len(data) || count > size {
		return out, errJSON
	}
	brackets := "[]"
	var keys source
	if isObject {
		brackets = "{}"
		keys = source{data: in.take(count * (width + 2))}
	}
	values := source{data: in.take(count * (width + 1))}
	out = append(out, brackets[0])
	for i := range count {
		if i > 0 {
			out = append(out, ", "...)
		}
		if isObject {
			out = append(appendQuoted(out, within(data, int(keys.little(width)), int(keys.little(2)))), ": "...)
		}
		var err error
		if out, err = appendMember(out, data, &values, width, limits); err != nil {
			return out, err
		}
	}
	if in.short || values.short || keys.short {
		return out, errJSON
	}
	return append(out, brackets[1]), nil
}

func appendMember(out, data []byte, values *source, width int, limits bounds) ([]byte, error) {
	kind, entry := byte(values.little(1)), values.take(width)
	switch {
	case kind == literal, kind == int16Value, kind == uint16Value, width == 4 && (kind == int32Value || kind == uint32Value):
		return appendValue(out, kind, entry, limits)
	}
	at := &source{data: entry}
	offset := int(at.little(width))
	if offset > len(data) {
		return out, errJSON
	}
	return appendValue(out, kind, data[offset:], limits)
}

func within(data []byte, offset, length int) []byte {
	if offset < 0 || offset+length > len(data) {
		return nil
	}
	return data[offset : offset+length]
}

// variableLength has seven bits a byte, the lowest first.
func variableLength(in *source) int {
	length := 0
	for shift := 0; shift < 35; shift += 7 {
		b := int(in.little(1))
		length |= b & 0x7f << shift
		if b < 0x80 {
			break
		}
	}
	return length
}

// appendDouble has a point or an exponent even where the number is whole.
func appendDouble(out []byte, v float64) []byte {
	from := len(out)
	exponent := strconv.FormatFloat(v, 'e', -1, 64)
	power, _ := strconv.Atoi(exponent[1+lastIndex(exponent, 'e'):])
	if power >= -15 && power < 15 || v == 0 {
		out = strconv.AppendFloat(out, v, 'f', -1, 64)
		if lastIndex(string(out[from:]), '.') < 0 {
			out = append(out, ".0"...)
		}
		return out
	}
	mantissa := exponent[:lastIndex(exponent, 'e')]
	return strconv.AppendInt(append(append(out, mantissa...), 'e'), int64(power), 10)
}

func lastIndex(text string, c byte) int {
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] == c {
			return i
		}
	}
	return -1
}

func appendQuoted(out, text []byte) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	for _, c := range text {
		switch {
		case c == '"', c == '\\':
			out = append(out, '\\', c)
		case c >= ' ':
			out = append(out, c)
		case c == '\b':
			out = append(out, `\b`...)
		case c == '\f':
			out = append(out, `\f`...)
		case c == '\n':
			out = append(out, `\n`...)
		case c == '\r':
			out = append(out, `\r`...)
		case c == '\t':
			out = append(out, `\t`...)
		default:
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(out, '"')
}

// appendOpaque spells values that JSON has no kind for: decimals, times, and bytes as base64 behind their type.
func appendOpaque(out []byte, in *source) []byte {
	kind := byte(in.little(1))
	value := &source{data: in.take(variableLength(in))}
	switch kind {
	case gomysql.MYSQL_TYPE_NEWDECIMAL:
		precision, scale := int(value.little(1)), int(value.little(1))
		out = appendDecimal(out, value, precision, scale)
	case gomysql.MYSQL_TYPE_TIME, gomysql.MYSQL_TYPE_DATE, gomysql.MYSQL_TYPE_DATETIME, gomysql.MYSQL_TYPE_TIMESTAMP:
		out = append(out, '"')
		out = appendPacked(out, kind, int64(value.little(8)))
		out = append(out, '"')
	default:
		out = append(out, `"base64:type`...)
		out = append(strconv.AppendInt(out, int64(kind), 10), ':')
		out = base64.StdEncoding.AppendEncode(out, value.data)
		return append(out, '"')
	}
	in.short = in.short || value.short
	return out
}

// appendPacked spells a time with 24 bits of fraction.
func appendPacked(out []byte, kind byte, v int64) []byte {
	c := cell.Cell{Kind: cell.DateTime}
	negative := v < 0
	if negative {
		v = -v
	}
	micros := int(v & (1<<24 - 1))
	switch kind {
	case gomysql.MYSQL_TYPE_TIME:
		clock := v >> 24
		c.Kind = cell.Clock
		c.Moment = cell.Moment{Hour: int(clock >> 12 & 1023), Minute: int(clock >> 6 & 63), Second: int(clock & 63), Negative: negative}
	case gomysql.MYSQL_TYPE_DATE:
		c.Kind = cell.Date
		c.Moment = unpackDatetime(v >> 24)
	default:
		c.Moment = unpackDatetime(v >> 24)
	}
	c.Moment.Micros, c.Moment.Digits = micros, 6
	return c.AppendText(out)
}
