package changes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// History is a table of the versions of rows.
type History struct {
	Table
	// Compared are the columns whose values make a version.
	Compared []string
	// From, To and Current are the columns that say when a version holds.
	From, To, Current string
}

// Columns of events besides the table's.
const (
	live   = `"etl$live"` // whether the row is there after it
	at     = `"etl$at"`   // when
	turn   = `"etl$turn"` // first what the table tells, then what is new
	within = `"etl$nth"`  // text that orders the events of a turn before their time does
	packed = `"etl$row"`  // the values that make a version
)

// row lists the columns of a row without those that writing computes.
func (h History) row() []string {
	return slices.DeleteFunc(slices.Clone(h.Columns), func(name string) bool { return name == h.From || name == h.To || name == h.Current })
}

// event selects events of a relation.
func (h History) event(rows, isLive, when, order string, n int) string {
	return fmt.Sprintf("SELECT %s, %s AS %s, %s AS %s, %d AS %s, %s AS %s FROM %s", list(h.row()), isLive, live, when, at, n, turn, order, within, rows)
}

// Changed are the events of changes; when is an expression over one. A truncate ends each row that changes before it or the
// table has; old is empty or a relation of the table's versions that hold.
func (h History) Changed(rows, when, old string) string {
	own := h.event(fmt.Sprintf("%s WHERE NOT %s", rows, isOp(sdk.Truncate)), upsert(), when, position(), 1)
	known := fmt.Sprintf("SELECT %s, %s AS p FROM %s WHERE NOT %s", list(h.Key), position(), rows, isOp(sdk.Truncate))
	if old != "" {
		known += fmt.Sprintf(" UNION ALL SELECT %s, '' AS p FROM %s", list(h.Key), old)
	}
	ends := fmt.Sprintf("SELECT %s, %s AS p, %s AS w FROM %s WHERE %s", committedAt(), position(), when, rows, isOp(sdk.Truncate))
	parts := make([]string, 0, len(h.Columns))
	for _, name := range h.row() {
		value := "NULL"
		if slices.Contains(h.Key, name) {
			value = `"k".` + ident(name)
		}
		parts = append(parts, value+" AS "+ident(name))
	}
	return own + fmt.Sprintf(` UNION ALL BY NAME SELECT %s, false AS %s, "x".w AS %s, 1 AS %s, "x".p AS %s FROM (SELECT %s, min(p) AS p FROM (%s) GROUP BY %s) AS "k", (%s) AS "x" WHERE "k".p < "x".p`,
		strings.Join(parts, ", "), live, at, turn, within, list(h.Key), known, list(h.Key), ends)
}

// Appended are the events of rows each of which is a version; order is what tells those of one time apart.
func (h History) Appended(rows, when string, order []string) string {
	nth := fmt.Sprintf("lpad(CAST(row_number() OVER (ORDER BY %s) AS VARCHAR), 20, '0')", strings.Join(append([]string{when}, order...), ", "))
	return h.event(rows, "true", when, nth, 1)
}

// State are the events that a table as it is now makes of versions that hold: its rows, and at the time missing the end of
// those that it lacks.
func (h History) State(rows, when, old, missing string) string {
	lacking := fmt.Sprintf(`(SELECT "o".* FROM %s AS "o" ANTI JOIN %s AS "n" ON %s)`, old, rows, same(`"o"`, `"n"`, h.Key))
	return h.event(rows, "true", when, "''", 1) + " UNION ALL BY NAME " + h.event(lacking, "false", missing, "''", 1)
}

// Held are the events that versions of the table came from.
func (h History) Held(old string) string {
	ended := fmt.Sprintf(`(SELECT "a".* FROM %[1]s AS "a" ANTI JOIN %[1]s AS "b" ON %[2]s AND "a".%[3]s = "b".%[4]s WHERE "a".%[3]s IS NOT NULL)`,
		old, same(`"a"`, `"b"`, h.Key), ident(h.To), ident(h.From))
	return h.event(old, "true", ident(h.From), "''", 0) + " UNION ALL BY NAME " + h.event(ended, "false", ident(h.To), "''", 0)
}

