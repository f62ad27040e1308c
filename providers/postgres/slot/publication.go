package slot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/automic-etl/etl/providers/postgres/session"
)

// Publication is which changes of which tables are told.
type Publication struct {
	Insert   bool     `json:"insert"`
	Update   bool     `json:"update"`
	Delete   bool     `json:"delete"`
	Truncate bool     `json:"truncate"`
	ViaRoot  bool     `json:"via_root"`
	Tables   int      `json:"tables"`
	Has      bool     `json:"has"`      // the table
	Columns  []string `json:"columns"`  // of the table that are told; nil: all
	Filtered bool     `json:"filtered"` // only some rows of the table are told
	Written  string   `json:"written"`  // which rows of the catalog it is, and who wrote them last
	Placed   string   `json:"placed"`   // who put the table into the schema, where the publication tells all of it; else empty
}

// All reports whether every kind of change is told.
func (p *Publication) All() bool { return p.Insert && p.Update && p.Delete && p.Truncate }

// Stamp is another one once the publication, or that it has the table, was written anew: what it told in between is not
// known. It always has the same length.
func (p *Publication) Stamp() string {
	sum := sha256.Sum256([]byte(p.Written))
	return hex.EncodeToString(sum[:8])
}

// The rows that make a table part of a publication are its own, and those of the tables that it is a partition of. Other
// tables may come and go.
const publicationSQL = `
SELECT json_build_object(
  'insert', p.pubinsert, 'update', p.pubupdate, 'delete', p.pubdelete, 'truncate', p.pubtruncate,
  'via_root', coalesce((to_jsonb(p) ->> 'pubviaroot')::bool, false),
  'tables', (SELECT count(*) FROM pg_catalog.pg_publication_tables t WHERE t.pubname = p.pubname),
  'has', EXISTS (SELECT FROM pg_catalog.pg_publication_tables t WHERE t.pubname = p.pubname AND t.schemaname = $2 AND t.tablename = $3),
  'columns', (SELECT to_jsonb(t) -> 'attnames' FROM pg_catalog.pg_publication_tables t WHERE t.pubname = p.pubname AND t.schemaname = $2 AND t.tablename = $3),
  'filtered', (SELECT to_jsonb(t) ->> 'rowfilter' IS NOT NULL FROM pg_catalog.pg_publication_tables t
    WHERE t.pubname = p.pubname AND t.schemaname = $2 AND t.tablename = $3),
  'written', p.oid || '.' || p.xmin || coalesce((SELECT pg_catalog.string_agg(' ' || r.oid || '.' || r.xmin, '' ORDER BY r.oid)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid AND (r.prrelid = c.oid OR r.prrelid IN (SELECT pg_catalog.pg_partition_ancestors(c.oid)))
    WHERE n.nspname = $2 AND c.relname = $3), '')%s)
FROM pg_catalog.pg_publication p WHERE p.pubname = $1`

// Whole schemas can be published since version 15. That a table depends on its schema is a row of the catalog that is written when the
// table is created, and when it is moved.
const (
	schemasVersion = 15
	schemaWritten  = ` || coalesce((SELECT ' ' || s.oid || '.' || s.xmin
    FROM pg_catalog.pg_publication_namespace s JOIN pg_catalog.pg_namespace n ON n.oid = s.pnnspid WHERE s.pnpubid = p.oid AND n.nspname = $2), ''),
  'placed', coalesce((SELECT d.xmin::text
    FROM pg_catalog.pg_publication_namespace s JOIN pg_catalog.pg_namespace n ON n.oid = s.pnnspid JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
      AND d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.refobjid = n.oid
    WHERE s.pnpubid = p.oid AND n.nspname = $2 AND c.relname = $3), '')`
)

// LoadPublication describes a publication with regard to a table; nil where there is none.
func LoadPublication(ctx context.Context, c *session.Conn, name, schema, table string) (*Publication, error) {
	schemas := ""
	if c.Version() >= schemasVersion {
		schemas = schemaWritten
	}
	var p Publication
	found, err := c.JSON(ctx, &p, fmt.Sprintf(publicationSQL, schemas), name, schema, table)
	if err != nil || !found {
		return nil, err
	}
	return &p, nil
}
