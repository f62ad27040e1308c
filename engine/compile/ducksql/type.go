// Package ducksql renders bound expressions as DuckDB's SQL. What an expression means was decided in lang/expr; here
// every part is written so that DuckDB computes exactly that, whatever its session's settings are.
package ducksql

import (
	"fmt"
	"strings"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Type is DuckDB's name of a column's type.
func Type(t coltype.Type) string {
	switch t.Kind {
	case coltype.Decimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", t.Precision, t.Scale)
	case coltype.List:
		return Type(t.Elem.Type) + "[]"
	case coltype.Map:
		return "MAP(" + Type(t.Key.Type) + ", " + Type(t.Elem.Type) + ")"
	case coltype.Struct:
		parts := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			parts[i] = Ident(f.Name) + " " + Type(f.Type)
		}
		return "STRUCT(" + strings.Join(parts, ", ") + ")"
	}
	return scalarType(t.Kind)
}

func scalarType(k coltype.Kind) string {
	switch k {
	case coltype.Boolean:
		return "BOOLEAN"
	case coltype.Int:
		return "INTEGER"
	case coltype.Long:
		return "BIGINT"
	case coltype.Float:
		return "FLOAT"
	case coltype.Double:
		return "DOUBLE"
	case coltype.Date:
		return "DATE"
	case coltype.Time:
		return "TIME"
	case coltype.Timestamp:
		return "TIMESTAMP"
	case coltype.Timestamptz:
		return "TIMESTAMP WITH TIME ZONE"
	case coltype.UUID:
		return "UUID"
	case coltype.Binary:
		return "BLOB"
	}
	return "VARCHAR"
}

// Ident quotes a name.
func Ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Text is a string literal. A zero character can't stand in a statement's text.
func Text(s string) string {
	parts := strings.Split(s, "\x00")
	for i, part := range parts {
		parts[i] = "'" + strings.ReplaceAll(part, "'", "''") + "'"
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(parts, " || chr(0) || ") + ")"
}

// Cast converts SQL text to a type; DuckDB drops it where the type is the same.
func Cast(sql string, t coltype.Type) string { return "CAST(" + sql + " AS " + Type(t) + ")" }
