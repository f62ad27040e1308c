package parquet

import (
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/textvalue"
)

// direct converts where no text is needed in between; nil where it can't.
func (c *conversion) direct(src arrow.Array, t coltype.Type, at place) arrow.Array {
	switch t.Kind {
	case coltype.Long:
		if value := integer(src); value != nil {
			return fixed(src, t, arrow.Int64Traits.CastToBytes, value)
		}
	case coltype.Int:
		switch src.(type) {
		case *array.Int8, *array.Int16, *array.Uint8, *array.Uint16:
			value := integer(src)
			return fixed(src, t, arrow.Int32Traits.CastToBytes, func(i int) int32 { return int32(value(i)) })
		}
	case coltype.Float:
		if half, ok := src.(*array.Float16); ok {
			return fixed(src, t, arrow.Float32Traits.CastToBytes, func(i int) float32 { return half.Value(i).Float32() })
		}
	case coltype.Double:
		return c.double(src, t)
	case coltype.Timestamp, coltype.Timestamptz:
		return c.timestamp(src, t, at)
	case coltype.Time:
		return c.time(src, t, at)
	case coltype.Binary, coltype.String:
		return c.bytes(src, t, at)
	case coltype.UUID:
		return uuids(src, t)
	}
	return nil
}

// integer reads the integers that fit into 64 bits whatever they are.
func integer(src arrow.Array) func(int) int64 {
	switch s := src.(type) {
	case *array.Int8:
		return func(i int) int64 { return int64(s.Value(i)) }
	case *array.Int16:
		return func(i int) int64 { return int64(s.Value(i)) }
	case *array.Int32:
		return func(i int) int64 { return int64(s.Value(i)) }
	case *array.Int64:
		return s.Value
	case *array.Uint8:
		return func(i int) int64 { return int64(s.Value(i)) }
	case *array.Uint16:
		return func(i int) int64 { return int64(s.Value(i)) }
	case *array.Uint32:
		return func(i int) int64 { return int64(s.Value(i)) }
	}
	return nil
}

func (c *conversion) double(src arrow.Array, t coltype.Type) arrow.Array {
	switch s := src.(type) {
	case *array.Float32:
		return fixed(src, t, arrow.Float64Traits.CastToBytes, func(i int) float64 { return float64(s.Value(i)) })
	case *array.Float16:
		return fixed(src, t, arrow.Float64Traits.CastToBytes, func(i int) float64 { return float64(s.Value(i).Float32()) })
	}
	return nil
}

// fixed makes an array of values of fixed width.
func fixed[T any](src arrow.Array, t coltype.Type, bytes func([]T) []byte, value func(int) T) arrow.Array {
	values := make([]T, src.Len())
	for i := range values {
		if src.IsValid(i) {
			values[i] = value(i)
		}
	}
	buffers := []*memory.Buffer{validity(src), memory.NewBufferBytes(bytes(values))}
	return array.MakeFromData(array.NewData(arrowschema.FromType(t), len(values), buffers, nil, src.NullN(), 0))
}

// perSecond is how many of a unit make a second.
func perSecond(unit arrow.TimeUnit) int64 {
	return map[arrow.TimeUnit]int64{arrow.Second: 1, arrow.Millisecond: 1e3, arrow.Microsecond: 1e6, arrow.Nanosecond: 1e9}[unit]
}

// micros changes a count of units into microseconds.
func (c *conversion) micros(value int64, unit arrow.TimeUnit, at place, i int) int64 {
	per := perSecond(unit)
	if per <= 1e6 {
		scaled := value * (1e6 / per)
		if scaled/(1e6/per) != value {
			c.refuse(at, i, "column "+quote(at.path)+": the time lies too far from 1970 for a count of microseconds")
			return 0
		}
		return scaled
	}
	if value%1000 != 0 {
		c.refuse(at, i, "column "+quote(at.path)+": the time is finer than a microsecond")
	}
	return value / 1000
}

