// Package cell is one value of a row on its way from the server, which sends it as text, as numbers or packed in a binlog,
// to an Arrow column. Both ways of reading make the same cells, so that a snapshot and the changes after it can't differ.
package cell

import "bytes"

// Kind says which fields of a Cell count.
type Kind uint8

// Kinds of cells.
const (
	Null     Kind = iota
	Signed        // Int
	Unsigned      // Int, its bits as uint64
	Single        // Float, which was a float32
	Double        // Float
	Decimal       // Bytes: digits
	Text          // Bytes: UTF-8
	Bytes         // Bytes
	Set           // Bytes: the members, divided by commas
	Date          // Moment
	DateTime      // Moment
	Instant       // Moment, in UTC
	Clock         // Moment, of which Hour goes beyond 24 and Negative counts
)

// Cell is one value. Its bytes are borrowed until the next row.
type Cell struct {
	Kind   Kind
	Int    int64
	Float  float64
	Bytes  []byte
	Moment Moment
}

// Moment is a date, a time, or both, as the server has them: months and days may be zero.
type Moment struct {
	Year, Month, Day             int
	Hour, Minute, Second, Micros int
	Digits                       int // of the fraction, as the column declares
	Negative                     bool
}

// Equal reports whether two cells of one column are the same value.
func (c *Cell) Equal(other *Cell) bool {
	return c.Kind == other.Kind && c.Int == other.Int && c.Float == other.Float && bytes.Equal(c.Bytes, other.Bytes) && c.Moment == other.Moment
}
