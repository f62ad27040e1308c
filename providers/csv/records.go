package csv

import (
	"bytes"
	"fmt"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/quantity"
)

// records are the records of a block, those of the right width as fields, the others as bad rows.
type records struct {
	dialect *dialect
	source  string
	header  []string
	data    []byte
	line    int64
	width   int
	fields  []field // width of them a good record
	begins  []int   // where each good record begins
	ordinal []int32 // which record of the block each good one is, from 0; nil as long as all are good
	total   int     // records, good and bad
	bad     []badRecord
}

// badRecord is a record that can't be represented, and where it belongs among the others.
type badRecord struct {
	ordinal    int32
	begin, end int
	reason     string
}

// parse splits a block into records.
func (d *dialect) parse(b block, header []string, source string) *records {
	r := &records{dialect: d, source: source, header: header, data: b.data, line: b.line, width: len(header)}
	r.fields = make([]field, 0, len(b.data)/6)
	for pos := 0; pos < len(b.data); {
		mark := len(r.fields)
		fields, next, how := d.record(b.data, pos, true, r.fields)
		switch {
		case how == comment || r.blank(fields[mark:], how):
			r.fields = fields[:mark]
		case how != complete || len(fields)-mark != r.width:
			r.fields = fields[:mark]
			r.reject(int32(r.total), pos, next, r.shape(how, len(fields)-mark))
			r.total++
		default:
			r.fields = fields
			r.accept(pos)
		}
		pos = next
	}
	return r
}

// blank holds for an empty line. Where there is only one column, that is a row all the same.
func (r *records) blank(fields []field, how ending) bool {
	return how == complete && r.width != 1 && len(fields) == 1 && !fields[0].quoted() && fields[0].start == fields[0].end
}

func (r *records) accept(begin int) {
	if r.ordinal == nil && len(r.bad) > 0 {
		r.number()
	}
	if r.ordinal != nil {
		r.ordinal = append(r.ordinal, int32(r.total))
	}
	r.begins = append(r.begins, begin)
	r.total++
}

// number writes down the numbers of the records so far, which until now were those of their places.
func (r *records) number() {
	r.ordinal = make([]int32, len(r.begins), cap(r.begins)+1)
	for i := range r.ordinal {
		r.ordinal[i] = int32(i)
	}
}

func (r *records) reject(ordinal int32, begin, end int, reason string) {
	if r.ordinal == nil {
		r.number()
	}
	r.bad = append(r.bad, badRecord{ordinal, begin, end, reason})
}

// shape says what is wrong with a record that has no fields to look at, or too few or too many.
func (r *records) shape(how ending, fields int) string {
	switch how {
	case malformed:
		return "text follows a closing quote; a quote inside a quoted field must be written twice"
	case unterminated:
		return "a quoted field is opened and nothing closes it before the end of the file"
	case overlong:
		return fmt.Sprintf("the record has more than the %d bytes that max_line_bytes allows; a quote may be missing", r.dialect.maxLine)
	}
	if fields < r.width {
		return fmt.Sprintf("the row has %s, too few for %s; the first missing one is %q",
			quantity.Of(fields, "field"), quantity.Of(r.width, "column"), r.header[fields])
	}
	return fmt.Sprintf("the row has %s, too many for %s", quantity.Of(fields, "field"), quantity.Of(r.width, "column"))
}

func (r *records) good() int { return len(r.begins) }

func (r *records) ordinalOf(row int) int32 {
	if r.ordinal == nil {
		return int32(row)
	}
	return r.ordinal[row]
}

// value is a field's text, unescaped into scratch where it has to be.
func (r *records) value(f field, scratch []byte) []byte {
	text := f.text(r.data)
	if f.escaped() {
		return r.dialect.unescape(text, scratch[:0])
	}
	return text
}

// drop turns good records into bad ones, for the given reasons by row.
func (r *records) drop(reasons map[int]string) {
	if r.ordinal == nil {
		r.number()
	}
	kept := 0
	for row := range r.begins {
		if reason, ok := reasons[row]; ok {
			end := len(r.data)
			if last := r.fields[(row+1)*r.width-1]; int(last.end) < end {
				end = int(last.end)
			}
			r.bad = append(r.bad, badRecord{r.ordinal[row], r.begins[row], r.lineEnd(end), reason})
			continue
		}
		copy(r.fields[kept*r.width:(kept+1)*r.width], r.fields[row*r.width:(row+1)*r.width])
		r.begins[kept], r.ordinal[kept] = r.begins[row], r.ordinal[row]
		kept++
	}
	r.fields, r.begins, r.ordinal = r.fields[:kept*r.width], r.begins[:kept], r.ordinal[:kept]
}

func (r *records) lineEnd(from int) int {
	if i := bytes.IndexByte(r.data[from:], r.dialect.newline); i >= 0 {
		return from + i
	}
	return len(r.data)
}

// badRows are the bad records in their order, with line numbers.
func (r *records) badRows() []sdk.BadRow {
	sortByOrdinal(r.bad)
	rows := make([]sdk.BadRow, len(r.bad))
	line, counted := r.line, 0
	for i, bad := range r.bad {
		line += int64(bytes.Count(r.data[counted:bad.begin], []byte{r.dialect.newline}))
		counted = bad.begin
		raw := bytes.TrimRight(r.data[bad.begin:bad.end], "\r\n")
		rows[i] = sdk.BadRow{
			Raw:      string(raw[:min(len(raw), rawLimit)]),
			Reason:   bad.reason,
			Source:   r.source,
			Position: position(line),
		}
	}
	return rows
}
