package postgres

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/automic-etl/etl/providers/postgres/catalog"
	"github.com/automic-etl/etl/providers/postgres/column"
	"github.com/automic-etl/etl/providers/postgres/session"
)

// tally is what the server says of rows that the next read would send again. Rows that are changed, or deleted while as
// many others come, leave their number as it was, but not their sum.
type tally struct {
	rows int64
	sum  string // of a hash of each row, in any order; empty where nothing can be hashed
}

func (g *growing) tally(ctx context.Context, condition string) (tally, error) {
	rows, err := g.conn.Rows(ctx, "SELECT count(*), "+g.hashes()+" FROM "+g.from()+" WHERE "+g.meets(condition))
	if err != nil || len(rows) == 0 {
		return tally{}, err
	}
	n, err := strconv.ParseInt(string(rows[0][0]), 10, 64)
	return tally{rows: n, sum: string(rows[0][1])}, err
}

// hashes is the sum in the server's SQL. A row's text tells null from the empty text, and one column from the next.
func (g *growing) hashes() string {
	hashed := g.hashed()
	if len(hashed) == 0 {
		return "NULL"
	}
	return `coalesce(sum(pg_catalog.hashtextextended(ROW(` + strings.Join(hashed, ", ") + `)::pg_catalog.text COLLATE "C", 0)::pg_catalog.numeric), 0)`
}

// hashed are the values of a row that its hash is made of: all that are read of stored rows. A view or a query may
// compute others each time, the time it is say, so that it would never be done: of those only the key and the cursor count.
func (g *growing) hashed() []string {
	stored, key := g.stored(), g.key()
	if !stored && key == nil {
		return nil
	}
	var values []string
	for _, f := range g.fields {
		if !stored && f.name != g.column.name && !slices.Contains(key, f.name) {
			continue
		}
		value := session.Ident(f.name)
		if f.shape.Kind == column.Bytes { // whose text is twice as long, and might be longer than texts can be
			value = "pg_catalog.sha256(" + value + ")"
		}
		values = append(values, value)
	}
	return values
}

// stored reports whether the server keeps the rows as they are read.
func (g *growing) stored() bool {
	if g.relation == nil {
		return false
	}
	switch g.relation.Kind {
	case catalog.Table, catalog.Partitioned, catalog.Materialized:
		return true
	}
	return false
}
