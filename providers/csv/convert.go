package csv

import (
	"math"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/textvalue"
)

// converter makes Arrow arrays of the columns of records, noting rows that it can't convert.
type converter struct {
	*records
	utf8    bool // all text of the block is valid
	reasons map[int]string
	scratch []byte
	number  []byte
}

// column converts one column; index is its place in the file, or -1 if the file lacks it.
func (c *converter) column(index int, name string, t coltype.Type) arrow.Array {
	d := c.dialect
	switch {
	case index < 0:
		return array.MakeArrayOfNull(memory.DefaultAllocator, arrowschema.FromType(t), c.good())
	case t.Kind == coltype.String:
		return c.texts(index, name)
	case t.Kind == coltype.Long:
		return fixed(c, index, name, t, arrow.Int64Traits.CastToBytes, textvalue.Long)
	case t.Kind == coltype.Int:
		return fixed(c, index, name, t, arrow.Int32Traits.CastToBytes, textvalue.Int)
	case t.Kind == coltype.Double:
		return fixed(c, index, name, t, arrow.Float64Traits.CastToBytes, numeric(c, textvalue.Double))
	case t.Kind == coltype.Float:
		return fixed(c, index, name, t, arrow.Float32Traits.CastToBytes, numeric(c, textvalue.Float))
	case t.Kind == coltype.Decimal:
		return fixed(c, index, name, t, arrow.Decimal128Traits.CastToBytes, numeric(c, func(b []byte) (decimal128.Num, bool) {
			return textvalue.Decimal(b, t.Precision, t.Scale)
		}))
	case t.Kind == coltype.Date:
		return fixed(c, index, name, t, arrow.Int32Traits.CastToBytes, d.clock.readDate)
	case t.Kind == coltype.Time:
		return fixed(c, index, name, t, arrow.Int64Traits.CastToBytes, textvalue.Time)
	case t.Kind == coltype.Timestamp:
		return fixed(c, index, name, t, arrow.Int64Traits.CastToBytes, d.clock.readTimestamp)
	case t.Kind == coltype.Timestamptz:
		return fixed(c, index, name, t, arrow.Int64Traits.CastToBytes, d.clock.readTimestamptz)
	}
	return c.built(index, name, t)
}

func numeric[T any](c *converter, parse func([]byte) (T, bool)) func([]byte) (T, bool) {
	if !c.dialect.numbers.comma {
		return parse
	}
	return func(b []byte) (T, bool) {
		c.number = append(c.number[:0], c.dialect.numbers.normal(b, c.number)...)
		return parse(c.number)
	}
}

// fixed converts a column of values of fixed width.
func fixed[T any](
	c *converter, index int, name string, t coltype.Type, bytes func([]T) []byte, parse func([]byte) (T, bool),
) arrow.Array {
	n := c.good()
	values := make([]T, n)
	valid := validity{rows: n}
	for row := range n {
		f := c.fields[row*c.width+index]
		text := c.value(f, c.scratch)
		if c.dialect.isNull(text) {
			valid.null(row)
			continue
		}
		v, ok := parse(text)
		if !ok {
			c.refuse(row, name, text, t)
			valid.null(row)
			continue
		}
		values[row] = v
	}
	buffers := []*memory.Buffer{valid.buffer(), memory.NewBufferBytes(bytes(values))}
	return array.MakeFromData(array.NewData(arrowschema.FromType(t), n, buffers, nil, valid.nulls, 0))
}

// texts converts a column of strings. What is quoted is never null: that is how an empty string differs from none.
func (c *converter) texts(index int, name string) arrow.Array {
	n := c.good()
	offsets := make([]int32, n+1)
	data := make([]byte, 0, len(c.data)/c.width+64)
	valid := validity{rows: n}
	for row := range n {
		f := c.fields[row*c.width+index]
		switch text := c.value(f, c.scratch); {
		case !f.quoted() && c.dialect.isNull(text):
			valid.null(row)
		case !c.utf8 && !utf8.Valid(text):
			c.refuseEncoding(row, name)
			valid.null(row)
		case len(data)+len(text) > math.MaxInt32:
			c.reasons[row] = "the row does not fit into a batch of 2 GiB"
			valid.null(row)
		default:
			data = append(data, text...)
		}
		offsets[row+1] = int32(len(data))
	}
	buffers := []*memory.Buffer{
		valid.buffer(), memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(offsets)), memory.NewBufferBytes(data),
	}
	return array.NewStringData(array.NewData(arrow.BinaryTypes.String, n, buffers, nil, valid.nulls, 0))
}

// refuse notes why a row is bad; its first bad column counts.
func (c *converter) refuse(row int, name string, text []byte, t coltype.Type) {
	if _, there := c.reasons[row]; !there {
		c.reasons[row] = c.dialect.reason(name, text, t)
	}
}

func (c *converter) refuseEncoding(row int, name string) {
	if _, there := c.reasons[row]; !there {
		c.reasons[row] = "column " + textvalue.QuoteName(name) + ": the text is not valid UTF-8; if the file is in another encoding, " +
			"say so, as in encoding = \"windows-1252\""
	}
}

// validity is a bitmap that is only made once there is a null.
type validity struct {
	rows, nulls int
	bits        []byte
}

func (v *validity) null(row int) {
	if v.bits == nil {
		v.bits = make([]byte, bitutil.BytesForBits(int64(v.rows)))
		for i := range v.bits {
			v.bits[i] = 0xff
		}
	}
	bitutil.ClearBit(v.bits, row)
	v.nulls++
}

func (v *validity) buffer() *memory.Buffer {
	if v.bits == nil {
		return nil
	}
	return memory.NewBufferBytes(v.bits)
}
