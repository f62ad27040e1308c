package column

import (
	"encoding/binary"
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow/decimal128"
)

const (
	signPositive = 0x0000
	signNegative = 0x4000
	signNaN      = 0xC000
	groupDigits  = 4 // decimal digits of one digit of the server's
	groupBase    = 10_000
)

// binaryDecimal reads numeric: digits to the base of 10,000, the first of which counts 10,000 to the power of weight.
func binaryDecimal(b []byte, precision, scale int) (decimal128.Num, error) {
	if len(b) < 8 {
		return decimal128.Num{}, errMalformed
	}
	n, weight := int(binary.BigEndian.Uint16(b)), int(int16(binary.BigEndian.Uint16(b[2:])))
	sign := binary.BigEndian.Uint16(b[4:])
	digits := b[8:]
	if len(digits) != 2*n {
		return decimal128.Num{}, errMalformed
	}
	switch sign {
	case signPositive, signNegative:
	case signNaN:
		return decimal128.Num{}, errNotNumber
	default:
		return decimal128.Num{}, errInfinite
	}
	value, err := scaled(digits, n, groupDigits*(n-1-weight), scale)
	if err != nil {
		return decimal128.Num{}, err
	}
	out := decimal128.New(int64(value.high), value.low)
	if !out.FitsInPrecision(int32(precision)) {
		return decimal128.Num{}, errDigits
	}
	if sign == signNegative {
		out = out.Negate()
	}
	return out, nil
}

// scaled is the number times ten to the power of scale, of digits of which so many decimal ones are a fraction.
func scaled(digits []byte, n, fraction, scale int) (unsigned, error) {
	var value unsigned
	var ok bool
	last := n - 1
	for i := range n {
		group := uint64(binary.BigEndian.Uint16(digits[2*i:]))
		drop := fraction - scale - groupDigits*(last-i) // decimal digits of this group beyond the scale
		switch {
		case drop <= 0:
			value, ok = value.times(groupBase, group)
		case drop >= groupDigits:
			ok = group == 0
		default:
			cut := powerOfTen(drop)
			value, ok = value.times(powerOfTen(groupDigits-drop), group/cut)
			ok = ok && group%cut == 0
		}
		if !ok {
			return unsigned{}, errDigits
		}
	}
	for more := scale - fraction; more > 0 && value != (unsigned{}); more -= groupDigits {
		if value, ok = value.times(powerOfTen(min(more, groupDigits)), 0); !ok {
			return unsigned{}, errDigits
		}
	}
	return value, nil
}

func powerOfTen(n int) uint64 {
	power := uint64(1)
	for range n {
		power *= 10
	}
	return power
}

// unsigned is a number of 128 bits, of which decimals use 127.
type unsigned struct{ high, low uint64 }

// times multiplies and adds.
func (u unsigned) times(factor, add uint64) (unsigned, bool) {
	carry, low := bits.Mul64(u.low, factor)
	over, high := bits.Mul64(u.high, factor)
	low, more := bits.Add64(low, add, 0)
	high, tooMuch := bits.Add64(high, carry, more)
	return unsigned{high, low}, over == 0 && tooMuch == 0 && high>>63 == 0
}
