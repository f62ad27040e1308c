package duckdb

import (
	"fmt"
	"strings"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// NullError says that rows have no value in a column that must have one.
type NullError struct {
	Column string
	Rows   int64 // of the data file in which it was found; -1 unknown
}

func (e *NullError) Error() string {
	if e.Rows < 0 {
		return fmt.Sprintf("the column %q is required, but something in it is null", e.Column)
	}
	return fmt.Sprintf("the column %q is required, but null in %s", e.Column, diag.Count(e.Rows, "row"))
}

// InfiniteError says that a column holds a date or timestamp that is infinite, for which tables have no value.
type InfiniteError struct{ Column string }

func (e *InfiniteError) Error() string {
	return fmt.Sprintf("the column %q holds an infinite date or timestamp, which a table can't store; make it null, with nullif or a CASE", e.Column)
}

// requiredMark begins the message of the error that checked raises inside DuckDB.
const requiredMark = "etl:required:"

// outputs are the columns of a query as they are written: cast to the table's types, and with a check where the Parquet
// statistics, which cost nothing, can't tell that something required is null.
func (o *output) outputs() string {
	parts := make([]string, len(o.Columns))
	for i, c := range o.Columns {
		value := fmt.Sprintf("CAST(%s AS %s)", dialect.Ident(c.Name), dialect.Type(c.Type))
		if !o.withoutDictionaries {
			value = signed(c, value)
		}
		if broken := missing(c, value, 0); broken != "" && !isScalar(c.Type) {
			value = fmt.Sprintf("CASE WHEN %s THEN error(%s) ELSE %s END", broken, dialect.Text(requiredMark+c.Name), value)
		}
		parts[i] = value + " AS " + dialect.Ident(c.Name)
	}
	return strings.Join(parts, ", ")
}

func isScalar(t coltype.Type) bool {
	return t.Kind != coltype.List && t.Kind != coltype.Map && t.Kind != coltype.Struct
}

// missing is SQL that is true if a value, or something nested in it, is null and must not be; "" if all of it may be.
func missing(f coltype.Field, value string, depth int) string {
	var conditions []string
	if f.Required {
		conditions = append(conditions, value+" IS NULL")
	}
	if nested := missingInside(f.Type, value, depth); nested != "" {
		conditions = append(conditions, "coalesce("+nested+", false)")
	}
	if len(conditions) == 0 {
		return ""
	}
	return "(" + strings.Join(conditions, " OR ") + ")"
}

func missingInside(t coltype.Type, value string, depth int) string {
	switch t.Kind {
	case coltype.Struct:
		var conditions []string
		for _, f := range t.Fields {
			if broken := missing(f, value+"."+dialect.Ident(f.Name), depth); broken != "" {
				conditions = append(conditions, broken)
			}
		}
		if len(conditions) == 0 {
			return ""
		}
		return "(" + value + " IS NOT NULL AND (" + strings.Join(conditions, " OR ") + "))"
	case coltype.List:
		return missingElement(t.Elem, value, depth)
	case coltype.Map:
		// A map's keys are never null in DuckDB.
		return missingElement(t.Elem, "map_values("+value+")", depth)
	}
	return ""
}

func missingElement(f *coltype.Field, list string, depth int) string {
	if f == nil {
		return ""
	}
	item := fmt.Sprintf("e%d", depth)
	broken := missing(*f, item, depth+1)
	if broken == "" {
		return ""
	}
	return fmt.Sprintf("len(list_filter(%s, lambda %s: %s)) > 0", list, item, broken)
}
