package parquet

import (
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/extensions"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/textvalue"
)

// textual converts by way of text, exactly or not at all. It is for the rare case that a file differs from the column.
func (c *conversion) textual(src arrow.Array, t coltype.Type, at place) arrow.Array {
	builder := array.NewBuilder(memory.DefaultAllocator, arrowschema.FromType(t))
	defer builder.Release()
	for i := range src.Len() {
		if src.IsNull(i) {
			builder.AppendNull()
			continue
		}
		text := []byte(textOf(src, i))
		if !appendText(builder, text, t) {
			c.refuse(at, i, textvalue.Reason(at.path, text, t))
			builder.AppendNull()
		}
	}
	return builder.NewArray()
}

// textOf writes a value as the language would.
func textOf(src arrow.Array, i int) string {
	switch s := src.(type) {
	case *array.Dictionary:
		return textOf(s.Dictionary(), s.GetValueIndex(i))
	case *array.Timestamp:
		t := s.DataType().(*arrow.TimestampType)
		format := "2006-01-02T15:04:05.999999999"
		if t.TimeZone != "" {
			format += "Z"
		}
		return s.Value(i).ToTime(t.Unit).UTC().Format(format)
	case *array.Date32:
		return s.Value(i).ToTime().Format(time.DateOnly)
	case *array.Date64:
		return s.Value(i).ToTime().Format(time.DateOnly)
	}
	return src.ValueStr(i)
}

func appendText(builder array.Builder, text []byte, t coltype.Type) bool {
	switch b := builder.(type) {
	case *array.StringBuilder:
		b.BinaryBuilder.Append(text)
		return true
	case *array.BooleanBuilder:
		return put(b.Append, text, textvalue.Boolean)
	case *array.Int32Builder:
		return put(b.Append, text, textvalue.Int)
	case *array.Int64Builder:
		return put(b.Append, text, textvalue.Long)
	case *array.Float32Builder:
		return put(b.Append, text, textvalue.Float)
	case *array.Float64Builder:
		return put(b.Append, text, textvalue.Double)
	case *array.Decimal128Builder:
		return put(b.Append, text, func(text []byte) (decimal128.Num, bool) {
			return textvalue.Decimal(text, t.Precision, t.Scale)
		})
	case *array.BinaryBuilder:
		return put(b.Append, text, textvalue.Binary)
	case *extensions.UUIDBuilder:
		return put(b.AppendBytes, text, textvalue.UUID)
	}
	return appendClock(builder, text, t)
}

func appendClock(builder array.Builder, text []byte, t coltype.Type) bool {
	switch b := builder.(type) {
	case *array.Date32Builder:
		return put(func(v int32) { b.Append(arrow.Date32(v)) }, text, textvalue.Date)
	case *array.Time64Builder:
		return put(func(v int64) { b.Append(arrow.Time64(v)) }, text, textvalue.Time)
	case *array.TimestampBuilder:
		read := textvalue.Timestamp
		if t.Kind == coltype.Timestamptz {
			read = textvalue.Timestamptz
		}
		return put(func(v int64) { b.Append(arrow.Timestamp(v)) }, text, read)
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
