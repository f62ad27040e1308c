package catalog

import (
	"context"

	"github.com/automic-etl/etl/providers/postgres/session"
)

// Attributes are a table's columns by their numbers. A number stays with its column for good, whatever the column is called,
// and is never given to another one.
type Attributes struct {
	Last    int         `json:"last"`    // the greatest number that was given
	Live    []Attribute `json:"live"`    // in the order of their numbers; generated ones, which the log doesn't have, left out
	Dropped []Attribute `json:"dropped"` // without names
}

// Attribute is a column's row in the catalog.
type Attribute struct {
	Name    string `json:"name"`
	Number  int    `json:"number"`
	Written uint32 `json:"written"` // the transaction that wrote the row last
	Modified
	Labels *Labels `json:"labels"` // nil where it is none of an enumeration
}

const attributesSQL = `
SELECT json_build_object('last', c.relnatts,
  'live', (
    SELECT json_agg(json_build_object('name', a.attname, 'number', a.attnum, 'written', a.xmin::text::int8, 'type', a.atttypid::int8, 'typmod', a.atttypmod,
      'labels', ` + labelsSQL + `) ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''),
  'dropped', (
    SELECT json_agg(json_build_object('number', a.attnum, 'written', a.xmin::text::int8) ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND a.attisdropped))
FROM pg_catalog.pg_class c WHERE c.oid = $1::oid`

// LoadAttributes looks a table's columns up; a table that is gone has none.
func LoadAttributes(ctx context.Context, c *session.Conn, oid uint32) (*Attributes, error) {
	var a Attributes
	_, err := c.JSON(ctx, &a, attributesSQL, oid)
	return &a, err
}
