package duckdb

import (
	"errors"
	"fmt"
	"strings"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// zeroMark begins the message of the error that stops a write at a negative zero.
const zeroMark = "etl:zero:"

// stoppedAtZero tells whether a write met a negative zero. DuckDB's Parquet dictionaries take 0.0 and -0.0 for one value, which
// is then whichever came first, so such rows are written again without dictionaries. Looking for them costs a hundredth of a
// write; writing all numbers without dictionaries would make reading slower.
func (o *output) stoppedAtZero(err error) bool {
	var mistake *SQLError
	return !o.withoutDictionaries && errors.As(err, &mistake) && strings.Contains(mistake.Detail, zeroMark)
}

// signed is an output column that stops the write at a negative zero.
func signed(c coltype.Field, value string) string {
	zero := negativeZero(c.Type, value, 0)
	if zero == "" {
		return value
	}
	return fmt.Sprintf("CASE WHEN %s THEN error(%s) ELSE %s END", zero, dialect.Text(zeroMark), value)
}

// negativeZero is SQL that is true if a value is a negative zero or one is nested in it; "" for types that have none.
func negativeZero(t coltype.Type, value string, depth int) string {
	switch t.Kind {
	case coltype.Float, coltype.Double:
		return "(" + value + " = 0 AND signbit(" + value + "))"
	case coltype.Struct:
		var fields []string
		for _, f := range t.Fields {
			fields = append(fields, negativeZero(f.Type, value+"."+dialect.Ident(f.Name), depth))
		}
		return either(fields...)
	case coltype.List:
		return zeroElement(t.Elem, value, depth)
	case coltype.Map:
		return either(zeroElement(t.Key, "map_keys("+value+")", depth), zeroElement(t.Elem, "map_values("+value+")", depth))
	}
	return ""
}

func zeroElement(f *coltype.Field, list string, depth int) string {
	if f == nil {
		return ""
	}
	item := fmt.Sprintf("z%d", depth)
	zero := negativeZero(f.Type, item, depth+1)
	if zero == "" {
		return ""
	}
	found := fmt.Sprintf("len(list_filter(%s, lambda %s: %s)) > 0", list, item, zero)
	if f.Type.Kind == coltype.Float || f.Type.Kind == coltype.Double { // a list without any zero is told faster
		found = fmt.Sprintf("list_contains(%s, 0) AND %s", list, found)
	}
	return "(" + found + ")"
}

// either joins the conditions that there are.
func either(conditions ...string) string {
	var some []string
	for _, c := range conditions {
		if c != "" {
			some = append(some, c)
		}
	}
	if len(some) == 0 {
		return ""
	}
	return "(" + strings.Join(some, " OR ") + ")"
}
