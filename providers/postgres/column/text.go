package column

import (
	"encoding/hex"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/textvalue"
)

// newText makes a column of any type for values as the server writes them.
func newText(t arrow.DataType, want coltype.Type, from *Shape) Column {
	switch want.Kind {
	case coltype.Boolean:
		return &booleans{parse: textBoolean}
	case coltype.Int:
		return newFixed(t, 4, arrow.Int32Traits.CastToBytes, valued(textvalue.Int))
	case coltype.Long:
		return newFixed(t, 8, arrow.Int64Traits.CastToBytes, valued(textvalue.Long))
	case coltype.Float:
		return newFixed(t, 4, arrow.Float32Traits.CastToBytes, valued(textvalue.Float))
	case coltype.Double:
		return newFixed(t, 8, arrow.Float64Traits.CastToBytes, valued(textvalue.Double))
	case coltype.Decimal:
		return newFixed(t, 16, arrow.Decimal128Traits.CastToBytes, textDecimal(want))
	case coltype.Date:
		return newFixed(t, 4, arrow.Int32Traits.CastToBytes, textDate)
	case coltype.Time:
		return newFixed(t, 8, arrow.Int64Traits.CastToBytes, textTime)
	case coltype.Timestamp:
		return newFixed(t, 8, arrow.Int64Traits.CastToBytes, textTimestamp)
	case coltype.Timestamptz:
		if from.Base == "timestamp" { // it has no zone, and is taken as UTC
			return newFixed(t, 8, arrow.Int64Traits.CastToBytes, textTimestamp)
		}
		return newFixed(t, 8, arrow.Int64Traits.CastToBytes, textTimestamptz)
	case coltype.UUID:
		return newFixed(t, 16, uuidBytes, valued(textvalue.UUID))
	case coltype.Binary:
		return &texts{t: t, convert: textBytes}
	case coltype.String:
		return newStrings(t, from)
	}
	return newTextNested(t, want, from)
}

// newStrings keeps the server's text, but writes arrays as JSON.
func newStrings(t arrow.DataType, from *Shape) Column {
	c := &texts{t: t, checked: from.Unchecked}
	if from.Kind == Array {
		c.convert = func(to, value []byte) ([]byte, error) { return appendArray(to, value, from) }
	}
	return c
}

func newTextNested(t arrow.DataType, want coltype.Type, from *Shape) Column {
	switch {
	case want.Kind == coltype.List && from.Kind == Array:
		elem := newText(arrowElem(t), want.Elem.Type, from.Elem)
		return &list{t: t, elem: elem, each: func(b []byte, element func([]byte, bool) error) error {
			return eachOfLiteral(b, from.Delimiter, element)
		}}
	case want.Kind == coltype.Struct && from.Kind == Composite:
		return newStructs(t, want, from, Text, eachOfRecord)
	case from.Kind == JSON || from.Kind == JSONB:
		return newDocuments(t, want)
	}
	return &refused{absent{t: t}}
}

// refused is a column of a type that no text of the source can become.
type refused struct{ absent }

func (*refused) Append([]byte) error { return errNoValue }

func valued[T any](parse func([]byte) (T, bool)) func([]byte) (T, error) {
	return func(b []byte) (T, error) {
		v, ok := parse(b)
		if !ok {
			return v, errNoValue
		}
		return v, nil
	}
}

func textBoolean(b []byte) (bool, error) {
	switch string(b) {
	case "t", "true":
		return true, nil
	case "f", "false":
		return false, nil
	}
	return false, errNoValue
}

func textDecimal(want coltype.Type) func([]byte) (decimal128.Num, error) {
	return func(b []byte) (decimal128.Num, error) {
		v, ok := textvalue.Decimal(b, want.Precision, want.Scale)
		switch {
		case ok:
			return v, nil
		case string(b) == "NaN":
			return v, errNotNumber
		case string(b) == "Infinity" || string(b) == "-Infinity":
			return v, errInfinite
		}
		if _, number := textvalue.Double(b); number {
			return v, errDigits
		}
		return v, errNoValue
	}
}

// textBytes reads bytea, which begins with \x, and the hexadecimal digits of a geometry.
func textBytes(to, value []byte) ([]byte, error) {
	if len(value) >= 2 && value[0] == '\\' && value[1] == 'x' {
		value = value[2:]
	}
	from := len(to)
	to = append(to, make([]byte, hex.DecodedLen(len(value)))...)
	if _, err := hex.Decode(to[from:], value); err != nil {
		return to[:from], errNoValue
	}
	return to, nil
}
