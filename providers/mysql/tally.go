package mysql

import (
	"context"
	"database/sql"
	"slices"
	"strings"
)

// tally is what the server says of rows that the next read would send again. Rows that are changed, or deleted while as
// many others come, leave their number as it was, but not their sum.
type tally struct {
	rows int64
	sum  string // of a hash of each row, in any order; empty where nothing can be hashed
}

func (f *following) tally(ctx context.Context, q querier, condition string, args ...any) (tally, error) {
	var t tally
	var sum sql.NullString
	err := q.QueryRowContext(ctx, "SELECT COUNT(*), "+f.hashes()+" FROM "+f.relation.from+" WHERE "+f.condition(condition), args...).Scan(&t.rows, &sum)
	t.sum = sum.String
	return t, err
}

// hashes is the sum in the server's SQL: of the first 64 bits of each row's hash, as that is what the server makes a number of.
func (f *following) hashes() string {
	hashed := f.hashed()
	if len(hashed) == 0 {
		return "NULL"
	}
	return "COALESCE(SUM(CAST(CONV(LEFT(SHA1(CONCAT_WS(','," + strings.Join(hashed, ", ") + ")), 16), 16, 10) AS UNSIGNED)), 0)"
}

// hashed are the values of a row that its hash is made of: all that are read of a table. A view or a query may compute
// others each time, the time it is say, so that it would never be done: of those only the key and the cursor count.
func (f *following) hashed() []string {
	stored, key := f.relation.query == "" && f.relation.engine != "", f.key()
	if !stored && len(key) == 0 {
		return nil
	}
	var values []string
	for _, c := range f.relation.all {
		wanted := slices.ContainsFunc(f.relation.columns, func(w column) bool { return w.name == c.name })
		if stored && wanted || c.name == f.column.name || slices.Contains(key, c.name) {
			values = append(values, c.hashed())
		}
	}
	return values
}

// key is what identifies a row.
func (f *following) key() []string {
	if len(f.options.key) > 0 {
		return f.options.key
	}
	return f.relation.key
}

// hashed is a value in the server's SQL that is different for all that differ, never null and without a comma: what isn't a
// number or a time is hashed by itself, so that it may hold anything and be as long as it likes.
func (c column) hashed() string {
	value := quote(c.name)
	switch c.class {
	case integer, decimal, date, datetime, instant, clock, year, double:
	case single: // whose text has fewer digits than it
		value += " + 0e0"
	case bits:
		value += " + 0"
	case geometry:
		value = "SHA1(ST_AsBinary(" + value + "))"
	case bytes:
		value = "SHA1(" + value + ")"
	default:
		value = "SHA1(CAST(" + value + " AS BINARY))"
	}
	return "COALESCE(" + value + ", '')"
}
