package catalog

import (
	"context"
	"fmt"
	"slices"

	"github.com/automic-etl/etl/providers/naming"
	"github.com/automic-etl/etl/providers/postgres/session"
)

// Relation is a table, a view, or anything else that has rows.
type Relation struct {
	OID    uint32 `json:"oid"`
	Schema string `json:"schema"`
	Name   string `json:"name"`
	Kind   string `json:"kind"` // as pg_class.relkind
	// Heap says that rows lie in pages that can be read in ranges.
	Heap bool `json:"heap"`
	// Children says that the table has rows of tables that inherit from it.
	Children bool     `json:"children"`
	Rows     int64    `json:"rows"` // estimates, for a list of all; -1: unknown
	Bytes    int64    `json:"bytes"`
	Columns  []Column `json:"columns"`
	Key      []string `json:"key"` // of the primary key
	// Identity is what identifies a row in logical replication: d (the primary key), i (an index), f (all columns), n.
	Identity    string   `json:"identity"`
	IdentityKey []string `json:"identity_key"` // the columns of the index, where it is one
	Indexed     []string `json:"indexed"`      // columns that an index begins with
	Readable    bool     `json:"readable"`     // the role may read all of it
	Usable      bool     `json:"usable"`       // the role may use the schema
	Filtered    bool     `json:"filtered"`     // row-level security hides rows from the role
	Unlogged    bool     `json:"unlogged"`
	Owner       string   `json:"owner"`
	Owned       bool     `json:"owned"` // the role may do what the owner may
}

// Column is a column of a relation.
type Column struct {
	Name      string `json:"name"`
	Type      uint32 `json:"type"`
	Typmod    int32  `json:"typmod"`
	Dims      int    `json:"dims"`
	NotNull   bool   `json:"not_null"`
	Generated bool   `json:"generated"`
	Filled    bool   `json:"filled"` // rows from before the column may have got a value in it
	Readable  bool   `json:"readable"`
	Doc       string `json:"doc"`
}

// Kinds of relations.
const (
	Table        = "r"
	Partitioned  = "p"
	Materialized = "m"
	View         = "v"
)

// NotFoundError is a name that no relation has.
type NotFoundError struct {
	Name   Name
	Schema bool   // there is not even the schema
	Near   string // what was probably meant
}

func (e *NotFoundError) Error() string { return "there is no such table" }

const findSQL = `
SELECT json_agg(json_build_object('oid', c.oid::int8, 'schema', n.nspname, 'name', c.relname)
       ORDER BY array_position(current_schemas(false), n.nspname))
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname::text = ANY ($1::text[])
  AND CASE WHEN $2::text[] IS NULL THEN n.nspname = ANY (current_schemas(false)) ELSE n.nspname::text = ANY ($2::text[]) END`

// Find looks a relation up. A name without quotes means exactly that name if there is one, else the one in lower case.
func Find(ctx context.Context, c *session.Conn, name Name) (*Relation, error) {
	tables := spellings(name.Table, name.TableExact)
	schemas := spellings(name.Schema, name.SchemaExact)
	var among any
	if name.Schema != "" {
		among = textArray(schemas)
	}
	var found []Relation
	if _, err := c.JSON(ctx, &found, findSQL, textArray(tables), among); err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, missing(ctx, c, name)
	}
	rank := func(r Relation) int {
		order := slices.Index(tables, r.Name)
		if name.Schema != "" {
			order += len(tables) * slices.Index(schemas, r.Schema)
		}
		return order
	}
	if name.Schema != "" || len(tables) > 1 {
		slices.SortStableFunc(found, func(a, b Relation) int { return rank(a) - rank(b) })
	}
	return Load(ctx, c, found[0].OID)
}

// textArray spells a list of texts for the server.
func textArray(texts []string) string {
	out := "{"
	for i, text := range texts {
		if i > 0 {
			out += ","
		}
		out += quoteElement(text)
	}
	return out + "}"
}