// timestamp takes the instant as it is: a declared type may add or drop the zone, which then is UTC.
func (c *conversion) timestamp(src arrow.Array, t coltype.Type, at place) arrow.Array {
	s, ok := src.(*array.Timestamp)
	if !ok {
		return nil
	}
	unit := s.DataType().(*arrow.TimestampType).Unit
	return fixed(src, t, arrow.Int64Traits.CastToBytes, func(i int) int64 { return c.micros(int64(s.Value(i)), unit, at, i) })
}

func (c *conversion) time(src arrow.Array, t coltype.Type, at place) arrow.Array {
	switch s := src.(type) {
	case *array.Time32:
		unit := s.DataType().(*arrow.Time32Type).Unit
		return fixed(src, t, arrow.Int64Traits.CastToBytes, func(i int) int64 { return c.micros(int64(s.Value(i)), unit, at, i) })
	case *array.Time64:
		unit := s.DataType().(*arrow.Time64Type).Unit
		return fixed(src, t, arrow.Int64Traits.CastToBytes, func(i int) int64 { return c.micros(int64(s.Value(i)), unit, at, i) })
	}
	return nil
}

// bytes copies texts and binaries, of whatever layout; a text must be UTF-8.
func (c *conversion) bytes(src arrow.Array, t coltype.Type, at place) arrow.Array {
	value := bytesOf(src)
	if value == nil {
		return nil
	}
	builder := array.NewBuilder(memory.DefaultAllocator, arrowschema.FromType(t))
	defer builder.Release()
	appendBytes := appender(builder)
	for i := range src.Len() {
		switch {
		case src.IsNull(i):
			builder.AppendNull()
		case t.Kind == coltype.String && !utf8.Valid(value(i)):
			c.refuse(at, i, "column "+quote(at.path)+": "+textvalue.Quote(value(i))+" is not valid UTF-8")
			builder.AppendNull()
		default:
			appendBytes(value(i))
		}
	}
	return builder.NewArray()
}

// broken says that there may be a text that is not UTF-8, which writers don't check and readers of the table refuse.
func broken(src arrow.Array) bool {
	texts, ok := src.(*array.String)
	if !ok || texts.Len() == 0 {
		return false
	}
	all, first := texts.ValueBytes(), texts.ValueOffset(0)
	if !utf8.Valid(all) {
		return true
	}
	for i := range texts.Len() {
		if at := texts.ValueOffset(i) - first; at < len(all) && !utf8.RuneStart(all[at]) {
			return true // a character cut in two, whole only where both texts stand side by side
		}
	}
	return false
}

func appender(builder array.Builder) func([]byte) {
	if text, ok := builder.(*array.StringBuilder); ok {
		return text.BinaryBuilder.Append
	}
	return builder.(*array.BinaryBuilder).Append
}

func bytesOf(src arrow.Array) func(int) []byte {
	switch s := src.(type) {
	case *array.Dictionary:
		if value := bytesOf(s.Dictionary()); value != nil {
			return func(i int) []byte { return value(s.GetValueIndex(i)) }
		}
	case *array.String:
		return func(i int) []byte { return []byte(s.Value(i)) }
	case *array.LargeString:
		return func(i int) []byte { return []byte(s.Value(i)) }
	case *array.StringView:
		return func(i int) []byte { return []byte(s.Value(i)) }
	case *array.Binary:
		return s.Value
	case *array.LargeBinary:
		return s.Value
	case *array.BinaryView:
		return s.Value
	case *array.FixedSizeBinary:
		return s.Value
	}
	return nil
}

// uuids takes 16 bytes as they are.
func uuids(src arrow.Array, t coltype.Type) arrow.Array {
	s, ok := src.(*array.FixedSizeBinary)
	if !ok || s.DataType().(*arrow.FixedSizeBinaryType).ByteWidth != 16 {
		return nil
	}
	storage := s.Data()
	data := array.NewData(arrowschema.FromType(t), s.Len(), storage.Buffers(), nil, s.NullN(), storage.Offset())
	return array.MakeFromData(data)
}
