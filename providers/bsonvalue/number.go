package bsonvalue

import (
	"encoding/binary"
	"math"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/automic-etl/etl/providers/textvalue"
)

// decimal is the driver's view of a decimal of 128 bits.
func (v Value) decimal() bson.Decimal128 {
	return bson.NewDecimal128(binary.LittleEndian.Uint64(v.Data[8:]), binary.LittleEndian.Uint64(v.Data))
}

// number is the shortest text of a number: of a double, the one that only this double is read from.
func (v Value) number() []byte {
	switch v.Type {
	case Int32, Int64:
		return strconv.AppendInt(nil, v.long(), 10)
	case Double:
		return strconv.AppendFloat(nil, v.double(), 'g', -1, 64)
	case Decimal128:
		return []byte(v.decimal().String())
	}
	return nil
}

func (v Value) isNumber() bool {
	return v.Type == Int32 || v.Type == Int64 || v.Type == Double || v.Type == Decimal128
}

// whole is a number without a fraction that 64 bits hold.
func (v Value) whole() (int64, bool) {
	switch v.Type {
	case Int32, Int64:
		return v.long(), true
	case Double:
		f := v.double()
		if f != math.Trunc(f) || f < -1<<63 || f >= 1<<63 {
			return 0, false
		}
		return int64(f), true
	case Decimal128:
		n, ok := textvalue.Decimal(v.number(), 19, 0)
		if !ok || n != decimal128.FromI64(int64(n.LowBits())) {
			return 0, false
		}
		return int64(n.LowBits()), true
	}
	return 0, false
}

// exactDouble is a number that a double holds without loss: a whole number bit for bit, a decimal if the double's
// shortest text is the same number.
func (v Value) exactDouble() (float64, bool) {
	switch v.Type {
	case Double:
		return v.double(), true
	case Int32, Int64:
		n := v.long()
		f := float64(n)
		return f, f < 1<<63 && int64(f) == n
	case Decimal128:
		return decimalAsDouble(v.decimal())
	}
	return 0, false
}

func decimalAsDouble(d bson.Decimal128) (float64, bool) {
	switch {
	case d.IsNaN():
		return math.NaN(), true
	case d.IsInf() != 0:
		return math.Inf(d.IsInf()), true
	}
	f, err := strconv.ParseFloat(d.String(), 64)
	if err != nil {
		return 0, false
	}
	back, err := bson.ParseDecimal128(strconv.FormatFloat(f, 'e', -1, 64))
	return f, err == nil && sameNumber(d, back)
}

// sameNumber compares what two decimals are worth: 1.0 is 1.00.
func sameNumber(a, b bson.Decimal128) bool {
	x, e, err := a.BigInt()
	y, f, err2 := b.BigInt()
	if err != nil || err2 != nil {
		return false
	}
	p, q := digitsOf(x.String(), e), digitsOf(y.String(), f)
	return x.Sign() == y.Sign() && p == q
}

// exactFloat is a number that 32 bits hold without loss.
func (v Value) exactFloat() (float32, bool) {
	f, ok := v.exactDouble()
	if !ok {
		return 0, false
	}
	short := float32(f)
	if float64(short) == f || math.IsNaN(f) {
		return short, true
	}
	return short, !math.IsInf(float64(short), 0) &&
		strconv.FormatFloat(float64(short), 'e', -1, 32) == strconv.FormatFloat(f, 'e', -1, 64)
}

// exactDecimal is a number that decimal(precision, scale) holds without loss.
func (v Value) exactDecimal(precision, scale int) (decimal128.Num, bool) {
	return textvalue.Decimal(v.number(), precision, scale)
}

// digits are the significant digits of a number, d₁d₂… × 10^exponent.
type digits struct {
	text     string
	exponent int
}

// digitsOf strips the sign and the zeros on the right.
func digitsOf(text string, exponent int) digits {
	if text[0] == '-' {
		text = text[1:]
	}
	for len(text) > 1 && text[len(text)-1] == '0' {
		text, exponent = text[:len(text)-1], exponent+1
	}
	if text == "0" {
		return digits{"0", 0}
	}
	return digits{text, exponent}
}

// whole is how many digits stand before the point, scale how many after it.
func (d digits) whole() int { return max(len(d.text)+d.exponent, 0) }
func (d digits) scale() int { return max(-d.exponent, 0) }
