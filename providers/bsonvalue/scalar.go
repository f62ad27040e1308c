package bsonvalue

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/extensions"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/textvalue"
)

// scalar appends a value of a flat type. Numbers, dates and the like may stand in texts where the type was declared.
func scalar(builder array.Builder, v Value, t coltype.Type) bool {
	if v.Type == String {
		return textvalue.Append(builder, v.text(), t)
	}
	switch b := builder.(type) {
	case *array.BooleanBuilder:
		if v.Type != Boolean {
			return false
		}
		b.Append(v.boolean())
		return true
	case *extensions.UUIDBuilder:
		if v.Type != Binary || !v.uuid() {
			return false
		}
		_, content := v.bytes()
		b.AppendBytes([16]byte(content))
		return true
	case *array.BinaryBuilder:
		if v.Type != Binary {
			return false
		}
		_, content := v.bytes()
		b.Append(content)
		return true
	}
	if v.isNumber() {
		return number(builder, v, t)
	}
	return v.Type == DateTime && date(builder, v.long(), t)
}

func number(builder array.Builder, v Value, t coltype.Type) bool {
	switch b := builder.(type) {
	case *array.Int64Builder:
		n, ok := v.whole()
		return put(ok, b.Append, n)
	case *array.Int32Builder:
		n, ok := v.whole()
		return put(ok && n >= math.MinInt32 && n <= math.MaxInt32, b.Append, int32(n))
	case *array.Float64Builder:
		f, ok := v.exactDouble()
		return put(ok, b.Append, f)
	case *array.Float32Builder:
		f, ok := v.exactFloat()
		return put(ok, b.Append, f)
	case *array.Decimal128Builder:
		n, ok := v.exactDecimal(t.Precision, t.Scale)
		return put(ok, b.Append, n)
	}
	return false
}

// The dates that every engine can read: years 1 to 9999, in milliseconds since 1970.
const (
	firstDate       = -62_135_596_800_000
	lastDate        = 253_402_300_799_999
	millisPerDay    = 86_400_000
	microsPerMillis = 1000
)

func rangeHint(milliseconds int64) string {
	if milliseconds < firstDate || milliseconds > lastDate {
		return ": it lies outside the years 1 to 9999"
	}
	return ""
}

func date(builder array.Builder, milliseconds int64, t coltype.Type) bool {
	if milliseconds < firstDate || milliseconds > lastDate {
		return false
	}
	switch b := builder.(type) {
	case *array.TimestampBuilder: // with a zone or without, the moment is told in UTC
		b.Append(arrow.Timestamp(milliseconds * microsPerMillis))
		return true
	case *array.Date32Builder:
		return put(milliseconds%millisPerDay == 0 && t.Kind == coltype.Date, b.Append, arrow.Date32(milliseconds/millisPerDay))
	}
	return false
}

func put[T any](ok bool, to func(T), value T) bool {
	if ok {
		to(value)
	}
	return ok
}
