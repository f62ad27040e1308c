package binlog

import (
	"errors"
	"fmt"
	"math"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"

	"github.com/automic-etl/etl/providers/mysql/cell"
)

// ErrPartial is of a row that was logged without all of its columns.
var ErrPartial = errors.New("a row was logged without all of its columns")

// decoder reads row images. The cells that it fills are borrowed until the next one.
type decoder struct {
	columns []Column
	scratch []byte
}

// image reads one row: a bitmap of nulls, and the values that are none.
func (d *decoder) image(in *source, present []byte, cells []cell.Cell) error {
	n := len(d.columns)
	if ones(present, n) < n {
		return ErrPartial
	}
	d.scratch = d.scratch[:0]
	nulls := in.take((n + 7) / 8)
	for i := range d.columns {
		if isSet(nulls, i) {
			cells[i] = cell.Cell{}
			continue
		}
		if err := d.value(in, &d.columns[i], &cells[i]); err != nil {
			return err
		}
	}
	return in.err("a row of the binary log")
}

func (d *decoder) value(in *source, c *Column, out *cell.Cell) error {
	*out = cell.Cell{Bytes: out.Bytes[:0]}
	switch c.kind {
	case gomysql.MYSQL_TYPE_TINY:
		c.integer(in, 1, out)
	case gomysql.MYSQL_TYPE_SHORT:
		c.integer(in, 2, out)
	case gomysql.MYSQL_TYPE_INT24:
		c.integer(in, 3, out)
	case gomysql.MYSQL_TYPE_LONG:
		c.integer(in, 4, out)
	case gomysql.MYSQL_TYPE_LONGLONG:
		c.integer(in, 8, out)
	case gomysql.MYSQL_TYPE_FLOAT:
		out.Kind, out.Float = cell.Single, float64(math.Float32frombits(uint32(in.little(4))))
	case gomysql.MYSQL_TYPE_DOUBLE:
		out.Kind, out.Float = cell.Double, math.Float64frombits(in.little(8))
	case gomysql.MYSQL_TYPE_NEWDECIMAL:
		out.Kind, out.Bytes = cell.Decimal, d.keep(func(text []byte) []byte { return appendDecimal(text, in, int(c.meta>>8), int(c.meta&0xff)) })
	case gomysql.MYSQL_TYPE_BIT:
		out.Kind, out.Int = cell.Unsigned, int64(in.big(int(c.meta>>8)+min(int(c.meta&0xff), 1)))
	case gomysql.MYSQL_TYPE_YEAR:
		out.Kind, out.Int = cell.Signed, int64(in.little(1))
		if out.Int > 0 {
			out.Int += 1900
		}
	case gomysql.MYSQL_TYPE_ENUM, gomysql.MYSQL_TYPE_SET:
		d.labels(in, c, out)
	case gomysql.MYSQL_TYPE_JSON:
		return d.json(in, c, out)
	default:
		if !c.moment(in, out) && !d.bytes(in, c, out) {
			return fmt.Errorf("column %s has the type %d, which the binary log has in a form that can't be read", c.Name, c.kind)
		}
	}
	return nil
}

func (c *Column) integer(in *source, size int, out *cell.Cell) {
	v := in.little(size)
	if c.unsigned {
		out.Kind, out.Int = cell.Unsigned, int64(v)
		return
	}
	out.Kind, out.Int = cell.Signed, signed(v, size)
}

