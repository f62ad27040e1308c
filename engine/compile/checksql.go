package compile

import (
	"fmt"
	"strings"

	"github.com/automic-etl/etl/engine/dialect"
)

// whole stands for the relation of all rows in a condition until it is known. Quotes in names are doubled, so no
// user's name can spell it.
const whole = `"etl_check"."whole"`

// ReferencedSchema has the tables of a layer that checks look into, whatever their names stand for in the query meanwhile.
func ReferencedSchema(layer string) string { return "etl_referenced_" + layer }

// Columns of the result of BadRows: the row, as a struct, and why it is bad. No user's column can have the first name, which
// also stands for the row while the struct is made of it.
const (
	RowColumn    = "etl$row"
	ReasonColumn = "_etl_reason"
)

// Rows are what checks look at, as SQL relations: a quoted table name, or a SELECT in parentheses.
type Rows struct {
	// Tested are the rows that are checked.
	Tested string
	// Whole are all rows that the table will have, Tested among them: for unique, table, and references to itself.
	Whole string
}

// passes is a boolean over the row "t" that may be null.
func (c Check) passes(r Rows) string {
	if c.Kind != UniqueCheck {
		return strings.ReplaceAll(c.Condition, whole, r.Whole)
	}
	keys, match := make([]string, len(c.Unique)), make([]string, len(c.Unique))
	for i, name := range c.Unique {
		keys[i] = dialect.Ident(name)
		match[i] = `"d".` + dialect.Ident(name) + " = " + row(name)
	}
	list := strings.Join(keys, ", ")
	return fmt.Sprintf("(NOT EXISTS (SELECT 1 FROM (SELECT %s FROM %s AS \"w\" GROUP BY %s HAVING count(*) > 1) AS \"d\" WHERE %s))",
		list, r.Whole, list, strings.Join(match, " AND "))
}

// RefersToItself says whether the check looks rows up in the table itself.
func (c Check) RefersToItself() bool { return strings.Contains(c.Condition, whole) }

func (c Check) fails(r Rows) string { return "(" + c.passes(r) + ") IS NOT TRUE" }

func (r Rows) from() string { return r.Tested + " AS " + dialect.Ident(rowAlias) }

// FailingRows selects the rows that fail a check. A key twice fails all its rows; null keys are unique.
func FailingRows(c Check, r Rows) string {
	return "SELECT " + dialect.Ident(rowAlias) + ".* FROM " + r.from() + " WHERE " + c.fails(r)
}

// GoodRows selects the rows that pass every one of the checks.
func GoodRows(checks []Check, r Rows) string {
	text := "SELECT " + dialect.Ident(rowAlias) + ".* FROM " + r.from()
	if len(checks) == 0 {
		return text
	}
	return text + " WHERE NOT (" + strings.Join(failures(checks, r), " OR ") + ")"
}

// BadRows selects the rows that fail any of the checks, with the names of those.
func BadRows(checks []Check, r Rows) string {
	reasons := make([]string, len(checks))
	for i, c := range checks {
		reasons[i] = fmt.Sprintf("CASE WHEN %s THEN %s END", c.fails(r), dialect.Text("failed the check \""+c.Name+"\""))
	}
	all, reason := dialect.Ident(RowColumn), dialect.Ident(ReasonColumn)
	r.Tested = fmt.Sprintf("(SELECT %[1]s, %[1]s.* FROM %[2]s AS %[1]s)", all, r.Tested)
	return fmt.Sprintf("SELECT * FROM (SELECT %s, concat_ws('; ', %s, NULL) AS %s FROM %s) WHERE %s <> ''",
		row(RowColumn), strings.Join(reasons, ", "), reason, r.from(), reason)
}

// FailureCounts gives one row with the number of failing rows of each row check, as c0, c1, … in one pass.
func FailureCounts(checks []Check, r Rows) string {
	counts, flags := make([]string, len(checks)), make([]string, len(checks))
	for i, fails := range failures(checks, r) {
		counts[i] = fmt.Sprintf(`count(*) FILTER (WHERE "f"."c%d") AS "c%d"`, i, i)
		flags[i] = fmt.Sprintf(`%s AS "c%d"`, fails, i)
	}
	return "SELECT " + strings.Join(counts, ", ") + " FROM (SELECT " + strings.Join(flags, ", ") + " FROM " + r.from() + ") AS \"f\""
}

func failures(checks []Check, r Rows) []string {
	out := make([]string, len(checks))
	for i, c := range checks {
		out[i] = c.fails(r)
	}
	return out
}

// Holds gives one row with one boolean: whether a check of the whole table holds.
func Holds(c Check, r Rows) string {
	return "SELECT (" + c.passes(r) + ") IS TRUE AS \"holds\" FROM " + r.Whole + " AS " + dialect.Ident(rowAlias)
}
