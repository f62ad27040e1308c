package duckdb

import (
	"context"
	"fmt"
	"strings"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/state"
)

// BindChanged lets queries read, under a name, the rows by which two snapshots of a table differ: those that are only in one of
// them, or more often in one. It takes the files that the snapshots don't have in common.
func (s *Session) BindChanged(ctx context.Context, schema, name string, cols coltype.Schema, before, after []state.DataFile) error {
	query, err := s.changed(ctx, cols, before, after)
	if err != nil {
		return fmt.Errorf("comparing two snapshots as %s.%s: %w", schema, name, err)
	}
	if err := s.create(ctx, "VIEW", schema, name, query); err != nil {
		return fmt.Errorf("comparing two snapshots as %s.%s: %w", schema, name, err)
	}
	return nil
}

func (s *Session) changed(ctx context.Context, cols coltype.Schema, before, after []state.DataFile) (string, error) {
	left, keptBefore := divide(before, after)
	came, keptAfter := divide(after, before)
	whole, err := s.difference(ctx, cols, left, came)
	if err != nil {
		return "", err
	}
	parts := []string{whole}
	for _, turned := range [][2][]state.DataFile{{keptBefore, keptAfter}, {keptAfter, keptBefore}} {
		part, err := s.deletedIn(ctx, cols, turned[0], turned[1])
		if err != nil {
			return "", err
		}
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "\nUNION ALL\n"), nil
}

// divide parts files into those that others don't name, and those that they do.
func divide(files, others []state.DataFile) (alone, common []state.DataFile) {
	there := make(map[string]bool, len(others))
	for _, f := range others {
		there[f.Path] = true
	}
	for _, f := range files {
		if there[f.Path] {
			common = append(common, f)
		} else {
			alone = append(alone, f)
		}
	}
	return alone, common
}

// difference is a query of the rows that two groups of files don't have equally often. The signs of zeros are told apart.
func (s *Session) difference(ctx context.Context, cols coltype.Schema, left, came []state.DataFile) (string, error) {
	old, err := s.scan(ctx, cols, left)
	if err != nil {
		return "", err
	}
	now, err := s.scan(ctx, cols, came)
	switch {
	case err != nil:
		return "", err
	case len(left) == 0:
		return now, nil
	case len(came) == 0:
		return old, nil
	}
	names := dialect.Idents(cols.Names())
	by := names
	for _, c := range cols {
		if c.Type.Kind == coltype.Float || c.Type.Kind == coltype.Double {
			by += ", signbit(" + dialect.Ident(c.Name) + ")"
		}
	}
	return fmt.Sprintf(`SELECT %[1]s FROM (SELECT *, 1 AS "etl$more" FROM (%[2]s) UNION ALL SELECT *, -1 AS "etl$more" FROM (%[3]s)) GROUP BY %[4]s HAVING sum("etl$more") <> 0`,
		names, now, old, by), nil
}

// deletedIn is a query of the rows of files that are deleted from the same files as they are in the other snapshot.
func (s *Session) deletedIn(ctx context.Context, cols coltype.Schema, files, other []state.DataFile) (string, error) {
	local := make([]state.DataFile, len(other))
	for i, f := range other {
		f.Path = clean(f.Path)
		local[i] = f
	}
	deletes, err := s.deletes(ctx, local)
	if err != nil || deletes == "" {
		return "", err
	}
	rows, err := s.scanRows(ctx, cols, files, true)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("SELECT %s FROM (%s) AS o SEMI JOIN (%s) AS d ON o.%s = d.path AND o.%s = d.pos",
		dialect.Idents(cols.Names()), rows, deletes, dialect.Ident(fileColumn), dialect.Ident(positionColumn)), nil
}
