package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// shape is a column, field, element, key or value as a data file has it: its name there, its field id, its parts.
type shape struct {
	name  string
	id    int
	parts []shape
}

// layout is the columns of a data file.
type layout struct {
	columns []shape
	ids     bool // false: no column of the file has a field id
}

// part finds the shape with a field id.
func part(parts []shape, id int) (shape, bool) {
	for _, p := range parts {
		if p.id == id {
			return p, true
		}
	}
	return shape{}, false
}

func named(parts []shape, name string) bool {
	for _, p := range parts {
		if p.name == name {
			return true
		}
	}
	return false
}

// layouts remembers the layouts of files, which never change once they are written. Equal ones are kept once.
type layouts struct {
	mu     sync.Mutex
	byPath map[string]*layout
	byText map[string]*layout
}

func (l *layouts) get(path string) *layout {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.byPath[path]
}

func (l *layouts) put(path string, found *layout) *layout {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byPath == nil {
		l.byPath, l.byText = map[string]*layout{}, map[string]*layout{}
	}
	text := fmt.Sprint(*found)
	if known, ok := l.byText[text]; ok {
		found = known
	}
	l.byText[text], l.byPath[path] = found, found
	return found
}

// layoutsOf reads the footers of files that weren't seen before, and gives the layout of each.
func (s *Session) layoutsOf(ctx context.Context, files []string) (map[string]*layout, error) {
	found := make(map[string]*layout, len(files))
	var unknown []string
	for _, file := range files {
		if known := s.engine.layouts.get(file); known != nil {
			found[file] = known
			continue
		}
		unknown = append(unknown, file)
	}
	if len(unknown) == 0 {
		return found, nil
	}
	read, err := s.readLayouts(ctx, unknown)
	if err != nil {
		return nil, err
	}
	for _, file := range unknown {
		l, ok := read[file]
		if !ok {
			return nil, &FileError{Detail: fmt.Sprintf("%s gave no Parquet schema", file)}
		}
		found[file] = s.engine.layouts.put(file, l)
	}
	return found, nil
}

// schemaRow is a row of parquet_schema: the schema's tree, depth first.
type schemaRow struct {
	name     string
	id       sql.NullInt64
	children int
}

func (s *Session) readLayouts(ctx context.Context, files []string) (map[string]*layout, error) {
	rowsOf := make(map[string][]schemaRow, len(files))
	query := "SELECT file_name, name, field_id, coalesce(num_children, 0) FROM parquet_schema(" + paths(files) + ")"
	err := s.each(ctx, query, nil, func(rows *sql.Rows) error {
		var file string
		var row schemaRow
		if err := rows.Scan(&file, &row.name, &row.id, &row.children); err != nil {
			return fmt.Errorf("reading Parquet schemas: %w", err)
		}
		rowsOf[file] = append(rowsOf[file], row)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the schemas of data files: %w", err)
	}
	read := make(map[string]*layout, len(files))
	for file, rows := range rowsOf {
		root, _ := shapeOf(rows)
		read[file] = &layout{columns: root.parts, ids: anyID(root.parts)}
	}
	return read, nil
}

func anyID(parts []shape) bool {
	for _, p := range parts {
		if p.id != 0 {
			return true
		}
	}
	return false
}

// shapeOf reads one shape with all its parts, and how many rows it took. The groups that Parquet puts between a list and its
// elements, or a map and its keys, have no field id and are left out.
func shapeOf(rows []schemaRow) (shape, int) {
	row := rows[0]
	s := shape{name: row.name, id: int(row.id.Int64)}
	taken := 1
	for range row.children {
		if taken >= len(rows) {
			break
		}
		child, n := shapeOf(rows[taken:])
		taken += n
		if child.id == 0 && row.id.Valid && len(child.parts) > 0 {
			s.parts = append(s.parts, child.parts...)
			continue
		}
		s.parts = append(s.parts, child)
	}
	return s, taken
}

// sameNames tells whether reading a field by the names of its nested parts finds the same as reading it by their ids.
func sameNames(want coltype.Type, have shape) bool {
	if want.Kind == coltype.Struct {
		return sameFields(want.Fields, have)
	}
	for _, f := range nestedFields(want) {
		if p, ok := part(have.parts, f.ID); ok && !sameNames(f.Type, p) {
			return false
		}
	}
	return true
}

// sameFields is sameNames of a struct. DuckDB can't read one of which no name is found.
func sameFields(want []coltype.Field, have shape) bool {
	found := false
	for _, f := range want {
		p, ok := part(have.parts, f.ID)
		switch {
		case !ok && named(have.parts, f.Name):
			return false
		case ok && (p.name != f.Name || !sameNames(f.Type, p)):
			return false
		}
		found = found || ok
	}
	return found
}

// nestedFields are the parts of a list or a map.
func nestedFields(t coltype.Type) []coltype.Field {
	switch t.Kind {
	case coltype.List:
		if t.Elem != nil {
			return []coltype.Field{*t.Elem}
		}
	case coltype.Map:
		if t.Key != nil && t.Elem != nil {
			return []coltype.Field{*t.Key, *t.Elem}
		}
	}
	return nil
}
