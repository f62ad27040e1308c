package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/automic-etl/etl/engine/dialect"
)

// Session is a namespace of its own in the engine: what one binds, no other sees. It is for one goroutine at a time.
type Session struct {
	engine  *Engine
	conn    *sql.Conn
	catalog string
	schemas map[string]bool     // those that exist
	made    map[relation]string // what the session made: TABLE or VIEW
	serial  int                 // names what the session makes for itself
}

// relation names a table or view of a session, in lower case: DuckDB's names don't tell cases apart.
type relation struct{ schema, name string }

// Close forgets everything that was bound. It works after the context of the session's queries was cancelled, too.
func (s *Session) Close() error {
	ctx := context.Background()
	err := s.exec(ctx, "USE memory")
	if err == nil {
		err = s.exec(ctx, "DETACH "+dialect.Ident(s.catalog))
	}
	if err != nil {
		err = fmt.Errorf("closing a session: %w", err)
	}
	return firstError(err, s.conn.Close())
}

// exec runs a statement of our own.
func (s *Session) exec(ctx context.Context, statement string) error {
	_, err := s.conn.ExecContext(ctx, statement)
	if err == nil {
		return nil
	}
	return s.failure(ctx, err, nil)
}

// failure gives the error of a statement its type. Where the context ended, that is the reason.
func (s *Session) failure(ctx context.Context, err error, at *origin) error {
	if ctxErr := ctx.Err(); ctxErr != nil {
		return fmt.Errorf("the query was interrupted: %w", ctxErr)
	}
	return classify(err, at)
}

// each calls visit for every row of a query.
func (s *Session) each(ctx context.Context, query string, at *origin, visit func(*sql.Rows) error) (err error) {
	rows, err := s.conn.QueryContext(ctx, query)
	if err != nil {
		return s.failure(ctx, err, at)
	}
	defer func() {
		if closeErr := rows.Close(); err == nil && closeErr != nil {
			err = s.failure(ctx, closeErr, at)
		}
	}()
	for rows.Next() {
		if err := visit(rows); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return s.failure(ctx, err, at)
	}
	return nil
}

// one scans the only row of a query.
func (s *Session) one(ctx context.Context, query string, at *origin, into ...any) error {
	err := s.conn.QueryRowContext(ctx, query).Scan(into...)
	if err == nil || errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return s.failure(ctx, err, at)
}

// schema makes a schema of the session, once.
func (s *Session) schema(ctx context.Context, name string) error {
	if s.schemas[name] {
		return nil
	}
	if err := checkSchemaName(name, s.catalog); err != nil {
		return err
	}
	if err := s.exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+s.qualified(name)); err != nil {
		return fmt.Errorf("making the schema %q: %w", name, err)
	}
	s.schemas[name] = true
	return nil
}

// qualified is a name under the session's catalog, which nothing else can be mistaken for.
func (s *Session) qualified(names ...string) string {
	all := dialect.Ident(s.catalog)
	for _, name := range names {
		all += "." + dialect.Ident(name)
	}
	return all
}

// Materialize computes a query once and keeps its rows as the table schema.name of this session, replacing what had the name.
func (s *Session) Materialize(ctx context.Context, schema, name, query string) (rows int64, err error) {
	if err = s.create(ctx, "TABLE", schema, name, Statement(query)); err != nil {
		return 0, err
	}
	err = s.one(ctx, "SELECT count(*) FROM "+s.qualified(schema, name), nil, &rows)
	return rows, err
}

// Drop forgets a bound or materialised table of the session; one that doesn't exist is forgotten already.
func (s *Session) Drop(ctx context.Context, schema, name string) error {
	key := relation{strings.ToLower(schema), strings.ToLower(name)}
	kind, ok := s.made[key]
	if !ok {
		return nil
	}
	if err := s.exec(ctx, "DROP "+kind+" "+s.qualified(schema, name)); err != nil {
		return fmt.Errorf("forgetting %s.%s: %w", schema, name, err)
	}
	delete(s.made, key)
	return nil
}

// create makes a VIEW or a TABLE in place of what had the name.
func (s *Session) create(ctx context.Context, kind, schema, name, query string) error {
	if err := s.schema(ctx, schema); err != nil {
		return err
	}
	if err := s.Drop(ctx, schema, name); err != nil {
		return err
	}
	prefix := "CREATE " + kind + " " + s.qualified(schema, name) + " AS FROM (\n"
	if _, err := s.conn.ExecContext(ctx, prefix+query+"\n)"); err != nil {
		return s.failure(ctx, err, &origin{prefix: len(prefix), length: len(query)})
	}
	s.made[relation{strings.ToLower(schema), strings.ToLower(name)}] = kind
	return nil
}

// scratch is the name of a relation of the session's own, which nothing else has.
func (s *Session) scratch(ctx context.Context) (schema, name string, err error) {
	const own = "etl$scratch"
	s.serial++
	return own, fmt.Sprintf("t%d", s.serial), s.schema(ctx, own)
}
