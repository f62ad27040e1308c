package textvalue

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/extensions"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Append appends the value that a text stands for to a builder of its type; it reports whether there is one.
func Append(builder array.Builder, text []byte, t coltype.Type) bool {
	switch b := builder.(type) {
	case *array.BooleanBuilder:
		return put(b.Append, text, Boolean)
	case *extensions.UUIDBuilder:
		return put(b.AppendBytes, text, UUID)
	case *array.BinaryBuilder:
		return put(b.Append, text, Binary)
	case *array.Int64Builder:
		return put(b.Append, text, Long)
	case *array.Int32Builder:
		return put(b.Append, text, Int)
	case *array.Float64Builder:
		return put(b.Append, text, Double)
	case *array.Float32Builder:
		return put(b.Append, text, Float)
	case *array.Decimal128Builder:
		return put(b.Append, text, func(text []byte) (decimal128.Num, bool) { return Decimal(text, t.Precision, t.Scale) })
	case *array.Date32Builder:
		return put(func(days int32) { b.Append(arrow.Date32(days)) }, text, Date)
	case *array.Time64Builder:
		return put(func(micros int64) { b.Append(arrow.Time64(micros)) }, text, Time)
	case *array.TimestampBuilder:
		read := Timestamp
		if t.Kind == coltype.Timestamptz {
			read = Timestamptz
		}
		return put(func(micros int64) { b.Append(arrow.Timestamp(micros)) }, text, read)
	}
	return false
}

func put[T any](to func(T), text []byte, read func([]byte) (T, bool)) bool {
	value, ok := read(text)
	if ok {
		to(value)
	}
	return ok
}