func quoteElement(text string) string {
	out := `"`
	for _, r := range text {
		if r == '"' || r == '\\' {
			out += `\`
		}
		out += string(r)
	}
	return out + `"`
}

// indexedSQL are the columns of a relation c that an index of all its rows begins with, by which values can be looked up in order.
const indexedSQL = `(
    SELECT json_agg(DISTINCT a.attname)
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid JOIN pg_catalog.pg_am am ON am.oid = ic.relam
    WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL AND am.amname IN ('btree', 'brin'))`

const loadSQL = `
SELECT json_build_object(
  'oid', c.oid::int8, 'schema', n.nspname, 'name', c.relname, 'kind', c.relkind,
  'heap', c.relkind IN ('r', 'm') AND coalesce((SELECT amname = 'heap' FROM pg_catalog.pg_am WHERE oid = c.relam), false),
  'children', c.relkind IN ('r', 'f') AND EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhparent = c.oid),
  'identity', c.relreplident, 'unlogged', c.relpersistence <> 'p', 'owner', pg_catalog.pg_get_userbyid(c.relowner),
  'owned', pg_catalog.pg_has_role(c.relowner, 'USAGE'),
  'readable', pg_catalog.has_table_privilege(c.oid, 'SELECT'),
  'usable', pg_catalog.has_schema_privilege(n.oid, 'USAGE'),
  'filtered', pg_catalog.row_security_active(c.oid),
  'columns', (
    SELECT json_agg(json_build_object('name', a.attname, 'type', a.atttypid::int8, 'typmod', a.atttypmod, 'dims', a.attndims,
      'not_null', a.attnotnull, 'generated', a.attgenerated <> '',
      'filled', a.atthasmissing OR a.atthasdef OR a.attidentity <> ''
        OR EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.oid = a.atttypid AND t.typtype = 'd' AND t.typdefault IS NOT NULL),
      'readable', pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT'),
      'doc', coalesce(pg_catalog.col_description(c.oid, a.attnum), '')) ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  'key', (
    SELECT json_agg(a.attname ORDER BY k.place)
    FROM pg_catalog.pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, place), pg_catalog.pg_attribute a
    WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid AND a.attnum = k.attnum AND k.place <= i.indnkeyatts),
  'identity_key', (
    SELECT json_agg(a.attname ORDER BY k.place)
    FROM pg_catalog.pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, place), pg_catalog.pg_attribute a
    WHERE i.indrelid = c.oid AND i.indisreplident AND a.attrelid = c.oid AND a.attnum = k.attnum AND k.place <= i.indnkeyatts),
  'indexed', ` + indexedSQL + `)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1::oid`

// Load describes a relation.
func Load(ctx context.Context, c *session.Conn, oid uint32) (*Relation, error) {
	var r Relation
	found, err := c.JSON(ctx, &r, loadSQL, oid)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("the table with the number %d was dropped a moment ago", oid)
	}
	return &r, nil
}

const allSQL = `
SELECT json_build_object(
  'tables', (SELECT json_agg(n.nspname || '.' || c.relname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'),
  'schemas', (SELECT json_agg(nspname) FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_(toast|temp)'),
  'path', array_to_json(current_schemas(false)))`

// missing looks for what was meant by a name that nothing has.
func missing(ctx context.Context, c *session.Conn, name Name) error {
	var all struct{ Tables, Schemas, Path []string }
	if _, err := c.JSON(ctx, &all, allSQL); err != nil {
		return err
	}
	e := &NotFoundError{Name: name}
	if name.Schema == "" {
		for _, schema := range all.Path {
			if e.Near == "" {
				e.Near = naming.Nearest(schema+"."+name.Table, all.Tables)
			}
		}
		return e
	}
	schemas := spellings(name.Schema, name.SchemaExact)
	e.Schema = !slices.ContainsFunc(schemas, func(s string) bool { return slices.Contains(all.Schemas, s) })
	e.Near = naming.Nearest(name.Schema+"."+name.Table, all.Tables)
	return e
}
