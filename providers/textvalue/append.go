package textvalue

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/extensions"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Append appends the value that a text stands for to a builder of its type; it reports whether there is one.
func Append(builder array.Builder, text []byte, t coltype.Type) bool {
	switch b := builder.(type) {
	case *array.BooleanBuilder:
		value, ok := Boolean(text)
		return put(ok, b.Append, value)
	case *extensions.UUIDBuilder:
		id, ok := UUID(text)
		return put(ok, b.AppendBytes, id)
	case *array.BinaryBuilder:
		value, ok := Binary(text)
		return put(ok, b.Append, value)
	case *array.Int64Builder:
		value, ok := Long(text)
		return put(ok, b.Append, value)
	case *array.Int32Builder:
		value, ok := Int(text)
		return put(ok, b.Append, value)
	case *array.Float64Builder:
		value, ok := Double(text)
		return put(ok, b.Append, value)
	case *array.Float32Builder:
		value, ok := Float(text)
		return put(ok, b.Append, value)
	case *array.Decimal128Builder:
		value, ok := Decimal(text, t.Precision, t.Scale)
		return put(ok, b.Append, value)
	}
	return appendClock(builder, text, t)
}

func appendClock(builder array.Builder, text []byte, t coltype.Type) bool {
	switch b := builder.(type) {
	case *array.Date32Builder:
		value, ok := Date(text)
		return put(ok, b.Append, arrow.Date32(value))
	case *array.Time64Builder:
		value, ok := Time(text)
		return put(ok, b.Append, arrow.Time64(value))
	case *array.TimestampBuilder:
		read := Timestamp
		if t.Kind == coltype.Timestamptz {
			read = Timestamptz
		}
		value, ok := read(text)
		return put(ok, b.Append, arrow.Timestamp(value))
	}
	return false
}

func put[T any](ok bool, to func(T), value T) bool {
	if ok {
		to(value)
	}
	return ok
}
