// Package textvalue reads typed values from text: one grammar for what inference recognises and for what a declared
// type accepts, shared by every provider whose input is text. Nothing is rounded, trimmed or guessed: a text that is
// not exactly a value of the type is refused.
package textvalue

import (
	"math"
	"strconv"
	"unsafe"
)

// Long reads an integer of 64 bits: an optional sign and digits.
func Long(b []byte) (int64, bool) {
	digits, negative := sign(b)
	if len(digits) == 0 {
		return 0, false
	}
	if len(digits) > 18 {
		return longNearLimit(digits, negative)
	}
	var n int64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}

func longNearLimit(digits []byte, negative bool) (int64, bool) {
	if !allDigits(digits) {
		return 0, false
	}
	n, err := strconv.ParseUint(view(digits), 10, 64)
	switch {
	case err != nil:
		return 0, false
	case negative && n <= 1<<63:
		return -int64(n), true
	case !negative && n <= math.MaxInt64:
		return int64(n), true
	}
	return 0, false
}

// Int reads an integer of 32 bits.
func Int(b []byte) (int32, bool) {
	n, ok := Long(b)
	return int32(n), ok && n >= math.MinInt32 && n <= math.MaxInt32
}

// powers are the powers of ten that a double holds exactly.
var powers = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
	1e20, 1e21, 1e22,
}

// Double reads a number with optional fraction and exponent, NaN and the infinities.
func Double(b []byte) (float64, bool) {
	if f, ok := shortDouble(b); ok {
		return f, true
	}
	return float(b, 64)
}

// Float is Double with 32 bits.
func Float(b []byte) (float32, bool) {
	f, ok := float(b, 32)
	return float32(f), ok
}

func float(b []byte, bits int) (float64, bool) {
	if !isNumber(b) {
		return notFinite(b)
	}
	f, err := strconv.ParseFloat(view(b), bits)
	return f, err == nil
}

// shortDouble is exact without rounding twice: up to 15 digits are an exact double, and so is the power of ten that
// they are divided by.
func shortDouble(b []byte) (float64, bool) {
	digits, negative := sign(b)
	if len(digits) == 0 || len(digits) > 16 {
		return 0, false
	}
	var mantissa int64
	point := -1
	for i, c := range digits {
		switch {
		case c >= '0' && c <= '9':
			mantissa = mantissa*10 + int64(c-'0')
		case c == '.' && point < 0:
			point = i
		default:
			return 0, false
		}
	}
	if len(digits) == 1 && point == 0 || point < 0 && len(digits) == 16 {
		return 0, false
	}
	f := float64(mantissa)
	if point >= 0 {
		f /= powers[len(digits)-1-point]
	}
	if negative {
		f = -f
	}
	return f, true
}

// notFinite reads nan, inf and infinity in any case.
func notFinite(b []byte) (float64, bool) {
	word, negative := sign(b)
	switch {
	case foldEqual(word, "nan") && len(word) == len(b):
		return math.NaN(), true
	case foldEqual(word, "inf") || foldEqual(word, "infinity"):
		if negative {
			return math.Inf(-1), true
		}
		return math.Inf(1), true
	}
	return 0, false
}

// isNumber holds for digits with an optional sign, point and exponent, and at least one digit before the exponent.
func isNumber(b []byte) bool {
	_, rest, ok := splitNumber(b)
	return ok && len(rest) == 0
}

// number is a decimal number taken apart: value = whole.fraction × 10^exponent.
type number struct {
	negative        bool
	whole, fraction []byte
	exponent        int
	hasExponent     bool
}

func splitNumber(b []byte) (n number, rest []byte, ok bool) {
	rest, n.negative = sign(b)
	n.whole, rest = takeDigits(rest)
	if len(rest) > 0 && rest[0] == '.' {
		n.fraction, rest = takeDigits(rest[1:])
	}
	if len(n.whole)+len(n.fraction) == 0 {
		return n, b, false
	}
	if len(rest) > 0 && rest[0]|0x20 == 'e' {
		digits, negative := sign(rest[1:])
		digits, rest = takeDigits(digits)
		if len(digits) == 0 {
			return n, b, false
		}
		n.hasExponent, n.exponent = true, smallExponent(digits)
		if negative {
			n.exponent = -n.exponent
		}
	}
	return n, rest, true
}

// smallExponent stops counting where no type could hold the number anyway.
func smallExponent(digits []byte) int {
	e := 0
	for _, c := range digits {
		if e = e*10 + int(c-'0'); e > 1_000_000 {
			return 1_000_000
		}
	}
	return e
}

func takeDigits(b []byte) (digits, rest []byte) {
	i := 0
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	return b[:i], b[i:]
}

func allDigits(b []byte) bool {
	_, rest := takeDigits(b)
	return len(rest) == 0 && len(b) > 0
}

func sign(b []byte) (rest []byte, negative bool) {
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		return b[1:], b[0] == '-'
	}
	return b, false
}

// foldEqual compares ASCII without regard to case; word is in lower case.
func foldEqual(b []byte, word string) bool {
	if len(b) != len(word) {
		return false
	}
	for i := range b {
		if b[i]|0x20 != word[i] {
			return false
		}
	}
	return true
}

// view lends bytes to functions that take a string and don't keep it.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
