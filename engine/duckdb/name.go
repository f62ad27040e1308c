package duckdb

import (
	"fmt"
	"strings"
)

// NameError says that a table can't be bound under a name, since DuckDB has it for itself.
type NameError struct{ Name string }

func (e *NameError) Error() string {
	return fmt.Sprintf("the name %q can't be used for a layer, since DuckDB uses it itself; choose another one", e.Name)
}

// checkSchemaName refuses names that would be mistaken for a catalog or schema of DuckDB's own.
func checkSchemaName(name, catalog string) error {
	switch strings.ToLower(name) {
	case "temp", "system", "memory", "information_schema", "pg_catalog", catalog:
		return &NameError{Name: name}
	}
	return nil
}

// ReservedLayer tells whether DuckDB has a name for itself, so that no layer can be called that.
func ReservedLayer(name string) bool { return checkSchemaName(name, "") != nil }
