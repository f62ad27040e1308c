// Package column turns values as PostgreSQL sends them, in its binary format or as text, into Arrow columns. Values go
// straight into the columns' memory: nothing is allocated for a single one.
package column

import (
	"errors"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Format is how the values arrive.
type Format uint8

// Formats.
const (
	Text Format = iota
	Binary
)

// Column collects the values of one column of a batch.
type Column interface {
	// Append takes a value. An error says why the column's type can't hold it; the column is then as before.
	Append(value []byte) error
	Null()
	// Truncate takes back all but the first rows.
	Truncate(rows int)
	// Array hands over what was collected and begins anew.
	Array() arrow.Array
	// Size is about how many bytes are held.
	Size() int
}

// Reasons why a value can't be represented. They follow the column's name.
var (
	errInfinite   = errors.New("it is infinite, and no value of the column's type is")
	errNotNumber  = errors.New("it is NaN (not a number), and no decimal is")
	errDigits     = errors.New("it has more digits than the column's type")
	errRange      = errors.New("it is outside of what the column's type can hold")
	errMidnight   = errors.New("it is 24:00:00, and a time of day ends before that")
	errDimensions = errors.New("it is an array of several dimensions, and the column's type is a list; declare the column's type as " +
		"string to read its arrays as JSON")
	errEncoding  = errors.New("it is not valid UTF-8, and the database (SQL_ASCII) doesn't say which encoding it is")
	errNoValue   = errors.New("it is not a value of the column's type")
	errMalformed = errors.New("the server sent it in a form that etl doesn't know")
)

// New makes a column of the wanted type for values of the given shape. Binary is possible only where Shape.Reads says so.
func New(want coltype.Type, from *Shape, format Format) Column {
	t := arrowschema.FromType(want)
	if format == Binary {
		return newBinary(t, want, from)
	}
	return newText(t, want, from)
}

// Absent is a column that the source doesn't have: all its values are null.
func Absent(want coltype.Type) Column { return &absent{t: arrowschema.FromType(want)} }
