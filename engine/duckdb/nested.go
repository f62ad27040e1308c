package duckdb

import (
	"fmt"
	"strings"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// DuckDB finds top-level columns by field id, but what is nested in them by name. Where the names of a file differ from the
// table's, the column is read under the file's names and built anew.

// readType is the type under which a column of a file is read: the file's names, the table's types.
func readType(want coltype.Type, have shape) (string, error) {
	switch want.Kind {
	case coltype.Struct:
		return readStruct(want, have)
	case coltype.List:
		elem, err := readPart(want.Elem, have)
		return elem + "[]", err
	case coltype.Map:
		key, err := readPart(want.Key, have)
		if err != nil {
			return "", err
		}
		value, err := readPart(want.Elem, have)
		return "MAP(" + key + ", " + value + ")", err
	}
	return dialect.Type(want), nil
}

func readPart(f *coltype.Field, have shape) (string, error) {
	p, ok := part(have.parts, f.ID)
	if !ok {
		return "", fmt.Errorf("a data file has no field id for what is nested in it; rewrite the table's files")
	}
	return readType(f.Type, p)
}

func readStruct(want coltype.Type, have shape) (string, error) {
	var parts []string
	for _, f := range want.Fields {
		p, ok := part(have.parts, f.ID)
		if !ok {
			continue
		}
		read, err := readType(f.Type, p)
		if err != nil {
			return "", err
		}
		parts = append(parts, dialect.Ident(p.name)+" "+read)
	}
	if len(parts) > 0 {
		return "STRUCT(" + strings.Join(parts, ", ") + ")", nil
	}
	// Nothing of it is wanted, but where it is null must be seen.
	for _, p := range have.parts {
		if len(p.parts) == 0 {
			return "STRUCT(" + dialect.Ident(p.name) + " VARCHAR)", nil
		}
	}
	return "", fmt.Errorf("a data file has none of the struct's fields; rewrite the table's files")
}

// rebuilt makes the table's value of one that was read under the file's names.
func rebuilt(want coltype.Type, have shape, value string, depth int) string {
	if sameNames(want, have) {
		return value
	}
	switch want.Kind {
	case coltype.Struct:
		return "CASE WHEN " + value + " IS NULL THEN NULL ELSE struct_pack(" + rebuiltFields(want, have, value, depth) + ") END"
	case coltype.List:
		elem, _ := part(have.parts, want.Elem.ID)
		item := fmt.Sprintf("e%d", depth)
		return fmt.Sprintf("list_transform(%s, lambda %s: %s)", value, item, rebuilt(want.Elem.Type, elem, item, depth+1))
	case coltype.Map:
		key, _ := part(have.parts, want.Key.ID)
		elem, _ := part(have.parts, want.Elem.ID)
		item := fmt.Sprintf("e%d", depth)
		entry := fmt.Sprintf("{key: %s, value: %s}",
			rebuilt(want.Key.Type, key, item+".key", depth+1), rebuilt(want.Elem.Type, elem, item+".value", depth+1))
		return fmt.Sprintf("CASE WHEN %s IS NULL THEN NULL ELSE map_from_entries(list_transform(map_entries(%s), lambda %s: %s)) END",
			value, value, item, entry)
	}
	return value
}

func rebuiltFields(want coltype.Type, have shape, value string, depth int) string {
	parts := make([]string, len(want.Fields))
	for i, f := range want.Fields {
		field := fmt.Sprintf("CAST(NULL AS %s)", dialect.Type(f.Type))
		if p, ok := part(have.parts, f.ID); ok {
			field = rebuilt(f.Type, p, value+"."+dialect.Ident(p.name), depth)
		}
		parts[i] = dialect.Ident(f.Name) + " := " + field
	}
	return strings.Join(parts, ", ")
}
