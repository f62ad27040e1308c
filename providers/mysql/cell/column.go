package cell

import (
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/extensions"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/jsonvalue"
	"github.com/automic-etl/etl/providers/textvalue"
)

// Column appends cells to an Arrow column of one type, whatever the server's type is now: a recorded column may be wider
// than it, or one that the table's column no longer fits.
type Column struct {
	name    string
	typ     coltype.Type
	builder array.Builder
	add     func(c *Cell) bool // false where the cell is no value of the type
	scratch []byte
}

// NewColumn appends to the builder.
func NewColumn(field coltype.Field, builder array.Builder) *Column {
	c := &Column{name: field.Name, typ: field.Type, builder: builder}
	c.add = c.adder(builder)
	return c
}

// Append adds the cell, or where it can't be represented a null and the reason.
func (c *Column) Append(v *Cell) (reason string) {
	if v.Kind == Null {
		c.builder.AppendNull()
		return ""
	}
	before := c.builder.Len()
	if c.add(v) {
		return ""
	}
	if c.builder.Len() == before {
		c.builder.AppendNull()
	}
	return c.reason(v)
}

// AppendNull adds a null.
func (c *Column) AppendNull() { c.builder.AppendNull() }

func (c *Column) adder(builder array.Builder) func(*Cell) bool {
	switch b := builder.(type) {
	case *array.BooleanBuilder:
		return with(b.Append, c.boolean)
	case *array.Int32Builder:
		return with(b.Append, c.small)
	case *array.Int64Builder:
		return with(b.Append, c.long)
	case *array.Float32Builder:
		return with(b.Append, c.single)
	case *array.Float64Builder:
		return with(b.Append, c.double)
	case *array.Decimal128Builder:
		return with(b.Append, c.decimal)
	case *array.Date32Builder:
		return with(b.Append, c.date)
	case *array.Time64Builder:
		return with(b.Append, c.clock)
	case *array.TimestampBuilder:
		return with(b.Append, c.timestamp)
	case *array.StringBuilder:
		return with(b.BinaryBuilder.Append, c.text)
	case *array.BinaryBuilder:
		return with(b.Append, c.bytes)
	case *extensions.UUIDBuilder:
		return with(func(id [16]byte) { b.Append(id) }, c.uuid)
	case *array.ListBuilder:
		return c.list(b)
	}
	return c.nested
}

// with appends what convert makes of a cell.
func with[T any](appendTo func(T), convert func(*Cell) (T, bool)) func(*Cell) bool {
	return func(v *Cell) bool {
		value, ok := convert(v)
		if ok {
			appendTo(value)
		}
		return ok
	}
}

func (c *Column) boolean(v *Cell) (value, ok bool) {
	n, ok := c.long(v)
	return n == 1, ok && (n == 0 || n == 1)
}

func (c *Column) small(v *Cell) (int32, bool) {
	n, ok := c.long(v)
	return int32(n), ok && n >= math.MinInt32 && n <= math.MaxInt32
}

func (c *Column) long(v *Cell) (int64, bool) {
	switch v.Kind {
	case Signed:
		return v.Int, true
	case Unsigned:
		return v.Int, v.Int >= 0
	case Single, Double:
		n := int64(v.Float)
		return n, math.Abs(v.Float) < 1<<62 && float64(n) == v.Float
	case Decimal:
		return whole(v.Bytes)
	case Text:
		return textvalue.Long(v.Bytes)
	}
	return 0, false
}

// whole reads a decimal whose fraction, if it has one, is zero.
func whole(digits []byte) (int64, bool) {
	for i, d := range digits {
		if d != '.' {
			continue
		}
		for _, f := range digits[i+1:] {
			if f != '0' {
				return 0, false
			}
		}
		return textvalue.Long(digits[:i])
	}
	return textvalue.Long(digits)
}

func (c *Column) single(v *Cell) (float32, bool) {
	switch v.Kind {
	case Single:
		return float32(v.Float), true
	case Double:
		return float32(v.Float), float64(float32(v.Float)) == v.Float
	case Signed, Unsigned, Decimal, Text:
		return textvalue.Float(c.spell(v))
	}
	return 0, false
}

func (c *Column) double(v *Cell) (float64, bool) {
	switch v.Kind {
	case Single, Double:
		return v.Float, true
	case Signed, Unsigned, Decimal, Text:
		return textvalue.Double(c.spell(v))
	}
	return 0, false
}

