package catalog

import (
	"context"
	"slices"

	"github.com/automic-etl/etl/providers/postgres/session"
)

const readableSQL = `
SELECT json_agg(json_build_object(
  'oid', c.oid::int8, 'schema', n.nspname, 'name', c.relname, 'kind', c.relkind,
  'rows', CASE WHEN c.relkind IN ('r', 'm', 'p') AND c.reltuples >= 0 THEN c.reltuples::int8 ELSE -1 END,
  'bytes', CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_table_size(c.oid) ELSE -1 END,
  'columns', (
    SELECT json_agg(json_build_object('name', a.attname, 'type', a.atttypid::int8, 'typmod', a.atttypmod, 'dims', a.attndims,
      'not_null', a.attnotnull, 'doc', coalesce(pg_catalog.col_description(c.oid, a.attnum), '')) ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  'key', (
    SELECT json_agg(a.attname ORDER BY k.place)
    FROM pg_catalog.pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, place), pg_catalog.pg_attribute a
    WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid AND a.attnum = k.attnum AND k.place <= i.indnkeyatts),
  'indexed', ` + indexedSQL + `) ORDER BY n.nspname, c.relname)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')`

// All are the relations that the role may read, partitions and the server's own left out.
func All(ctx context.Context, c *session.Conn) ([]*Relation, error) {
	var found []*Relation
	_, err := c.JSON(ctx, &found, readableSQL)
	return found, err
}

// ColumnTypes are the types that relations have, each once.
func ColumnTypes(relations []*Relation) []uint32 {
	var out []uint32
	for _, r := range relations {
		for _, c := range r.Columns {
			out = append(out, c.Type)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
