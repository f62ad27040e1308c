package duckdb

import (
	"fmt"
	"strings"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// SQLType is DuckDB's name for a column type. Unknown, the type of columns of which only nulls were seen, is a string's.
func SQLType(t coltype.Type) string {
	switch t.Kind {
	case coltype.Decimal:
		return fmt.Sprintf("DECIMAL(%d, %d)", t.Precision, t.Scale)
	case coltype.List:
		return SQLType(fieldType(t.Elem)) + "[]"
	case coltype.Map:
		return "MAP(" + SQLType(fieldType(t.Key)) + ", " + SQLType(fieldType(t.Elem)) + ")"
	case coltype.Struct:
		return structSQL(t.Fields)
	default:
		return scalarSQL(t.Kind)
	}
}

func structSQL(fields []coltype.Field) string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = Ident(f.Name) + " " + SQLType(f.Type)
	}
	return "STRUCT(" + strings.Join(parts, ", ") + ")"
}

func scalarSQL(k coltype.Kind) string {
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
	default:
		return "VARCHAR"
	}
}

// fieldType is the type of a list's element or a map's part; one that nobody named is unknown.
func fieldType(f *coltype.Field) coltype.Type {
	if f == nil {
		return coltype.Type{}
	}
	return f.Type
}