// Versions are the versions that events make: a time never goes back, the last event of a time counts, and what leaves the
// values as they are makes no version.
func (h History) Versions(events string) string {
	over := fmt.Sprintf("PARTITION BY %s ORDER BY %s, %s, %s", list(h.Key), turn, within, at)
	value, equal := h.packed(), fmt.Sprintf("%[1]s IS NOT DISTINCT FROM lag(%[1]s) OVER w", packed)
	if value == "" {
		value, equal = "NULL", "true"
	}
	timed := fmt.Sprintf(`SELECT *, %s AS %s, max(%s) OVER (%s ROWS UNBOUNDED PRECEDING) AS "etl$time" FROM (%s)`, value, packed, at, over, events)
	last := fmt.Sprintf(`SELECT * FROM (%s) QUALIFY lead("etl$time") OVER (%s) IS DISTINCT FROM "etl$time"`, timed, over)
	moved := fmt.Sprintf("SELECT * FROM (%s) WINDOW w AS (%s) QUALIFY NOT (%[3]s = coalesce(lag(%[3]s) OVER w, false) AND (NOT %[3]s OR %[4]s))", last, over, live, equal)
	return fmt.Sprintf(`SELECT %s FROM (SELECT *, lead("etl$time") OVER (%s) AS "etl$until" FROM (%s)) WHERE %s`, h.output(), over, moved, live)
}

// packed is the values that make a version as one; empty where there are none but the key.
func (h History) packed() string {
	if len(h.Compared) == 0 {
		return ""
	}
	parts := make([]string, len(h.Compared))
	for i, name := range h.Compared {
		parts[i] = fmt.Sprintf("c%d := %s", i, ident(name))
	}
	return "struct_pack(" + strings.Join(parts, ", ") + ")"
}

func (h History) output() string {
	parts := make([]string, len(h.Columns))
	for i, name := range h.Columns {
		value := ident(name)
		switch name {
		case h.From:
			value = `"etl$time"`
		case h.To:
			value = `"etl$until"`
		case h.Current:
			value = `"etl$until" IS NULL`
		}
		parts[i] = value + " AS " + ident(name)
	}
	return strings.Join(parts, ", ")
}

// Moved are the keys of rows that are new, have other values than the version that holds, or are missing.
func (h History) Moved(rows, old string) string {
	parts := make([]string, 0, len(h.Compared))
	for _, name := range h.Compared {
		parts = append(parts, fmt.Sprintf(`"n".%[1]s IS DISTINCT FROM "o".%[1]s`, ident(name)))
	}
	differ := "false"
	if len(parts) > 0 {
		differ = strings.Join(parts, " OR ")
	}
	joined := make([]string, len(h.Key))
	for i, name := range h.Key {
		joined[i] = fmt.Sprintf(`CASE WHEN "n"."etl$is" THEN "n".%[1]s ELSE "o".%[1]s END AS %[1]s`, ident(name))
	}
	return fmt.Sprintf(`SELECT %s FROM (SELECT *, true AS "etl$is" FROM %s) AS "n" FULL JOIN (SELECT *, true AS "etl$was" FROM %s) AS "o" ON %s WHERE "n"."etl$is" IS NULL OR "o"."etl$was" IS NULL OR %s`,
		strings.Join(joined, ", "), rows, old, same(`"n"`, `"o"`, h.Key), differ)
}

// Since is the time of a row: of its column where it has one, else the first of the others, which are timestamptz, that isn't
// null. It is of the given type.
func Since(column string, as coltype.Type, others []string) string {
	var parts []string
	if column != "" {
		parts = append(parts, ident(column))
	}
	for _, other := range others {
		if as.Kind != coltype.Timestamptz {
			other = fmt.Sprintf("CAST((%s AT TIME ZONE 'UTC') AS %s)", other, dialect.Type(as))
		}
		parts = append(parts, other)
	}
	return "coalesce(" + strings.Join(parts, ", ") + ")"
}
