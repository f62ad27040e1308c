package duckdb

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// suggest adds what could have been meant to an unknown `table.column`, for which DuckDB has no candidates where the table is a
// view, as all of ours are.
func (s *Session) suggest(ctx context.Context, query string, err error) error {
	var mistake *SQLError
	if !errors.As(err, &mistake) || len(mistake.Candidates) > 0 || !strings.Contains(mistake.Detail, "does not have a column named") {
		return err
	}
	parts := strings.Split(mistake.Detail, `"`)
	parsed, parseErr := s.engine.Parse(ctx, query)
	if parseErr != nil || len(parts) < 2 {
		return err
	}
	mistake.Candidates = near(parts[len(parts)-2], s.columnsOf(ctx, parsed.Tables))
	return err
}

// columnsOf are the names of the tables' columns.
func (s *Session) columnsOf(ctx context.Context, tables []TableRef) []string {
	var names []string
	for _, table := range tables {
		columns, err := s.display(ctx, "FROM "+s.qualified(table.Ident.Namespace, table.Ident.Name))
		if err != nil {
			continue
		}
		for _, c := range columns {
			names = append(names, c.Name)
		}
	}
	return names
}

// near are at most three names like the given one, the likest first.
func near(name string, names []string) []string {
	var found []string
	for _, candidate := range names {
		if levenshtein.Distance(strings.ToLower(name), strings.ToLower(candidate), nil) <= max(2, len(name)/3) {
			found = append(found, candidate)
		}
	}
	slices.SortFunc(found, func(a, b string) int {
		return cmp.Or(cmp.Compare(levenshtein.Distance(name, a, nil), levenshtein.Distance(name, b, nil)), cmp.Compare(a, b))
	})
	found = slices.Compact(found)
	return found[:min(len(found), 3)]
}
