package cell

import (
	"strconv"
	"unicode/utf8"
)

// AppendText appends the cell as the server would write it; bytes that are no text as hex digits.
func (c *Cell) AppendText(out []byte) []byte {
	switch c.Kind {
	case Null:
		return append(out, "NULL"...)
	case Signed:
		return strconv.AppendInt(out, c.Int, 10)
	case Unsigned:
		return strconv.AppendUint(out, uint64(c.Int), 10)
	case Single:
		return strconv.AppendFloat(out, c.Float, 'g', -1, 32)
	case Double:
		return strconv.AppendFloat(out, c.Float, 'g', -1, 64)
	case Date:
		return c.Moment.appendDate(out)
	case DateTime, Instant:
		return c.Moment.appendClock(append(c.Moment.appendDate(out), ' '))
	case Clock:
		return c.Moment.appendClock(out)
	case Bytes:
		if !utf8.Valid(c.Bytes) {
			return appendHex(out, c.Bytes)
		}
	}
	return append(out, c.Bytes...)
}

func appendHex(out, bytes []byte) []byte {
	const digits = "0123456789abcdef"
	out = append(out, "0x"...)
	for _, b := range bytes {
		out = append(out, digits[b>>4], digits[b&15])
	}
	return out
}
