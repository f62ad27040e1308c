// Package changes is the SQL that applies changes of rows to a table: it collapses several of a row, keeps what was deleted,
// makes versions, and puts in the values that a source left out.
package changes

import (
	"fmt"
	"strings"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/plugins/sdk"
)

// Table is a table that changes are applied to.
type Table struct {
	Key []string
	// Columns are all that a row has, in the order of the table.
	Columns []string
}

func ident(name string) string { return dialect.Ident(name) }

func idents(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = ident(name)
	}
	return out
}

// list is names for a SELECT or a PARTITION BY.
func list(names []string) string { return strings.Join(idents(names), ", ") }

func of(alias string, names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = alias + "." + ident(name)
	}
	return strings.Join(out, ", ")
}

// same compares keys, nulls too.
func same(a, b string, names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = fmt.Sprintf("%s.%s IS NOT DISTINCT FROM %s.%s", a, ident(name), b, ident(name))
	}
	return strings.Join(out, " AND ")
}

func op() string          { return ident(sdk.OpColumn) }
func position() string    { return ident(sdk.PositionColumn) }
func committedAt() string { return ident(sdk.CommittedAtColumn) }

// upsert is true of changes that bring a row's values.
func upsert() string {
	return fmt.Sprintf("%s IN (%s, %s)", op(), dialect.Text(sdk.Insert), dialect.Text(sdk.Update))
}

func isOp(name string) string { return op() + " = " + dialect.Text(name) }

// Facts gives one row about changes: how many there are, the lowest and the highest position, the highest of a truncate, and
// whether none of them is an update or a delete.
func Facts(rows string) string {
	return fmt.Sprintf("SELECT count(*) AS n, coalesce(min(%[1]s), '') AS lowest, coalesce(max(%[1]s), '') AS highest, "+
		"coalesce(max(%[1]s) FILTER (WHERE %[2]s), '') AS truncated, count(*) FILTER (WHERE %[3]s OR %[4]s) AS later FROM %[5]s",
		position(), isOp(sdk.Truncate), isOp(sdk.Update), isOp(sdk.Delete), rows)
}

// Last gives the last change of each row after a position, truncates left out. Alone says that each row has one change only.
func (t Table) Last(rows, after string, alone bool) string {
	query := fmt.Sprintf("SELECT * FROM %s WHERE NOT %s", rows, isOp(sdk.Truncate))
	if after != "" {
		query += fmt.Sprintf(" AND %s > %s", position(), dialect.Text(after))
	}
	if alone {
		return query
	}
	return query + fmt.Sprintf(" QUALIFY row_number() OVER (PARTITION BY %s ORDER BY %s DESC, %s) = 1", list(t.Key), position(), isOp(sdk.Delete))
}

// Upserts are the rows that changes leave in place.
func Upserts(last string) string { return fmt.Sprintf("SELECT * FROM %s WHERE %s", last, upsert()) }

// Keys are those of rows.
func (t Table) Keys(rows string) string { return fmt.Sprintf("SELECT %s FROM %s", list(t.Key), rows) }

// Several are the keys that more than one change has.
func (t Table) Several(rows string) string {
	return fmt.Sprintf("SELECT 1 FROM %s WHERE NOT %s GROUP BY %s HAVING count(*) > 1", rows, isOp(sdk.Truncate), list(t.Key))
}

// Twice are the keys that two changes at one position would give different rows: steps made several rows of one.
func (t Table) Twice(rows string) string {
	return fmt.Sprintf("SELECT %s FROM %s WHERE %s GROUP BY %s, %s HAVING count(*) > 1", list(t.Key), rows, upsert(), list(t.Key), position())
}