func (c *Column) decimal(v *Cell) (decimal128.Num, bool) {
	switch v.Kind {
	case Signed, Unsigned, Single, Double, Decimal, Text:
		return textvalue.Decimal(c.spell(v), c.typ.Precision, c.typ.Scale)
	}
	return decimal128.Num{}, false
}

func (c *Column) date(v *Cell) (arrow.Date32, bool) {
	switch v.Kind {
	case Date, DateTime:
		return arrow.Date32(v.Moment.days()), v.Moment.exists() && v.Moment.clock() == 0
	case Text:
		days, ok := textvalue.Date(v.Bytes)
		return arrow.Date32(days), ok
	}
	return 0, false
}

func (c *Column) clock(v *Cell) (arrow.Time64, bool) {
	switch v.Kind {
	case Clock:
		micros := v.Moment.clock()
		return arrow.Time64(micros), micros < secondsPerDay*microsPerSecond && (!v.Moment.Negative || micros == 0)
	case Text:
		micros, ok := textvalue.Time(v.Bytes)
		return arrow.Time64(micros), ok
	}
	return 0, false
}

// timestamp takes a datetime as UTC where a zone is asked for: the session's is UTC.
func (c *Column) timestamp(v *Cell) (arrow.Timestamp, bool) {
	switch v.Kind {
	case Date, DateTime, Instant:
		return arrow.Timestamp(v.Moment.micros()), v.Moment.exists()
	case Text:
		if c.typ.Kind == coltype.Timestamptz {
			micros, ok := textvalue.Timestamptz(v.Bytes)
			return arrow.Timestamp(micros), ok
		}
		micros, ok := textvalue.Timestamp(v.Bytes)
		return arrow.Timestamp(micros), ok
	}
	return 0, false
}

func (c *Column) text(v *Cell) ([]byte, bool) {
	if v.Kind == Text || v.Kind == Bytes {
		return v.Bytes, utf8.Valid(v.Bytes)
	}
	return c.spell(v), true
}

func (c *Column) bytes(v *Cell) ([]byte, bool) {
	return v.Bytes, v.Kind == Bytes || v.Kind == Text
}

func (c *Column) uuid(v *Cell) (id [16]byte, ok bool) {
	if v.Kind == Bytes && len(v.Bytes) == len(id) {
		return [16]byte(v.Bytes), true
	}
	if v.Kind != Text {
		return id, false
	}
	return textvalue.UUID(v.Bytes)
}

// list takes a set. Its members hold no commas.
func (c *Column) list(b *array.ListBuilder) func(*Cell) bool {
	members, isText := b.ValueBuilder().(*array.StringBuilder)
	return func(v *Cell) bool {
		if v.Kind != Set || !isText || !utf8.Valid(v.Bytes) {
			return c.nested(v)
		}
		b.Append(true)
		for rest := v.Bytes; len(rest) > 0; {
			end := 0
			for end < len(rest) && rest[end] != ',' {
				end++
			}
			members.BinaryBuilder.Append(rest[:end])
			rest = rest[min(end+1, len(rest)):]
		}
		return true
	}
}

// nested reads JSON. What doesn't fit it appends as null.
func (c *Column) nested(v *Cell) bool {
	return v.Kind == Text && jsonvalue.AppendText(c.builder, v.Bytes, c.typ, c.name) == nil
}

// spell is the cell's text until the next one.
func (c *Column) spell(v *Cell) []byte {
	if v.Kind == Decimal || v.Kind == Text {
		return v.Bytes
	}
	c.scratch = v.AppendText(c.scratch[:0])
	return c.scratch
}

func (c *Column) reason(v *Cell) string {
	text := v.AppendText(nil)
	if len(text) > 100 {
		text = append(text[:100:100], "…"...)
	}
	return fmt.Sprintf("column %s: %s %s", textvalue.QuoteName(c.name), text, c.why(v))
}

func (c *Column) why(v *Cell) string {
	switch {
	case v.Kind >= Date && v.Kind < Clock && !v.Moment.exists():
		return "is no date of the calendar; types = { " + c.name + " = string } keeps it as text"
	case v.Kind == Clock:
		return "is no time of a day; types = { " + c.name + " = string } keeps it as text"
	case (v.Kind == Text || v.Kind == Bytes) && c.typ.Kind == coltype.String:
		return "is not valid UTF-8"
	}
	return "is no " + c.typ.String()
}
