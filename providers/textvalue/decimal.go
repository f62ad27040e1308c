package textvalue

import (
	"math/big"

	"github.com/apache/arrow-go/v18/arrow/decimal128"
)

// Decimal reads a number that decimal(precision, scale) holds exactly: trailing zeros may be dropped, digits may not.
func Decimal(b []byte, precision, scale int) (decimal128.Num, bool) {
	n, rest, ok := splitNumber(b)
	if !ok || len(rest) > 0 {
		return decimal128.Num{}, false
	}
	digits := append(append(make([]byte, 0, len(n.whole)+len(n.fraction)), n.whole...), n.fraction...)
	digits, shift := significant(digits, n.exponent-len(n.fraction)+scale)
	if len(digits) == 0 {
		return decimal128.Num{}, true
	}
	if shift < 0 || len(digits)+shift > precision {
		return decimal128.Num{}, false
	}
	return scaled(digits, shift, n.negative), true
}

// significant strips zeros on both sides; the ones on the right move into the power of ten.
func significant(digits []byte, shift int) ([]byte, int) {
	for len(digits) > 0 && digits[0] == '0' {
		digits = digits[1:]
	}
	for len(digits) > 0 && digits[len(digits)-1] == '0' {
		digits, shift = digits[:len(digits)-1], shift+1
	}
	return digits, shift
}

func scaled(digits []byte, shift int, negative bool) decimal128.Num {
	var value decimal128.Num
	if len(digits)+shift <= 18 {
		var small int64
		for _, c := range digits {
			small = small*10 + int64(c-'0')
		}
		for range shift {
			small *= 10
		}
		value = decimal128.FromI64(small)
	} else {
		text := make([]byte, 0, len(digits)+shift)
		text = append(text, digits...)
		for range shift {
			text = append(text, '0')
		}
		large, _ := new(big.Int).SetString(string(text), 10)
		value = decimal128.FromBigInt(large)
	}
	if negative {
		return value.Negate()
	}
	return value
}
