package duckdb

import (
	"strings"
)

// Ident quotes a name for SQL.
func Ident(name string) string {
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// Literal quotes a string for SQL. Zero bytes, which DuckDB's literals can't hold, are spliced in.
func Literal(text string) string {
	quoted := "'" + strings.ReplaceAll(text, "'", "''") + "'"
	if !strings.Contains(quoted, "\x00") {
		return quoted
	}
	return "(" + strings.ReplaceAll(quoted, "\x00", "' || chr(0) || '") + ")"
}

// literals is a list of strings.
func literals(texts []string) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, text := range texts {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(Literal(text))
	}
	b.WriteByte(']')
	return b.String()
}

// idents is a list of names without brackets.
func idents(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = Ident(name)
	}
	return strings.Join(quoted, ", ")
}

// paths is a list of files for read_parquet, whose names are taken as they are: what would be a pattern is spelled out.
func paths(files []string) string {
	spelled := make([]string, len(files))
	for i, file := range files {
		spelled[i] = literalPath(file)
	}
	return literals(spelled)
}

func literalPath(path string) string {
	if !strings.ContainsAny(path, "*?[") {
		return path
	}
	return strings.NewReplacer("*", "[*]", "?", "[?]", "[", "[[]").Replace(path)
}
