package duckdb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/state"
)

// deletes is a query that gives path and pos of the rows that are deleted from the files. A delete file may hold positions of
// many data files, and counts only for those that it was given for.
func (s *Session) deletes(ctx context.Context, files []state.DataFile) (string, error) {
	var sources, pairs []string
	seen := map[string]bool{}
	vectors := false
	for _, f := range files {
		for _, d := range f.Deletes {
			if d.Path == "" {
				vectors = true
				continue
			}
			path := clean(d.Path)
			if !seen[path] {
				seen[path] = true
				sources = append(sources, path)
			}
			pairs = append(pairs, fmt.Sprintf("(%s, %s, %s)", dialect.Text(path), dialect.Text(d.DataPath), dialect.Text(f.Path)))
		}
	}
	var parts []string
	if len(sources) > 0 {
		parts = append(parts, fmt.Sprintf(
			"SELECT m.path, r.pos FROM read_parquet(%s, hive_partitioning = false, union_by_name = true) AS r"+
				" JOIN (VALUES %s) AS m(source, spelled, path) ON r.filename = m.source AND r.file_path = m.spelled",
			paths(sources), strings.Join(pairs, ", ")))
	}
	if vectors {
		table, err := s.vectors(ctx, files)
		if err != nil {
			return "", err
		}
		parts = append(parts, "SELECT path, pos FROM "+table)
	}
	return strings.Join(parts, " UNION ALL "), nil
}

// vectors keeps the positions of deletion vectors in a table of the session.
func (s *Session) vectors(ctx context.Context, files []state.DataFile) (string, error) {
	schema, name, err := s.scratch(ctx)
	if err != nil {
		return "", err
	}
	table := s.qualified(schema, name)
	if err = s.exec(ctx, "CREATE TABLE "+table+" (path VARCHAR, pos BIGINT)"); err != nil {
		return "", err
	}
	err = s.conn.Raw(func(raw any) error {
		conn, ok := raw.(driver.Conn)
		if !ok {
			return fmt.Errorf("the connection is a %T", raw)
		}
		appender, openErr := duckdb.NewAppender(conn, s.catalog, schema, name)
		if openErr != nil {
			return openErr
		}
		return firstError(appendPositions(ctx, appender, files), appender.Close())
	})
	if err != nil {
		return "", fmt.Errorf("keeping deleted positions: %w", classify(err, nil))
	}
	return table, nil
}

func appendPositions(ctx context.Context, appender *duckdb.Appender, files []state.DataFile) error {
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, d := range f.Deletes {
			if d.Path != "" {
				continue
			}
			for _, position := range d.Positions {
				if err := appender.AppendRow(f.Path, position); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
