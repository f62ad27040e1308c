package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"

	"github.com/automic-etl/etl/lang/addr"
)

// catalog is an Iceberg SQL catalog: where each table's current metadata file is. Its tables are those of Iceberg's
// JDBC catalog, so that PyIceberg and others open it.
type catalog struct {
	db        *sql.DB
	path      string
	warehouse string
	there     bool         // has the table of tables
	named     bool         // has the table of namespaces
	typed     bool         // has the column iceberg_type, which catalogs of older writers lack
	cleanup   func() error // removes a private copy
}

// entry is a table of the catalog.
type entry struct {
	Ident    addr.Ident
	Location string // of its metadata file
}

// errMoved means that the catalog no longer names the metadata file that a change was based on.
var errMoved = errors.New("the table's metadata was replaced meanwhile")

// errExists means that a table is there already.
var errExists = errors.New("the table exists already")

func (c *catalog) close() error {
	err := c.db.Close()
	if c.cleanup != nil {
		err = errors.Join(err, c.cleanup())
	}
	return err
}

// tablesOnly is the condition that leaves out views.
func (c *catalog) tablesOnly() string {
	if !c.typed {
		return ""
	}
	return " AND (iceberg_type = 'TABLE' OR iceberg_type IS NULL)"
}

// list are all tables, sorted.
func (c *catalog) list(ctx context.Context) ([]entry, error) {
	rows, err := c.db.QueryContext(ctx, `SELECT table_namespace, table_name, metadata_location FROM iceberg_tables
		WHERE catalog_name = ? AND metadata_location IS NOT NULL`+c.tablesOnly()+` ORDER BY table_namespace, table_name`,
		CatalogName)
	if err != nil {
		return nil, c.failed("listing tables", err)
	}
	defer rows.Close()
	var entries []entry
	for rows.Next() {
		var e entry
		if err := rows.Scan(&e.Ident.Namespace, &e.Ident.Name, &e.Location); err != nil {
			return nil, c.failed("listing tables", err)
		}
		entries = append(entries, e)
	}
	return entries, c.failed("listing tables", rows.Err())
}

// lookup is the location of a table's metadata, or ErrNotFound.
func (c *catalog) lookup(ctx context.Context, ident addr.Ident) (string, error) {
	var location sql.NullString
	err := c.db.QueryRowContext(ctx, `SELECT metadata_location FROM iceberg_tables
		WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?`+c.tablesOnly(),
		CatalogName, ident.Namespace, ident.Name).Scan(&location)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && !location.Valid) {
		return "", absent("there is no table %s", ident)
	}
	return location.String, c.failed("looking up "+ident.String(), err)
}

// under counts the tables whose metadata lies below a table location, other than the one named.
func (c *catalog) under(ctx context.Context, location string, except addr.Ident) (int, error) {
	prefix := strings.TrimSuffix(location, "/") + "/"
	var n int
	err := c.db.QueryRowContext(ctx, `SELECT count(*) FROM iceberg_tables WHERE substr(metadata_location, 1, ?) = ?
		AND NOT (catalog_name = ? AND table_namespace = ? AND table_name = ?)`,
		len([]rune(prefix)), prefix, CatalogName, except.Namespace, except.Name).Scan(&n)
	return n, c.failed("looking for tables in "+location, err)
}

// create lists a new table, or returns errExists.
func (c *catalog) create(ctx context.Context, ident addr.Ident, location string) error {
	err := c.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO iceberg_namespace_properties
			(catalog_name, namespace, property_key, property_value) VALUES (?, ?, 'exists', 'true')
			ON CONFLICT DO NOTHING`, CatalogName, ident.Namespace); err != nil {
			return err
		}
		columns, values := "", ""
		if c.typed {
			columns, values = ", iceberg_type", ", 'TABLE'"
		}
		result, err := tx.ExecContext(ctx, `INSERT INTO iceberg_tables
			(catalog_name, table_namespace, table_name, metadata_location`+columns+`) VALUES (?, ?, ?, ?`+values+`)
			ON CONFLICT DO NOTHING`, CatalogName, ident.Namespace, ident.Name, location)
		return affectedOne(result, err, errExists)
	})
	return c.failed("creating "+ident.String(), err)
}

// swap is the one atomic step of a commit: the table's metadata is now at next, if it was at base until now.
func (c *catalog) swap(ctx context.Context, ident addr.Ident, base, next string) error {
	err := c.write(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE iceberg_tables SET metadata_location = ?, previous_metadata_location = ?
			WHERE catalog_name = ? AND table_namespace = ? AND table_name = ? AND metadata_location = ?`+c.tablesOnly(),
			next, base, CatalogName, ident.Namespace, ident.Name, base)
		return affectedOne(result, err, errMoved)
	})
	return c.failed("committing "+ident.String(), err)
}

// drop forgets a table whose metadata is still at base.
func (c *catalog) drop(ctx context.Context, ident addr.Ident, base string) error {
	err := c.write(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `DELETE FROM iceberg_tables
			WHERE catalog_name = ? AND table_namespace = ? AND table_name = ? AND metadata_location = ?`+c.tablesOnly(),
			CatalogName, ident.Namespace, ident.Name, base)
		return affectedOne(result, err, errMoved)
	})
	return c.failed("dropping "+ident.String(), err)
}

func affectedOne(result sql.Result, err, none error) error {
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		return none
	}
	return err
}

func (c *catalog) write(ctx context.Context, step func(*sql.Tx) error) error {
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := step(tx); err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	return tx.Commit()
}

// ignoreDone drops the error of rolling back what a cancelled context rolled back already.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// SQLite's primary result codes that say more than that something failed.
const (
	sqliteBusy     = 5
	sqliteReadOnly = 8
	sqliteCorrupt  = 11
	sqliteFull     = 13
	sqliteCantOpen = 14
	sqliteNotADB   = 26
)

// failed says what was being done, and recognises a damaged catalog.
func (c *catalog) failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	switch code := sqliteCode(err); code {
	case sqliteCorrupt, sqliteNotADB:
		return &CorruptError{Path: c.path, Err: err, Way: catalogWays(c.path, c.warehouse)}
	case sqliteBusy:
		return fmt.Errorf("%s: another process kept the catalog %s locked for too long: %w", doing, c.path, err)
	case sqliteFull:
		return fmt.Errorf("%s: no space is left for the catalog %s: %w", doing, c.path, err)
	case sqliteReadOnly, sqliteCantOpen:
		return fmt.Errorf("%s: the catalog %s or its folder can't be written; check the permissions: %w", doing, c.path, err)
	}
	return fmt.Errorf("%s in the catalog %s: %w", doing, c.path, err)
}

// sqliteCode is the primary result code of an error of SQLite's, or 0.
func sqliteCode(err error) int {
	var sqliteErr *sqlite.Error
	if errors.As(err, &sqliteErr) {
		return sqliteErr.Code() & 0xff
	}
	return 0
}
