package binlog

import (
	"errors"
	"fmt"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"
)

// Column is a column as the log has it at one moment.
type Column struct {
	Name     string
	kind     byte
	meta     uint16
	unsigned bool
	binary   bool
	decode   Decoder
	members  []string // of enum and set
}

// Decoder appends text in one of the server's character sets as UTF-8. Nil is for text that is UTF-8 already.
type Decoder func(out, text []byte) []byte

// Charsets finds the decoder of a collation. Binary is true of bytes that are no text.
type Charsets func(collation uint64) (decode Decoder, binary bool, err error)

// ErrUnnamed is of a change that was logged without the names of its columns.
var ErrUnnamed = errors.New("a change was logged without the names of its columns")

// Columns describes a table as it was when the rows after the event were written.
func columnsOf(e *replication.TableMapEvent, charsets Charsets) ([]Column, error) {
	names := e.ColumnNameString()
	if len(names) != int(e.ColumnCount) {
		return nil, ErrUnnamed
	}
	columns := make([]Column, len(names))
	unsigned, texts, labels := e.UnsignedMap(), e.CollationMap(), e.EnumSetCollationMap()
	enums, sets := e.EnumStrValueMap(), e.SetStrValueMap()
	for i := range columns {
		c := &columns[i]
		c.Name, c.kind, c.meta, c.unsigned = names[i], e.ColumnType[i], e.ColumnMeta[i], unsigned[i]
		c.unpackString()
		collation, isText := texts[i]
		if c.kind == gomysql.MYSQL_TYPE_ENUM || c.kind == gomysql.MYSQL_TYPE_SET {
			collation, isText = labels[i]
		}
		if isText {
			var err error
			if c.decode, c.binary, err = charsets(collation); err != nil {
				return nil, fmt.Errorf("column %s: %w", c.Name, err)
			}
		}
		c.name(append(enums[i], sets[i]...))
	}
	return columns, nil
}

// unpackString finds what the type string stands for: enum and set are written as such, and long ones have two bits of
// their length among those of the type.
func (c *Column) unpackString() {
	if c.kind != gomysql.MYSQL_TYPE_STRING || c.meta < 256 {
		return
	}
	high, low := byte(c.meta>>8), c.meta&0xff
	if high&0x30 != 0x30 {
		c.kind, c.meta = high|0x30, low|uint16(high&0x30^0x30)<<4
		return
	}
	c.kind, c.meta = high, low
}

func (c *Column) name(members []string) {
	for _, member := range members {
		if c.decode != nil {
			member = string(c.decode(nil, []byte(member)))
		}
		c.members = append(c.members, member)
	}
}
