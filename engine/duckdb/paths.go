package duckdb

import (
	"strings"

	"github.com/automic-etl/etl/engine/dialect"
)

// literals is a list of strings.
func literals(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = dialect.Text(text)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
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
