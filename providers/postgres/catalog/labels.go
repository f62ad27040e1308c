package catalog

import (
	"context"

	"github.com/automic-etl/etl/providers/postgres/session"
)

// Labels are those of an enumeration at some time. Each keeps its number for good, whatever it is called, and those that are added
// later have greater ones.
type Labels struct {
	Type uint32 `json:"type"` // the enumeration; a column may be of a domain over it, or an array
	Last uint32 `json:"last"` // the greatest number
	Sum  string `json:"sum"`
}

// labelsSQL describes the labels of the type of a column a; null where it has none.
const labelsSQL = `(
      SELECT json_build_object('type', e.enumtypid::int8, 'last', max(e.oid)::int8, 'sum', ` + labelSumSQL + `)
      FROM pg_catalog.pg_type t JOIN pg_catalog.pg_enum e ON e.enumtypid IN (t.oid, t.typelem, t.typbasetype) WHERE t.oid = a.atttypid GROUP BY e.enumtypid)`

const labelSumSQL = `md5(json_agg(e.enumlabel ORDER BY e.oid)::text)`

// Renamed reports whether labels that were there before are called otherwise now.
func (l Labels) Renamed(ctx context.Context, c *session.Conn, now Labels) (bool, error) {
	if l.Type != now.Type || l.Last >= now.Last {
		return l.Type == now.Type && l != now, nil
	}
	sum, err := c.Value(ctx, "SELECT "+labelSumSQL+" FROM pg_catalog.pg_enum e WHERE e.enumtypid = $1::oid AND e.oid <= $2::oid", now.Type, l.Last)
	return sum != l.Sum, err
}
