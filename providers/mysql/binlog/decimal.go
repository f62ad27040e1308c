package binlog

import "strconv"

const digitsPerWord = 9

// wordBytes are how many bytes a number of so many digits takes.
func wordBytes(digits int) int { return [digitsPerWord + 1]int{0, 1, 1, 2, 2, 3, 3, 4, 4, 4}[digits] }

// appendDecimal reads a packed decimal: words of nine digits on both sides of the point, the outermost ones shorter; of
// a negative number all bits are turned, and the first bit says so.
func appendDecimal(out []byte, in *source, precision, scale int) []byte {
	whole := precision - scale
	if whole < 0 || precision > 65 {
		in.take(-1)
		return out
	}
	size := whole/digitsPerWord*4 + wordBytes(whole%digitsPerWord) + scale/digitsPerWord*4 + wordBytes(scale%digitsPerWord)
	packed := append(make([]byte, 0, 32), in.take(size)...)
	if len(packed) == 0 {
		return out
	}
	mask := byte(0)
	if packed[0]&0x80 == 0 {
		mask = 0xff
		out = append(out, '-')
	}
	packed[0] ^= 0x80
	for i := range packed {
		packed[i] ^= mask
	}
	digits := source{data: packed}
	out = appendWhole(out, &digits, whole)
	if scale == 0 {
		return out
	}
	out = append(out, '.')
	for range scale / digitsPerWord {
		out = appendPadded(out, digits.big(4), digitsPerWord)
	}
	if rest := scale % digitsPerWord; rest > 0 {
		out = appendPadded(out, digits.big(wordBytes(rest)), rest)
	}
	return out
}

// appendWhole leaves out zeros at the front.
func appendWhole(out []byte, in *source, digits int) []byte {
	from := len(out)
	if rest := digits % digitsPerWord; rest > 0 {
		out = appendPadded(out, in.big(wordBytes(rest)), rest)
	}
	for range digits / digitsPerWord {
		out = appendPadded(out, in.big(4), digitsPerWord)
	}
	first := from
	for first < len(out) && out[first] == '0' {
		first++
	}
	if first == len(out) {
		return append(out[:from], '0')
	}
	return append(out[:from], out[first:]...)
}

func appendPadded(out []byte, n uint64, width int) []byte {
	var digits [20]byte
	text := strconv.AppendUint(digits[:0], n, 10)
	for range width - len(text) {
		out = append(out, '0')
	}
	return append(out, text...)
}
