package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// refuseUnsound refuses a catalog that SQLite itself finds damaged. A damaged index, say, answers that there is no table,
// which would be taken for a new lakehouse.
func (c *catalog) refuseUnsound(ctx context.Context) error {
	var found string
	if err := c.db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&found); err != nil {
		return c.failed("opening", err)
	}
	if found == "ok" {
		return nil
	}
	return &CorruptError{Path: c.path, Err: errors.New("SQLite finds in it: " + strings.TrimSpace(found)), Way: catalogWays(c.path, c.warehouse)}
}

// ElsewhereError refuses a catalog whose tables lie in another warehouse, as those of a folder that was copied or renamed do:
// Iceberg's locations are absolute, so that the copy's runs would write, and drop, the files of the original.
type ElsewhereError struct {
	Path, Warehouse string
	Found           string // where the tables lie
}

func (e *ElsewhereError) Error() string {
	return fmt.Sprintf("the tables of the catalog %s lie in %s, not in the warehouse %s. Was the project's folder copied or renamed, or the "+
		"warehouse set to another place? What Iceberg records are absolute paths: going on would write and drop files there, so that nothing "+
		"was done.\n\nBring the folder back to where it was, or set the warehouse back. For a project of its own, move the catalog and the "+
		"folder %s away, and run `etl apply`, which loads and computes all tables anew", e.Path, e.Found, e.Warehouse, e.Warehouse)
}

// refuseElsewhere compares where etl's own tables lie with where they would be created.
func (c *catalog) refuseElsewhere(ctx context.Context) error {
	var location sql.NullString
	err := c.db.QueryRowContext(ctx, `SELECT metadata_location FROM iceberg_tables WHERE catalog_name = ? AND table_namespace = ?
		ORDER BY table_name LIMIT 1`, CatalogName, Namespace).Scan(&location)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !location.Valid {
		return nil
	}
	if err != nil {
		return c.failed("opening", err)
	}
	path, err := pathOf(location.String)
	if err != nil {
		return err
	}
	// warehouse/etl/<table>/metadata/<file>
	found := filepath.Dir(filepath.Dir(filepath.Dir(filepath.Dir(path))))
	if resolved(found) == resolved(c.warehouse) {
		return nil
	}
	return &ElsewhereError{Path: c.path, Warehouse: c.warehouse, Found: found}
}

// resolved is a path without symbolic links, as far as it exists.
func resolved(path string) string {
	if plain, err := filepath.EvalSymlinks(path); err == nil {
		return plain
	}
	return filepath.Clean(path)
}
