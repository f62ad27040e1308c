package changes

import (
	"fmt"
	"strings"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/plugins/sdk"
)

// Unchanged puts in the values that a source left out since they stayed as they were. The relations are a load's changes
// (Rows) and what was left out of them (Masks: position and name of a column); the others are made by its statements, in the
// order of its methods.
type Unchanged struct {
	Key     []string
	Columns []string // all that something was left out of
	Rows    string
	Masks   string
}

// Sequence numbers the changes and tells which of them are of one row: its life, from an insert to the next. A row that was
// there before has a life below zero. What comes after a delete or a truncate without an insert is a life of its own: of a row
// that was out of the table, since what it was could not be represented.
func (u Unchanged) Sequence() string {
	key := list(u.Key)
	numbered := fmt.Sprintf("SELECT %[1]s, %[2]s, %[3]s, row_number() OVER w AS n, count(*) FILTER (%[4]s) OVER w AS era FROM %[5]s WINDOW w AS (ORDER BY %[1]s)",
		position(), op(), key, isOp(sdk.Truncate), u.Rows)
	begun := fmt.Sprintf("SELECT *, %s OR coalesce(lag(%s) OVER w = %s, false) OR era > coalesce(lag(era) OVER w, 0) AS begins FROM (%s) WINDOW w AS (PARTITION BY %s ORDER BY n)",
		isOp(sdk.Insert), op(), dialect.Text(sdk.Delete), numbered, key)
	return fmt.Sprintf("SELECT * EXCLUDE (era, begins), coalesce(max(CASE WHEN begins THEN n END) OVER (PARTITION BY %[1]s ORDER BY n), -min(n) OVER (PARTITION BY %[1]s)) AS life FROM (%[2]s)",
		key, begun)
}

// Orphans are the inserts with values left out that no delete comes right before: nothing says whose values they have.
func (u Unchanged) Orphans(sequence string) string {
	return fmt.Sprintf(`SELECT "s".%s FROM %s AS "s" SEMI JOIN %s AS "m" ON "s".%[1]s = "m".%[1]s WHERE "s".%[4]s = %[5]s AND NOT EXISTS (SELECT 1 FROM %[2]s AS "p" WHERE "p".n = "s".n - 1 AND "p".%[4]s = %[6]s)`,
		position(), sequence, u.Masks, op(), dialect.Text(sdk.Insert), dialect.Text(sdk.Delete))
}

// Lives maps each life to the one that it goes on from, through changes of its key: itself for most.
func (u Unchanged) Lives(sequence string) string {
	links := fmt.Sprintf(`SELECT "s".life, "p".life AS before FROM %[1]s AS "s" JOIN %[1]s AS "p" ON "p".n = "s".n - 1 SEMI JOIN %[2]s AS "m" ON "s".%[3]s = "m".%[3]s WHERE "s".%[4]s = %[5]s`,
		sequence, u.Masks, position(), op(), dialect.Text(sdk.Insert))
	return fmt.Sprintf(`WITH RECURSIVE links AS (%s), roots AS (SELECT DISTINCT life, life AS root FROM %s WHERE life NOT IN (SELECT life FROM links) `+
		`UNION ALL SELECT l.life, r.root FROM links AS l JOIN roots AS r ON l.before = r.life) SELECT life, root FROM roots`, links, sequence)
}

// Filled gives the changes of the lives in question with the values that the changes themselves tell: each column twice, as a
// struct that is null where the value isn't known, and whether it was left out (m0, m1, …).
func (u Unchanged) Filled(sequence, lives string) string {
	flags, values, outs := make([]string, len(u.Columns)), make([]string, len(u.Columns)), make([]string, len(u.Columns))
	for i, name := range u.Columns {
		flags[i] = fmt.Sprintf("bool_or(name = %s) AS m%d", dialect.Text(name), i)
		values[i] = fmt.Sprintf(`CASE WHEN "r".%s AND NOT coalesce("m".m%d, false) THEN {v: "r".%s} END AS v%d, coalesce("m".m%[2]d, false) AS m%[2]d`,
			upsert(), i, ident(name), i)
		outs[i] = fmt.Sprintf("last_value(v%[1]d IGNORE NULLS) OVER w AS v%[1]d, m%[1]d", i)
	}
	masks := fmt.Sprintf("SELECT %s, %s FROM %s GROUP BY %[1]s", position(), strings.Join(flags, ", "), u.Masks)
	wanted := fmt.Sprintf(`SELECT DISTINCT "l".root FROM %s AS "s" JOIN %s AS "l" ON "l".life = "s".life SEMI JOIN %s AS "m" ON "s".%s = "m".%[4]s`, sequence, lives, u.Masks, position())
	rows := fmt.Sprintf(`SELECT "s".%[1]s, "s".n, "l".root, %[2]s, %[3]s FROM %[4]s AS "s" JOIN %[5]s AS "l" ON "l".life = "s".life SEMI JOIN (%[6]s) AS "w" ON "w".root = "l".root `+
		`JOIN %[7]s AS "r" ON "r".%[1]s = "s".%[1]s LEFT JOIN (%[8]s) AS "m" ON "m".%[1]s = "s".%[1]s`,
		position(), of(`"s"`, u.Key), strings.Join(values, ", "), sequence, lives, wanted, u.Rows, masks)
	return fmt.Sprintf(`SELECT %s, root, %s, first_value(n) OVER w = n AS first, %s FROM (%s) WINDOW w AS (PARTITION BY root ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`,
		position(), list(u.Key), strings.Join(outs, ", "), rows)
}

