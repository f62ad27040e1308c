package duckdb

import (
	"context"
	"fmt"
	"strings"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/state"
)

// Bind lets queries of this session read a snapshot's files as the table of that name. Columns are found by their field ids, so
// that files written before a column was added, renamed or widened read right; deleted rows don't appear. It reads the
// footers of files that this engine hasn't seen; rows are read by the queries.
func (s *Session) Bind(ctx context.Context, ident addr.Ident, cols coltype.Schema, files []state.DataFile) error {
	return s.BindAs(ctx, ident.Namespace, ident.Name, cols, files)
}

// BindAs is Bind under any schema and name.
func (s *Session) BindAs(ctx context.Context, schema, name string, cols coltype.Schema, files []state.DataFile) error {
	query, err := s.scan(ctx, cols, files)
	if err != nil {
		return fmt.Errorf("binding %s.%s: %w", schema, name, err)
	}
	if err := s.create(ctx, "VIEW", schema, name, query); err != nil {
		return fmt.Errorf("binding %s.%s: %w", schema, name, err)
	}
	return nil
}

// BindEmpty binds a table without rows, which is all that checking types needs.
func (s *Session) BindEmpty(ctx context.Context, ident addr.Ident, cols coltype.Schema) error {
	return s.BindAs(ctx, ident.Namespace, ident.Name, cols, nil)
}

// scan is a query that gives the rows of files in the given columns.
func (s *Session) scan(ctx context.Context, cols coltype.Schema, files []state.DataFile) (string, error) {
	return s.scanRows(ctx, cols, files, false)
}

// fileColumn and positionColumn are the names under which a scan can say which file a row is from, and where in it.
const (
	fileColumn     = "etl$file"
	positionColumn = "etl$position"
)

// scanRows is scan that can say where each row is from.
func (s *Session) scanRows(ctx context.Context, cols coltype.Schema, files []state.DataFile, located bool) (string, error) {
	if len(cols) == 0 {
		return "", fmt.Errorf("a table needs at least one column")
	}
	if len(files) == 0 {
		return noRows(cols, located), nil
	}
	groups, err := s.groups(ctx, cols, files)
	if err != nil {
		return "", err
	}
	parts := make([]string, 0, len(groups))
	for _, g := range groups {
		part, err := s.scanGroup(ctx, cols, g, located)
		if err != nil {
			return "", err
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "\nUNION ALL\n"), nil
}

func noRows(cols coltype.Schema, located bool) string {
	parts := make([]string, len(cols))
	for i, c := range cols {
		parts[i] = fmt.Sprintf("CAST(NULL AS %s) AS %s", dialect.Type(c.Type), dialect.Ident(c.Name))
	}
	if located {
		parts = append(parts, "CAST(NULL AS VARCHAR) AS "+dialect.Ident(fileColumn), "CAST(NULL AS BIGINT) AS "+dialect.Ident(positionColumn))
	}
	return "SELECT " + strings.Join(parts, ", ") + " WHERE false"
}

// group is the files of a table that can be read in the same way.
type group struct {
	layout  *layout
	deletes bool
	files   []state.DataFile
}

// groups puts files together, in the order in which they come.
func (s *Session) groups(ctx context.Context, cols coltype.Schema, files []state.DataFile) ([]*group, error) {
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = clean(f.Path)
	}
	found, err := s.layoutsOf(ctx, names)
	if err != nil {
		return nil, err
	}
	type key struct {
		layout  *layout
		deletes bool
	}
	var groups []*group
	known := map[key]*group{}
	for i, f := range files {
		k := key{plain(cols, found[names[i]]), len(f.Deletes) > 0}
		g := known[k]
		if g == nil {
			g = &group{layout: found[names[i]], deletes: k.deletes}
			known[k], groups = g, append(groups, g)
		}
		f.Path = names[i]
		g.files = append(g.files, f)
	}
	return groups, nil
}

// plain is nil for layouts that need nothing but the ids of their columns: those are read together.
func plain(cols coltype.Schema, l *layout) *layout {
	if !l.ids {
		return l
	}
	for _, c := range cols {
		have, ok := part(l.columns, c.ID)
		if ok && !sameNames(c.Type, have) {
			return l
		}
	}
	return nil
}

// scanGroup reads columns under names that can't be taken for the virtual columns, and names them as the table does.
func (s *Session) scanGroup(ctx context.Context, cols coltype.Schema, g *group, located bool) (string, error) {
	entries, outputs := make([]string, len(cols)), make([]string, len(cols))
	for i, c := range cols {
		column := fmt.Sprintf("c%d", i)
		entry, output, err := g.column(c, column)
		if err != nil {
			return "", err
		}
		entries[i], outputs[i] = entry, output+" AS "+dialect.Ident(c.Name)
	}
	if located {
		outputs = append(outputs, "filename AS "+dialect.Ident(fileColumn), "file_row_number AS "+dialect.Ident(positionColumn))
	}
	files, rows := make([]string, len(g.files)), int64(0)
	for i, f := range g.files {
		files[i] = f.Path
		rows += f.Rows
	}
	from := "read_parquet(" + paths(files) + ", hive_partitioning = false"
	if rows > 0 { // where columns are found by their ids, DuckDB guesses a thousand rows a file, and joins hash the wrong side
		from += fmt.Sprintf(", explicit_cardinality = %d", rows)
	}
	if g.layout.ids {
		from += ", schema = MAP {" + strings.Join(entries, ", ") + "})"
	} else {
		from += ", union_by_name = true)"
	}
	query := "SELECT " + strings.Join(outputs, ", ") + " FROM " + from
	if !g.deletes {
		return query, nil
	}
	deletes, err := s.deletes(ctx, g.files)
	if err != nil {
		return "", err
	}
	return query + " AS f ANTI JOIN (" + deletes + ") AS d ON f.filename = d.path AND f.file_row_number = d.pos", nil
}

// column is a column's entry in the schema parameter and the expression that makes the table's column of it.
func (g *group) column(c coltype.Field, as string) (entry, output string, err error) {
	if !g.layout.ids {
		return "", g.byName(c), nil
	}
	if c.ID == 0 {
		return "", "", fmt.Errorf("the column %q has no field id", c.Name)
	}
	readAs, output := dialect.Type(c.Type), as
	have, ok := part(g.layout.columns, c.ID)
	if ok && !sameNames(c.Type, have) {
		if readAs, err = readType(c.Type, have); err != nil {
			return "", "", fmt.Errorf("the column %q: %w", c.Name, err)
		}
		output = rebuilt(c.Type, have, as, 0)
	}
	entry = fmt.Sprintf("%d: {name: '%s', type: %s, default_value: NULL}", c.ID, as, dialect.Text(readAs))
	return entry, output, nil
}

// byName finds columns of files without field ids, which other tools can add to a table, by their names.
func (g *group) byName(c coltype.Field) string {
	if named(g.layout.columns, c.Name) {
		return fmt.Sprintf("CAST(%s AS %s)", dialect.Ident(c.Name), dialect.Type(c.Type))
	}
	return fmt.Sprintf("CAST(NULL AS %s)", dialect.Type(c.Type))
}
