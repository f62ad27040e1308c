package numbers

import (
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/extensions"
	"github.com/google/uuid"
)

// value fills one value of any type, derived from n alone, so that a receiver can tell that it is right. Every seventh
// value is null where it may be.
func value(b array.Builder, n int64, nullable bool) {
	if nullable && n%7 == 6 {
		b.AppendNull()
		return
	}
	switch b := b.(type) {
	case *array.BooleanBuilder:
		b.Append(n%2 == 0)
	case *array.Int32Builder:
		b.Append(int32(n) * 3)
	case *array.Int64Builder:
		b.Append(n)
	case *array.Float32Builder:
		b.Append(float32(n) / 4)
	case *array.Float64Builder:
		b.Append(real(n))
	case *array.Decimal128Builder:
		b.Append(decimal128.FromI64(-n * 1_000_000_007))
	case *array.StringBuilder:
		b.Append(text(n))
	case *array.BinaryBuilder:
		b.Append([]byte{byte(n), 0xff, 0})
	case *extensions.UUIDBuilder:
		b.Append(uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, n)))
	default:
		temporal(b, n)
	}
}

func temporal(b array.Builder, n int64) {
	switch b := b.(type) {
	case *array.Date32Builder:
		b.Append(arrow.Date32(n % 40_000))
	case *array.Time64Builder:
		b.Append(arrow.Time64(n % 86_400_000_000))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(n * 1_000_003))
	default:
		nested(b, n)
	}
}

func nested(b array.Builder, n int64) {
	switch b := b.(type) {
	case *array.MapBuilder: // before the list, which it is built of
		b.Append(true)
		for i := range n % 3 {
			value(b.KeyBuilder(), n+i, false)
			value(b.ItemBuilder(), n+i, true)
		}
	case *array.ListBuilder:
		b.Append(true)
		for i := range n % 4 {
			value(b.ValueBuilder(), n+i, true)
		}
	case *array.StructBuilder:
		b.Append(true)
		for i := range b.NumField() {
			value(b.FieldBuilder(i), n+int64(i), true)
		}
	default:
		b.AppendNull()
	}
}

// real has the values that get lost first.
func real(n int64) float64 {
	switch n % 11 {
	case 3:
		return math.Inf(1)
	case 4:
		return math.Inf(-1)
	case 5:
		return math.Copysign(0, -1)
	default:
		return float64(n) / 8
	}
}

func text(n int64) string {
	switch n % 5 {
	case 1:
		return ""
	case 2:
		return "naïve 🛫\x00\n"
	default:
		return fmt.Sprintf("row %d", n)
	}
}