func (c *Column) moment(in *source, out *cell.Cell) bool {
	digits := int(c.meta)
	switch c.kind {
	case gomysql.MYSQL_TYPE_DATE, gomysql.MYSQL_TYPE_NEWDATE:
		out.Kind, out.Moment = cell.Date, packedDate(in)
	case gomysql.MYSQL_TYPE_DATETIME2:
		out.Kind, out.Moment = cell.DateTime, datetime2(in, digits)
	case gomysql.MYSQL_TYPE_TIMESTAMP2:
		out.Kind, out.Moment = cell.Instant, timestamp2(in, digits)
	case gomysql.MYSQL_TYPE_TIME2:
		out.Kind, out.Moment = cell.Clock, time2(in, digits)
	case gomysql.MYSQL_TYPE_DATETIME:
		out.Kind, out.Moment = cell.DateTime, datetime1(in)
	case gomysql.MYSQL_TYPE_TIMESTAMP:
		out.Kind, out.Moment = cell.Instant, timestamp1(in)
	case gomysql.MYSQL_TYPE_TIME:
		out.Kind, out.Moment = cell.Clock, time1(in)
	default:
		return false
	}
	return true
}

// bytes reads text and bytes behind their length.
func (d *decoder) bytes(in *source, c *Column, out *cell.Cell) bool {
	var value []byte
	switch c.kind {
	case gomysql.MYSQL_TYPE_VARCHAR, gomysql.MYSQL_TYPE_VAR_STRING, gomysql.MYSQL_TYPE_STRING:
		if c.meta < 256 {
			value = in.counted(1)
		} else {
			value = in.counted(2)
		}
	case gomysql.MYSQL_TYPE_GEOMETRY:
		out.Kind, out.Bytes = cell.Bytes, withoutSRID(in.counted(int(c.meta)))
		return true
	case gomysql.MYSQL_TYPE_BLOB, gomysql.MYSQL_TYPE_VECTOR:
		value = in.counted(int(c.meta))
	default:
		return false
	}
	out.Kind, out.Bytes = cell.Text, value
	switch {
	case c.binary:
		out.Kind = cell.Bytes
		if c.kind == gomysql.MYSQL_TYPE_STRING { // its zeros at the end are not logged
			out.Bytes = d.keep(func(text []byte) []byte { return padded(append(text, value...), int(c.meta)-len(value)) })
		}
	case c.decode != nil:
		out.Bytes = d.keep(func(text []byte) []byte { return c.decode(text, value) })
	}
	return true
}

func padded(text []byte, zeros int) []byte {
	for range zeros {
		text = append(text, 0)
	}
	return text
}

func withoutSRID(v []byte) []byte {
	if len(v) < 4 {
		return v
	}
	return v[4:]
}

// labels reads the number of an enum's value, or the bits of a set's.
func (d *decoder) labels(in *source, c *Column, out *cell.Cell) {
	v := in.little(int(c.meta & 0xff))
	if c.kind == gomysql.MYSQL_TYPE_ENUM {
		out.Kind, out.Bytes = cell.Text, nil
		if v > 0 && v <= uint64(len(c.members)) { // 0 is the empty text of a value that was none
			out.Bytes = []byte(c.members[v-1])
		}
		return
	}
	out.Kind, out.Bytes = cell.Set, d.keep(func(text []byte) []byte {
		for i, member := range c.members {
			if v&(1<<i) == 0 {
				continue
			}
			if len(text) > 0 {
				text = append(text, ',')
			}
			text = append(text, member...)
		}
		return text
	})
}

func (d *decoder) json(in *source, c *Column, out *cell.Cell) (err error) {
	out.Kind = cell.Text
	out.Bytes = d.keep(func(text []byte) []byte {
		text, err = appendJSON(text, in.counted(int(c.meta)))
		return text
	})
	if err != nil {
		return fmt.Errorf("column %s: %w", c.Name, err)
	}
	return nil
}

// keep lets spell append to memory that lives until the next row.
func (d *decoder) keep(spell func([]byte) []byte) []byte {
	spelled := spell(d.scratch[len(d.scratch):])
	if len(spelled) <= cap(d.scratch)-len(d.scratch) {
		d.scratch = d.scratch[:len(d.scratch)+len(spelled)]
	} else { // it has outgrown the memory and lies elsewhere: make room for the next rows
		d.scratch = make([]byte, 0, 2*cap(d.scratch)+len(spelled))
	}
	return spelled
}
