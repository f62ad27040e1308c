package catalog

import (
	"context"
	"strconv"

	"github.com/automic-etl/etl/providers/postgres/session"
)

// Leaf is a table that holds rows itself.
type Leaf struct {
	Name  string `json:"name"` // quoted
	Pages int64  `json:"pages"`
	Heap  bool   `json:"heap"`
}

const leavesSQL = `
SELECT json_build_object(
  'readable', bool_and(pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')),
  'leaves', json_agg(json_build_object(
    'name', quote_ident(n.nspname) || '.' || quote_ident(c.relname),
    'pages', pg_catalog.pg_relation_size(c.oid) / current_setting('block_size')::int8,
    'heap', c.relkind = 'r' AND coalesce((SELECT amname = 'heap' FROM pg_catalog.pg_am WHERE oid = c.relam), false)) ORDER BY n.nspname, c.relname))
FROM pg_catalog.pg_partition_tree($1::oid) t
JOIN pg_catalog.pg_class c ON c.oid = t.relid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE t.isleaf`

// Leaves are the partitions that hold a table's rows; nil where the role may read the table but not each of them.
func Leaves(ctx context.Context, c *session.Conn, oid uint32) ([]Leaf, error) {
	var answer struct {
		Readable *bool
		Leaves   []Leaf
	}
	if _, err := c.JSON(ctx, &answer, leavesSQL, oid); err != nil {
		return nil, err
	}
	if answer.Readable == nil || !*answer.Readable {
		return nil, nil
	}
	return answer.Leaves, nil
}

// Pages is the size of a table's own rows.
func Pages(ctx context.Context, c *session.Conn, oid uint32) (int64, error) {
	text, err := c.Value(ctx, "SELECT pg_catalog.pg_relation_size($1::oid) / current_setting('block_size')::int8", oid)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

const leafNumbersSQL = `SELECT json_agg(relid::oid::int8 ORDER BY relid::text) FROM pg_catalog.pg_partition_tree($1::oid) WHERE isleaf`

// LeafRelations describes the partitions that hold a table's rows.
func LeafRelations(ctx context.Context, c *session.Conn, oid uint32) ([]*Relation, error) {
	var numbers []uint32
	if _, err := c.JSON(ctx, &numbers, leafNumbersSQL, oid); err != nil {
		return nil, err
	}
	leaves := make([]*Relation, len(numbers))
	for i, number := range numbers {
		var err error
		if leaves[i], err = Load(ctx, c, number); err != nil {
			return nil, err
		}
	}
	return leaves, nil
}
