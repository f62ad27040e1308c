package catalog

import (
	"context"

	"github.com/automic-etl/etl/providers/postgres/session"
)

// Modified is the type of a column, with its modifier: the precision, the length.
type Modified struct {
	Type   uint32 `json:"type"`
	Typmod int32  `json:"typmod"`
}

// Change is what lies between two types.
type Change struct {
	Was   string `json:"was"`
	Is    string `json:"is"`
	Keeps bool   `json:"keeps"` // every value of a column is as before
}

const changeSQL = `
SELECT json_build_object('was', pg_catalog.format_type($1::oid, $2::int), 'is', pg_catalog.format_type($3::oid, $4::int),
  'keeps', EXISTS (SELECT FROM pg_catalog.pg_cast WHERE castsource = $1::oid AND casttarget = $3::oid AND castmethod = 'b'))`

// LoadChange looks two types up, where they differ.
func LoadChange(ctx context.Context, c *session.Conn, was, is Modified) (Change, error) {
	if was == is || was.Type == is.Type && widens(was, is) {
		return Change{Keeps: true}, nil
	}
	var out Change
	_, err := c.JSON(ctx, &out, changeSQL, was.Type, was.Typmod, is.Type, is.Typmod)
	out.Keeps = out.Keeps && (is.Typmod < 0 || is.Type == varchar)
	return out, err
}

// Types of the server's own whose modifiers are known.
const (
	varchar     = 1043
	clock       = 1083
	timestamp   = 1114
	timestamptz = 1184
	clocktz     = 1266
	decimal     = 1700
)

// widens reports whether another modifier of a type leaves all values as they are. A text that is too long is refused.
func widens(was, is Modified) bool {
	switch is.Type {
	case varchar:
		return true
	case clock, clocktz, timestamp, timestamptz:
		return is.Typmod < 0 || was.Typmod >= 0 && was.Typmod <= is.Typmod
	case decimal:
		_, before := digits(was.Typmod)
		_, after := digits(is.Typmod)
		return is.Typmod < 0 || was.Typmod >= 0 && before <= after
	}
	return false
}
