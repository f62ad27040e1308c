// Package dialect is how DuckDB's SQL spells types, names and texts.
package dialect

import (
	"fmt"
	"strings"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Type is DuckDB's name of a column's type. Unknown, the type of columns of which only nulls were seen, is a text's.
func Type(t coltype.Type) string {
	switch t.Kind {
	case coltype.Decimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", t.Precision, t.Scale)
	case coltype.List:
		return Type(part(t.Elem)) + "[]"
	case coltype.Map:
		return "MAP(" + Type(part(t.Key)) + ", " + Type(part(t.Elem)) + ")"
	case coltype.Struct:
		fields := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = Ident(f.Name) + " " + Type(f.Type)
		}
		return "STRUCT(" + strings.Join(fields, ", ") + ")"
	}
	return scalar(t.Kind)
}

// part is the type of a list's element or of a map's key or value; one that nobody named is unknown.
func part(f *coltype.Field) coltype.Type {
	if f == nil {
		return coltype.Type{}
	}
	return f.Type
}

func scalar(k coltype.Kind) string {
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

// Cast converts SQL text to a type; DuckDB drops it where the type is the same.
func Cast(sql string, t coltype.Type) string { return "CAST(" + sql + " AS " + Type(t) + ")" }

// Ident quotes a name.
func Ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Idents is a list of names, with commas and without brackets.
func Idents(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = Ident(name)
	}
	return strings.Join(quoted, ", ")
}

// Text is a string literal. A zero character can't stand in a statement's text.
func Text(s string) string {
	quoted := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if !strings.Contains(quoted, "\x00") {
		return quoted
	}
	return "(" + strings.ReplaceAll(quoted, "\x00", "' || chr(0) || '") + ")"
}
