package parquet

import (
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
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
	if b, ok := builder.(*array.StringBuilder); ok {
		b.BinaryBuilder.Append(text)
		return true
	}
	return textvalue.Append(builder, text, t)
}
