package mysql

import (
	"fmt"
	"strings"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// class is what sort of values a column has, of those that are read in the same way.
type class uint8

const (
	integer class = iota
	single
	double
	decimal
	date
	datetime
	instant // timestamp
	clock   // time
	year
	words // char, varchar, text, enum, json, uuid, inet: all that the server sends as text
	bytes // binary, varbinary, blob, vector
	set
	bits
	geometry
)

// column is one of the server's.
type column struct {
	name      string
	declared  string // as the server spells its type: `int(10) unsigned`
	class     class
	size      int // of an integer, in bytes
	unsigned  bool
	precision int // of a decimal; how many bits
	scale     int
	charset   string
	collation string
	enum      bool // sorts by number, compares as text
	nullable  bool
	filled    bool // rows that were there before the column have a value, by its default or what it is computed from
}

// classOf knows the server's types by name; sizes are those of integers.
func classOf(dataType string) (class, int) {
	switch dataType {
	case "tinyint", "boolean":
		return integer, 1
	case "smallint":
		return integer, 2
	case "mediumint":
		return integer, 3
	case "int":
		return integer, 4
	case "bigint":
		return integer, 8
	case "float":
		return single, 0
	case "double":
		return double, 0
	case "decimal":
		return decimal, 0
	case "date":
		return date, 0
	case "datetime":
		return datetime, 0
	case "timestamp":
		return instant, 0
	case "time":
		return clock, 0
	case "year":
		return year, 0
	case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "vector":
		return bytes, 0
	case "set":
		return set, 0
	case "bit":
		return bits, 0
	case "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geomcollection", "geometrycollection":
		return geometry, 0
	}
	return words, 0
}

// offered is the column's type where the user declares none.
func (c column) offered() coltype.Type {
	switch c.class {
	case integer:
		return c.integer()
	case single:
		return coltype.Of(coltype.Float)
	case double:
		return coltype.Of(coltype.Double)
	case decimal:
		if c.tooPrecise() {
			return coltype.Of(coltype.String)
		}
		return coltype.DecimalOf(c.precision, c.scale)
	case date:
		return coltype.Of(coltype.Date)
	case datetime:
		return coltype.Of(coltype.Timestamp)
	case instant:
		return coltype.Of(coltype.Timestamptz)
	case clock:
		return coltype.Of(coltype.Time)
	case year:
		return coltype.Of(coltype.Int)
	case bytes, geometry:
		return coltype.Of(coltype.Binary)
	case set:
		return coltype.ListOf(coltype.Of(coltype.String))
	case bits:
		return c.bits()
	}
	return coltype.Of(coltype.String)
}

func (c column) integer() coltype.Type {
	switch {
	case c.size == 8 && c.unsigned:
		return coltype.DecimalOf(20, 0)
	case c.size == 8, c.size == 4 && c.unsigned:
		return coltype.Of(coltype.Long)
	}
	return coltype.Of(coltype.Int)
}

func (c column) bits() coltype.Type {
	switch c.precision {
	case 1:
		return coltype.Of(coltype.Boolean)
	case 64:
		return coltype.DecimalOf(20, 0)
	}
	return coltype.Of(coltype.Long)
}

func (c column) tooPrecise() bool { return c.class == decimal && c.precision > coltype.MaxPrecision }

// fits reports whether values of the column can be of the type at all.
func (c column) fits(t coltype.Type) bool {
	switch t.Kind {
	case coltype.String:
		return c.class != geometry
	case coltype.Boolean:
		return c.class == integer || c.class == bits
	case coltype.Int, coltype.Long, coltype.Float, coltype.Double, coltype.Decimal:
		return c.class <= decimal || c.class == year || c.class == bits || c.class == words
	case coltype.Date:
		return c.class == date || c.class == datetime || c.class == words
	case coltype.Time:
		return c.class == clock || c.class == words
	case coltype.Timestamp, coltype.Timestamptz:
		return c.class == date || c.class == datetime || c.class == instant || c.class == words
	case coltype.UUID:
		return c.class == words || c.class == bytes
	case coltype.Binary:
		return c.class == bytes || c.class == words || c.class == geometry
	case coltype.List:
		return c.class == words || c.class == set
	}
	return c.class == words
}

// orders reports whether the server compares the column with a parameter as its index is sorted.
func (c column) orders() bool {
	switch c.class {
	case integer, decimal, date, datetime, instant, year, bytes:
		return true
	case words:
		return !c.enum && c.charset != ""
	}
	return false
}

// parameter is a placeholder that the server compares without converting the column, so that an index serves.
func (c column) parameter() string {
	switch c.class {
	case decimal:
		return fmt.Sprintf("CAST(? AS DECIMAL(%d, %d))", c.precision, c.scale)
	case words:
		if c.charset == "" {
			return "?"
		}
		return fmt.Sprintf("CONVERT(? USING %s) COLLATE %s", c.charset, c.collation)
	case bytes:
		return "CAST(? AS BINARY)"
	case datetime, instant:
		return "CAST(? AS DATETIME(6))"
	case date:
		return "CAST(? AS DATE)"
	}
	return "?"
}

// describeType fills in what the name of a type alone doesn't say.
func (c *column) describeType(dataType, declared string) {
	c.class, c.size = classOf(dataType)
	c.declared = declared
	c.unsigned = strings.Contains(declared, "unsigned")
	c.enum = dataType == "enum"
}
