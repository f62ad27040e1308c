package duckdb

import (
	"fmt"
	"strings"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// fieldIDs is the FIELD_IDS parameter of COPY: the ids of all columns and of all that is nested in them.
func fieldIDs(cols coltype.Schema) (string, error) {
	parts := make([]string, len(cols))
	for i, c := range cols {
		part, err := fieldID(c, c.Name)
		if err != nil {
			return "", err
		}
		parts[i] = part
	}
	return "{" + strings.Join(parts, ", ") + "}", nil
}

func fieldID(f coltype.Field, name string) (string, error) {
	if f.ID == 0 {
		return "", fmt.Errorf("%q has no field id", f.Name)
	}
	inner, err := nestedIDs(f.Type)
	if err != nil {
		return "", fmt.Errorf("%q: %w", f.Name, err)
	}
	if len(inner) == 0 {
		return fmt.Sprintf("%s: %d", dialect.Text(name), f.ID), nil
	}
	return fmt.Sprintf("%s: {__duckdb_field_id: %d, %s}", dialect.Text(name), f.ID, strings.Join(inner, ", ")), nil
}

// nestedIDs names the parts of lists and maps as DuckDB does.
func nestedIDs(t coltype.Type) ([]string, error) {
	fields, names := t.Fields, []string(nil)
	switch {
	case t.Kind == coltype.List && t.Elem != nil:
		fields, names = []coltype.Field{*t.Elem}, []string{"element"}
	case t.Kind == coltype.Map && t.Key != nil && t.Elem != nil:
		fields, names = []coltype.Field{*t.Key, *t.Elem}, []string{"key", "value"}
	case t.Kind != coltype.Struct:
		return nil, nil
	}
	parts := make([]string, len(fields))
	for i, f := range fields {
		name := f.Name
		if names != nil {
			name = names[i]
		}
		part, err := fieldID(f, name)
		if err != nil {
			return nil, err
		}
		parts[i] = part
	}
	return parts, nil
}