// unknown is true of rows with a value that is still to be found.
func (u Unchanged) unknown() string {
	parts := make([]string, len(u.Columns))
	for i := range u.Columns {
		parts[i] = fmt.Sprintf("(m%[1]d AND v%[1]d IS NULL)", i)
	}
	return strings.Join(parts, " OR ")
}

// Wanted are the lives that go on from rows of the table, with the keys of those rows.
func (u Unchanged) Wanted(filled string) string {
	return fmt.Sprintf("SELECT root, %s FROM %s WHERE first AND root < 0 AND root IN (SELECT root FROM %[2]s WHERE %[3]s)", list(u.Key), filled, u.unknown())
}

// Found are the values of the rows that lives go on from; was is a query of the table's rows as they were.
func (u Unchanged) Found(wanted, was string) string {
	values := make([]string, len(u.Columns))
	for i, name := range u.Columns {
		values[i] = fmt.Sprintf(`{v: "t".%s} AS b%d`, ident(name), i)
	}
	return fmt.Sprintf(`SELECT "w".root, %s FROM %s AS "w" JOIN (%s) AS "t" ON %s`, strings.Join(values, ", "), wanted, was, same(`"w"`, `"t"`, u.Key))
}

// Keyless are the lives whose key has a null.
func (u Unchanged) Keyless(wanted string) string {
	parts := make([]string, len(u.Key))
	for i, name := range u.Key {
		parts[i] = ident(name) + " IS NULL"
	}
	return fmt.Sprintf("SELECT root FROM %s WHERE %s", wanted, strings.Join(parts, " OR "))
}

// Newest gives of a change log the last change of each row that is wanted, since the log's last truncate. Where no key has a
// null, rows are found by equality, by which a scan of files can leave out what it need not read.
func (u Unchanged) Newest(log, wanted string, nulls bool) string {
	match := same(`"t"`, `"w"`, u.Key)
	if !nulls {
		match = fmt.Sprintf("(%s) = (%s)", of(`"t"`, u.Key), of(`"w"`, u.Key))
	}
	return fmt.Sprintf(`SELECT "t".* FROM %[1]s AS "t" SEMI JOIN %[2]s AS "w" ON %[3]s QUALIFY row_number() OVER (PARTITION BY %[4]s ORDER BY "t".%[5]s DESC) = 1 AND "t".%[6]s `+
		`AND "t".%[5]s > coalesce((SELECT max(%[5]s) FROM %[1]s WHERE %[7]s), '')`, log, wanted, match, of(`"t"`, u.Key), position(), upsert(), isOp(sdk.Truncate))
}

// Missing are the changes of which a value is not to be found: of rows that the table doesn't have.
func (u Unchanged) Missing(filled, found string) string {
	return fmt.Sprintf("SELECT %s FROM %s WHERE (%s) AND root NOT IN (SELECT root FROM %s)", position(), filled, u.unknown(), found)
}

// Lacking describes the changes that are missing something, of the source's columns: what they tell, as JSON, the names of what
// was left out, where they are from, and which change of which row they are.
func (u Unchanged) Lacking(columns []string, source, missing string) string {
	told, keys := make([]string, len(columns)), make([]string, len(u.Key))
	for i, name := range columns {
		told[i] = fmt.Sprintf(`%s: "r".%[1]s`, ident(name))
	}
	for i, name := range u.Key {
		keys[i] = fmt.Sprintf(`%s || coalesce("r".%s::VARCHAR, 'null')`, dialect.Text(name+"="), ident(name))
	}
	masks := fmt.Sprintf(`SELECT %s, json_group_object(name, NULL) AS untold, string_agg(name, ', ' ORDER BY name) AS names FROM %s GROUP BY %[1]s`, position(), u.Masks)
	return fmt.Sprintf(`SELECT CAST(json_merge_patch(to_json({%s}), "m".untold) AS VARCHAR), "m".names, coalesce("r".%s, ''), concat_ws(', ', %s, "r".%s || ' at ' || "r".%s) `+
		`FROM %s AS "r" SEMI JOIN %s AS "x" ON "x".%[5]s = "r".%[5]s JOIN (%[8]s) AS "m" ON "m".%[5]s = "r".%[5]s ORDER BY "r".%[5]s`,
		strings.Join(told, ", "), ident(source), strings.Join(keys, ", "), op(), position(), u.Rows, missing, masks)
}

// Whole gives all changes with their values but those that are missing some; columns are all that they have.
func (u Unchanged) Whole(columns []string, filled, found, missing string) string {
	left := map[string]int{}
	for i, name := range u.Columns {
		left[name] = i
	}
	parts := make([]string, len(columns))
	for i, name := range columns {
		parts[i] = `"r".` + ident(name)
		if n, ok := left[name]; ok {
			parts[i] = fmt.Sprintf(`CASE WHEN "f".m%[1]d THEN coalesce("f".v%[1]d, "b".b%[1]d).v ELSE "r".%[2]s END AS %[2]s`, n, ident(name))
		}
	}
	return fmt.Sprintf(`SELECT %s FROM %s AS "r" ANTI JOIN %s AS "x" ON "x".%s = "r".%[4]s LEFT JOIN %[5]s AS "f" ON "f".%[4]s = "r".%[4]s LEFT JOIN %[6]s AS "b" ON "b".root = "f".root`,
		strings.Join(parts, ", "), u.Rows, missing, position(), filled, found)
}
