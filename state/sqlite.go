package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// The catalog keeps SQLite's rollback journal rather than a write-ahead log: reading then leaves no trace in the folder, and a
// commit that was reported is on the disk. One commit is one small transaction, so that a log would gain little.
const sqliteParameters = "_pragma=busy_timeout(30000)&_pragma=synchronous(FULL)&_txlock=immediate"

// schema is that of Iceberg's JDBC catalog, version 1.
const schema = `
CREATE TABLE IF NOT EXISTS iceberg_tables (
	catalog_name VARCHAR(255) NOT NULL,
	table_namespace VARCHAR(255) NOT NULL,
	table_name VARCHAR(255) NOT NULL,
	metadata_location VARCHAR(1000),
	previous_metadata_location VARCHAR(1000),
	iceberg_type VARCHAR(5),
	PRIMARY KEY (catalog_name, table_namespace, table_name)
);
CREATE TABLE IF NOT EXISTS iceberg_namespace_properties (
	catalog_name VARCHAR(255) NOT NULL,
	namespace VARCHAR(255) NOT NULL,
	property_key VARCHAR(255) NOT NULL,
	property_value VARCHAR(1000) NOT NULL,
	PRIMARY KEY (catalog_name, namespace, property_key)
);`

// openCatalog opens the catalog; for reading, nil stands for one that doesn't exist yet.
func openCatalog(ctx context.Context, o Options) (*catalog, error) {
	if err := refuseNetwork(o.CatalogPath); err != nil {
		return nil, err
	}
	if err := refuseOthers(o); err != nil {
		return nil, err
	}
	if err := refuseLostFile(o); err != nil {
		return nil, err
	}
	open := openForWriting
	if o.ReadOnly {
		open = openForReading
	}
	c, err := open(ctx, o)
	if err != nil || c == nil {
		return nil, err
	}
	if err := c.refuse(ctx, o); err != nil {
		return nil, errors.Join(err, c.close())
	}
	if !o.ReadOnly {
		err = c.prepare(ctx)
	}
	if err != nil || !c.there {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

// refuse refuses a catalog that can't be trusted to know its tables.
func (c *catalog) refuse(ctx context.Context, o Options) error {
	if err := c.refuseUnsound(ctx); err != nil {
		return err
	}
	if err := c.refuseLost(ctx, o); err != nil || !c.there {
		return err
	}
	return c.refuseElsewhere(ctx)
}

// refuseLostFile refuses to begin anew where a catalog must have been.
func refuseLostFile(o Options) error {
	info, err := os.Stat(o.CatalogPath)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return refuseTables(o, "doesn't exist")
	case err != nil:
		return fmt.Errorf("the catalog %s can't be opened: %w", o.CatalogPath, cause(err))
	case info.Size() == 0:
		return refuseTables(o, "is an empty file")
	}
	return nil
}

// refuseLost refuses a database that knows no table where tables are.
func (c *catalog) refuseLost(ctx context.Context, o Options) error {
	if !c.there {
		return refuseTables(o, "is a database without Iceberg's tables")
	}
	var known bool
	err := c.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM iceberg_tables)`).Scan(&known)
	if err != nil || known {
		return c.failed("opening", err)
	}
	return refuseTables(o, "lists no table")
}

func refuseTables(o Options, found string) error {
	tables, err := tablesBelow(o.Warehouse)
	if err != nil || len(tables) == 0 {
		return err
	}
	return &LostCatalogError{Path: o.CatalogPath, Warehouse: o.Warehouse, Found: found, Tables: tables}
}

func openForWriting(ctx context.Context, o Options) (*catalog, error) {
	folder := filepath.Dir(o.CatalogPath)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("the catalog's folder %s can't be made: %w", folder, cause(err))
	}
	c, err := connect(o.CatalogPath, o, "")
	if err != nil {
		return nil, err
	}
	if err := c.inspect(ctx); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

// refuseOthers refuses a file that isn't SQLite's: SQLite itself takes a short one for an empty database.
func refuseOthers(o Options) error {
	const magic = "SQLite format 3\x00"
	path := o.CatalogPath
	header, err := readHeader(path, len(magic))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("the catalog %s can't be opened: %w", path, cause(err))
	case len(header) > 0 && string(header) != magic:
		return &CorruptError{Path: path, Err: errors.New("it is not a SQLite file"), Way: catalogWays(path, o.Warehouse)}
	}
	return nil
}

// readHeader reads the first bytes of a file, as many as there are.
func readHeader(path string, n int) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, errors.New("it is a folder, not a SQLite file. Name a file in its place, or move the folder away")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	header := make([]byte, n)
	read, err := io.ReadFull(file, header)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil
	}
	return header[:read], err
}

// connect opens the catalog, or a copy of it at another path.
func connect(path string, o Options, mode string) (*catalog, error) {
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + sqliteParameters + mode
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("opening the catalog %s: %w", path, err)
	}
	db.SetMaxOpenConns(4)
	db.SetMaxIdleConns(4)
	return &catalog{db: db, path: o.CatalogPath, warehouse: o.Warehouse}, nil
}

// prepare creates the catalog's tables where they are missing.
func (c *catalog) prepare(ctx context.Context) error {
	if c.there && c.named {
		return nil
	}
	if _, err := c.db.ExecContext(ctx, schema); err != nil {
		return c.failed("creating the tables", err)
	}
	return c.inspect(ctx)
}

// inspect finds out whether the catalog's tables are there, and of which version.
func (c *catalog) inspect(ctx context.Context) error {
	rows, err := c.db.QueryContext(ctx, `SELECT m.name, p.name FROM sqlite_master AS m, pragma_table_info(m.name) AS p
		WHERE m.type = 'table' AND m.name IN ('iceberg_tables', 'iceberg_namespace_properties')`)
	if err != nil {
		return c.failed("opening", err)
	}
	defer rows.Close()
	columns := map[string]bool{}
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			return c.failed("opening", err)
		}
		c.there = c.there || table == "iceberg_tables"
		c.named = c.named || table == "iceberg_namespace_properties"
		columns[table+"."+column] = true
	}
	c.typed = columns["iceberg_tables.iceberg_type"]
	if err := rows.Err(); err != nil {
		return c.failed("opening", err)
	}
	return c.complete(columns)
}

// complete refuses a table of the right name with other columns.
func (c *catalog) complete(columns map[string]bool) error {
	if !c.there {
		return nil
	}
	for _, need := range []string{"catalog_name", "table_namespace", "table_name", "metadata_location", "previous_metadata_location"} {
		if !columns["iceberg_tables."+need] {
			return &CorruptError{Path: c.path, Err: fmt.Errorf("its table iceberg_tables has no column %s", need), Way: catalogWays(c.path, c.warehouse)}
		}
	}
	return nil
}

// openForReading leaves no trace. Where reading in place would, or can't be done without finishing what a killed process
// began, a private copy is read.
func openForReading(ctx context.Context, o Options) (*catalog, error) {
	if info, err := os.Stat(o.CatalogPath); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil, nil
	}
	if logged(o.CatalogPath) {
		return openCopy(ctx, o)
	}
	c, err := connect(o.CatalogPath, o, "&mode=ro")
	if err != nil {
		return nil, err
	}
	err = c.inspect(ctx)
	if err == nil {
		return c, nil
	}
	closeErr := c.close()
	if code := sqliteCode(err); code == sqliteReadOnly || code == sqliteCantOpen {
		return openCopy(ctx, o)
	}
	return nil, errors.Join(err, closeErr)
}

// logged reports whether the file uses a write-ahead log, as another tool may have told it to.
func logged(path string) bool {
	header, err := readHeader(path, 20)
	return err == nil && len(header) == 20 && header[18] == 2
}

// copyAttempts bounds how often a catalog is copied that others keep changing under our hands.
const copyAttempts = 20

// openCopy reads a private copy of the catalog and of what belongs to it.
func openCopy(ctx context.Context, o Options) (*catalog, error) {
	folder, err := os.MkdirTemp("", "etl-catalog-")
	if err != nil {
		return nil, fmt.Errorf("reading the catalog: %w", err)
	}
	remove := func() error { return os.RemoveAll(folder) }
	copied := filepath.Join(folder, "catalog.db")
	if err := copyStill(ctx, o.CatalogPath, copied); err != nil {
		return nil, errors.Join(err, remove())
	}
	c, err := connect(copied, o, "")
	if err != nil {
		return nil, errors.Join(err, remove())
	}
	c.cleanup = remove
	if err := c.inspect(ctx); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

// copyStill copies until nothing changed between the first and the last byte.
func copyStill(ctx context.Context, from, to string) error {
	for range copyAttempts {
		before := stamps(from)
		for _, suffix := range sqliteSuffixes() {
			if err := copyFile(from+suffix, to+suffix); err != nil {
				return fmt.Errorf("reading the catalog: %w", err)
			}
		}
		if before == stamps(from) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return fmt.Errorf("reading the catalog %s: other processes kept writing to it", from)
}

func sqliteSuffixes() [3]string { return [3]string{"", "-journal", "-wal"} }

type stamp struct {
	size     int64
	modified time.Time
}

func stamps(path string) (all [3]stamp) {
	for i, suffix := range sqliteSuffixes() {
		if info, err := os.Stat(path + suffix); err == nil {
			all[i] = stamp{info.Size(), info.ModTime()}
		}
	}
	return all
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if errors.Is(err, fs.ErrNotExist) {
		return ignoreMissing(os.Remove(to))
	}
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o600)
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
