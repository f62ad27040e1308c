package changes

import (
	"fmt"
	"strings"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/plugins/sdk"
)

// Kept gives the rows of a table that keeps what was deleted, as changes leave them. Old are the rows that the table has of the
// keys in question, nothing for none; deleted names the column that says whether a row is gone.
//
// A row has the values of the last change that brought some, and says in its change columns what happened last.
func (t Table) Kept(rows, old, deleted string) string {
	came := t.came(rows, old, deleted)
	gone := fmt.Sprintf("SELECT %s, max(%s) AS at, arg_max(%s, %s) AS committed FROM %s WHERE %s GROUP BY %s",
		list(t.Key), position(), committedAt(), position(), rows, isOp(sdk.Delete), list(t.Key))
	truncated := fmt.Sprintf("SELECT max(%s) AS at, arg_max(%s, %s) AS committed FROM %s WHERE %s",
		position(), committedAt(), position(), rows, isOp(sdk.Truncate))
	// What is gone by both went by the later of the two.
	byAll := `coalesce("x".at > coalesce("g".at, ''), false)`
	after := func(at string) string {
		return fmt.Sprintf(`coalesce("u"."etl$old" OR %s > "u".%s, false) AND %s IS NOT NULL`, at, position(), at)
	}
	lost := fmt.Sprintf("(%s OR %s)", after(`"g".at`), after(`"x".at`))
	parts := make([]string, 0, len(t.Columns)+1)
	for _, name := range t.Columns {
		value := `"u".` + ident(name)
		switch name {
		case sdk.OpColumn:
			value = fmt.Sprintf("CASE WHEN NOT %s THEN %s WHEN %s THEN %s ELSE %s END", lost, value, byAll, dialect.Text(sdk.Truncate), dialect.Text(sdk.Delete))
		case sdk.PositionColumn:
			value = fmt.Sprintf(`CASE WHEN NOT %s THEN %s WHEN %s THEN "x".at ELSE "g".at END`, lost, value, byAll)
		case sdk.CommittedAtColumn:
			value = fmt.Sprintf(`CASE WHEN NOT %s THEN %s WHEN %s THEN "x".committed ELSE "g".committed END`, lost, value, byAll)
		case deleted:
			value = fmt.Sprintf("%s OR %s", lost, value)
		}
		parts = append(parts, value+" AS "+ident(name))
	}
	return fmt.Sprintf(`SELECT %s FROM (%s) AS "u" LEFT JOIN (%s) AS "g" ON %s CROSS JOIN (%s) AS "x"`,
		strings.Join(parts, ", "), came, gone, same(`"u"`, `"g"`, t.Key), truncated)
}

// came are the last values of each row: of changes, else those that the table has.
func (t Table) came(rows, old, deleted string) string {
	fresh, was := make([]string, len(t.Columns)), make([]string, len(t.Columns))
	for i, name := range t.Columns {
		fresh[i], was[i] = ident(name), ident(name)
		if name == deleted {
			fresh[i] = "false AS " + ident(name)
		}
	}
	all := fmt.Sprintf(`SELECT %s, false AS "etl$old" FROM %s WHERE %s`, strings.Join(fresh, ", "), rows, upsert())
	if old != "" {
		all += fmt.Sprintf(` UNION ALL SELECT %s, true AS "etl$old" FROM %s`, strings.Join(was, ", "), old)
	}
	return fmt.Sprintf(`SELECT * FROM (%s) QUALIFY row_number() OVER (PARTITION BY %s ORDER BY "etl$old", %s DESC) = 1`, all, list(t.Key), position())
}
