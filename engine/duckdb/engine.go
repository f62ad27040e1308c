// Package duckdb is the compute engine that runs in this process: it reads the data files of snapshots, computes queries
// over them and writes new data files. It commits nothing and knows no catalog.
//
// SQL of users must pass Parse before it runs: that is what keeps it from files, the network and writing.
//
// Values cross this package's border as state's do: bool; int64 for int and long, for date (days since 1970) and for time,
// timestamp and timestamptz (microseconds); float64; string for string, and for decimal and uuid in their usual spelling;
// []byte for binary; nil for null.
package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/automic-etl/etl/engine/dialect"
)

// Options bound what the engine may use.
type Options struct {
	// MemoryLimit is DuckDB's bound, like "4GB"; beyond it queries spill. Empty: half of the memory that this process may use.
	MemoryLimit string
	// Threads that compute; 0: as many as the process may run.
	Threads int
	// TempDir is where queries spill; the engine makes a folder of its own in it and removes that when it is closed.
	// Empty: the system's.
	TempDir string
	// Directories, if there are any, are the only ones whose files DuckDB may open, beside TempDir. They hold even against
	// SQL that slipped through Parse.
	Directories []string
}

// Engine is one DuckDB instance. It may be used by several goroutines, each with a Session of its own.
type Engine struct {
	db       *sql.DB
	spill    string
	sessions atomic.Int64
	layouts  layouts
}

// Open starts DuckDB with nothing in it.
func Open(ctx context.Context, o Options) (*Engine, error) {
	if o.TempDir != "" {
		if err := os.MkdirAll(o.TempDir, 0o700); err != nil {
			return nil, fmt.Errorf("making the folder for spilled data: %w", err)
		}
	}
	spill, err := os.MkdirTemp(o.TempDir, "duckdb-")
	if err != nil {
		return nil, fmt.Errorf("making the folder for spilled data: %w", err)
	}
	// No extension is ever downloaded: what isn't built in is an error that says so.
	connector, err := duckdb.NewConnector("?autoinstall_known_extensions=false&autoload_known_extensions=false", nil)
	if err != nil {
		return nil, fmt.Errorf("starting DuckDB: %w", err)
	}
	e := &Engine{db: sql.OpenDB(connector), spill: spill}
	if err := e.configure(ctx, o); err != nil {
		return nil, firstError(err, e.Close())
	}
	return e, nil
}

// Close ends DuckDB and removes what it spilled. Sessions must be closed before.
func (e *Engine) Close() error {
	err := e.db.Close()
	if removeErr := os.RemoveAll(e.spill); err == nil && removeErr != nil {
		return fmt.Errorf("removing spilled data: %w", removeErr)
	}
	return err
}

func (e *Engine) configure(ctx context.Context, o Options) error {
	settings := []string{
		"SET GLOBAL errors_as_json = true",
		"SET GLOBAL TimeZone = 'UTC'",
		"SET GLOBAL temp_directory = " + dialect.Text(e.spill),
		// Else a partition is spread over many small files as soon as more than a hundred are being written.
		"SET GLOBAL partitioned_write_max_open_files = 2000",
	}
	limit, err := e.memoryLimit(ctx, o.MemoryLimit)
	if err != nil {
		return err
	}
	settings = append(settings, "SET GLOBAL memory_limit = "+dialect.Text(limit))
	if o.Threads > 0 {
		settings = append(settings, fmt.Sprintf("SET GLOBAL threads = %d", o.Threads))
	}
	if len(o.Directories) > 0 {
		settings = append(settings,
			"SET GLOBAL allowed_directories = "+literals(append([]string{e.spill}, o.Directories...)),
			"SET GLOBAL enable_external_access = false")
	}
	for _, setting := range settings {
		if _, err := e.db.ExecContext(ctx, setting); err != nil {
			return fmt.Errorf("configuring DuckDB: %w", classify(err, nil))
		}
	}
	return e.registerFunctions(ctx)
}

// memoryLimit halves what DuckDB allows itself: its default is 80 % of what the machine or the container has, and the rest
// of this process, providers and the page cache need their part too.
func (e *Engine) memoryLimit(ctx context.Context, wanted string) (string, error) {
	if wanted != "" {
		return wanted, nil
	}
	var bytes int64
	err := e.db.QueryRowContext(ctx, "SELECT parse_formatted_bytes(current_setting('memory_limit'))").Scan(&bytes)
	if err != nil {
		return "", fmt.Errorf("reading DuckDB's memory limit: %w", err)
	}
	return fmt.Sprintf("%dMB", max(bytes/8*5/1_000_000, 128)), nil
}

// Session opens an isolated namespace.
func (e *Engine) Session(ctx context.Context) (*Session, error) {
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("opening a session: %w", classify(err, nil))
	}
	// The sign keeps the name out of the way of layers' names.
	s := &Session{
		engine: e, conn: conn, catalog: fmt.Sprintf("etl$%d", e.sessions.Add(1)),
		schemas: map[string]bool{}, made: map[relation]string{},
	}
	for _, statement := range []string{"ATTACH ':memory:' AS " + dialect.Ident(s.catalog), "USE " + dialect.Ident(s.catalog)} {
		if err := s.exec(ctx, statement); err != nil {
			return nil, firstError(fmt.Errorf("opening a session: %w", err), conn.Close())
		}
	}
	return s, nil
}

func (e *Engine) registerFunctions(ctx context.Context) error {
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("registering functions: %w", err)
	}
	defer func() { _ = conn.Close() }()
	return registerHashes(conn)
}

// clean is a path as DuckDB should see it.
func clean(path string) string { return filepath.ToSlash(filepath.Clean(path)) }

func firstError(err error, others ...error) error {
	for _, other := range others {
		if err == nil {
			err = other
		}
	}
	return err
}
