package csv

import "bytes"

// field is a field's place in a block: start and end, and in the upper bits of start whether it was quoted and whether
// it holds escapes. A block is far smaller than the bits that are left.
type field struct{ start, end uint32 }

const (
	quotedBit  = 1 << 31
	escapedBit = 1 << 30
	placeBits  = escapedBit - 1
)

func (f field) quoted() bool  { return f.start&quotedBit != 0 }
func (f field) escaped() bool { return f.start&escapedBit != 0 }

// text is the field's text as it stands in the block, escapes included.
func (f field) text(data []byte) []byte { return data[f.start&placeBits : f.end] }

// ending says how a record ended.
type ending uint8

const (
	complete     ending = iota
	incomplete          // the data ends first, and more follows
	comment             // no record but a line of comment
	malformed           // text after a closing quote; the record ends at the next line break
	unterminated        // a quote that nothing closes; the record is taken to end with its first line
	overlong            // longer than allowed; the record is taken to end with its first line
)

// record reads the record that begins at pos, appends its fields and returns where the next one begins. final says that
// no text follows the data. It is the one place that knows where records end, for cutting blocks as for reading them:
// however a file is cut into blocks, its records are the same.
func (d *dialect) record(data []byte, pos int, final bool, fields []field) ([]field, int, ending) {
	begin, end := pos, complete
	if d.comment != 0 && pos < len(data) && data[pos] == d.comment {
		next, end := d.firstLine(data, pos, final, comment)
		return fields, next, end
	}
	for {
		if d.trim {
			pos = skipBlanks(data, pos)
		}
		var f field
		if d.quote != 0 && pos < len(data) && data[pos] == d.quote {
			f, pos, end = d.quotedField(data, pos+1, final)
		} else {
			f, pos = d.plainField(data, pos)
		}
		switch {
		case end == incomplete || pos == len(data) && !final:
			return d.unfinished(data, begin, fields)
		case end == unterminated || pos-begin > d.maxLine:
			if end != unterminated {
				end = overlong
			}
			next, end := d.firstLine(data, begin, final, end)
			return fields, next, end
		case end == malformed:
			return fields, min(pos+1, len(data)), end
		}
		fields = append(fields, f)
		if pos == len(data) {
			return fields, pos, complete
		}
		pos++
		if data[pos-1] == d.newline {
			return fields, pos, complete
		}
	}
}

// unfinished is a record that the data doesn't hold whole: it needs more data, unless it is too long already.
func (d *dialect) unfinished(data []byte, begin int, fields []field) ([]field, int, ending) {
	if len(data)-begin <= d.maxLine {
		return fields, begin, incomplete
	}
	next, end := d.firstLine(data, begin, false, overlong)
	if end == incomplete {
		return fields, begin, overlong // not even its first line ends here
	}
	return fields, next, end
}

// firstLine ends a record after its first line.
func (d *dialect) firstLine(data []byte, begin int, final bool, as ending) (int, ending) {
	if i := bytes.IndexByte(data[begin:], d.newline); i >= 0 {
		return begin + i + 1, as
	}
	if final {
		return len(data), as
	}
	return begin, incomplete
}

// plainField ends at the next delimiter or line break, and that is where it leaves off. Quotes in its middle are text.
func (d *dialect) plainField(data []byte, pos int) (field, int) {
	delimiter, newline := d.delimiter, d.newline
	stop := len(data)
	for i, c := range data[pos:] {
		if c == delimiter || c == newline {
			stop = pos + i
			break
		}
	}
	end := stop
	if end > pos && data[end-1] == '\r' && (stop == len(data) || data[stop] == '\n') {
		end--
	}
	if d.trim {
		for end > pos && isBlank(data[end-1]) {
			end--
		}
	}
	return field{uint32(pos), uint32(end)}, stop
}

// quotedField begins after the opening quote and leaves off at the delimiter or line break after the closing one.
func (d *dialect) quotedField(data []byte, pos int, final bool) (field, int, ending) {
	start, flags := pos, uint32(quotedBit)
	for {
		i := d.quoteOrEscape(data[pos:])
		if i < 0 {
			return field{}, pos, unclosed(final)
		}
		pos += i
		isEscape := d.escape != 0 && data[pos] == d.escape
		switch {
		case pos+1 == len(data) && !final:
			return field{}, pos, incomplete
		case isEscape && pos+1 == len(data):
			return field{}, pos, unterminated
		case isEscape && (data[pos+1] == d.quote || data[pos+1] == d.escape), !isEscape && d.doubled(data, pos):
			flags, pos = flags|escapedBit, pos+2
		case isEscape:
			pos++ // an escape character before anything else is text
		default:
			stop, end := d.afterQuote(data, pos+1, final)
			return field{uint32(start) | flags, uint32(pos)}, stop, end
		}
	}
}

func unclosed(final bool) ending {
	if final {
		return unterminated
	}
	return incomplete
}

func (d *dialect) doubled(data []byte, pos int) bool {
	return d.escape == 0 && pos+1 < len(data) && data[pos+1] == d.quote
}

func (d *dialect) quoteOrEscape(data []byte) int {
	i := bytes.IndexByte(data, d.quote)
	if d.escape == 0 {
		return i
	}
	search := data
	if i >= 0 {
		search = data[:i]
	}
	if j := bytes.IndexByte(search, d.escape); j >= 0 {
		return j
	}
	return i
}

// afterQuote expects the end of the field after a closing quote. Anything else makes the record malformed, up to the
// next line break.
func (d *dialect) afterQuote(data []byte, pos int, final bool) (int, ending) {
	if d.trim {
		pos = skipBlanks(data, pos)
	}
	if pos < len(data) && data[pos] == '\r' && d.newline == '\n' {
		if pos+1 == len(data) && !final {
			return pos, incomplete
		}
		if pos+1 == len(data) || data[pos+1] == '\n' {
			pos++
		}
	}
	if pos == len(data) || data[pos] == d.delimiter || data[pos] == d.newline {
		return pos, complete
	}
	if i := bytes.IndexByte(data[pos:], d.newline); i >= 0 {
		return pos + i, malformed
	}
	if final {
		return len(data), malformed
	}
	return pos, incomplete
}

func skipBlanks(data []byte, pos int) int {
	for pos < len(data) && isBlank(data[pos]) {
		pos++
	}
	return pos
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// unescape undoes doubled quotes and escape characters.
func (d *dialect) unescape(text, scratch []byte) []byte {
	mark := d.escape
	if mark == 0 {
		mark = d.quote
	}
	for i := 0; i < len(text); i++ {
		if text[i] == mark && i+1 < len(text) && (text[i+1] == d.quote || text[i+1] == mark) {
			i++
		}
		scratch = append(scratch, text[i])
	}
	return scratch
}
