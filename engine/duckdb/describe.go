package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Describe gives the columns of a query over what is bound, without reading data. Mistakes are *SQLError, types that no table
// can hold *ColumnError.
func (s *Session) Describe(ctx context.Context, query string) (coltype.Schema, error) {
	if err := s.requireSelect(ctx, query); err != nil {
		return nil, err
	}
	const prefix = "DESCRIBE "
	statement := Statement(query)
	var columns coltype.Schema
	err := s.each(ctx, prefix+statement, &origin{prefix: len(prefix), length: len(statement)}, func(rows *sql.Rows) error {
		c, err := scanDescribed(rows)
		columns = append(columns, c)
		return err
	})
	if err != nil {
		return nil, s.suggest(ctx, query, err)
	}
	return columns, nil
}

// scanDescribed reads a row of DESCRIBE.
func scanDescribed(rows *sql.Rows) (coltype.Field, error) {
	var c coltype.Field
	var typeName string
	var null, key, value, extra any
	if err := rows.Scan(&c.Name, &typeName, &null, &key, &value, &extra); err != nil {
		return c, fmt.Errorf("reading a query's columns: %w", err)
	}
	t, err := FromDuckDB(typeName)
	if err != nil {
		return c, &ColumnError{Column: c.Name, Err: err}
	}
	c.Type = t
	return c, nil
}

// ColumnError is about one column of a query.
type ColumnError struct {
	Column string
	Err    error
}

func (e *ColumnError) Error() string { return fmt.Sprintf("column %q: %v", e.Column, e.Err) }

func (e *ColumnError) Unwrap() error { return e.Err }

// requireSelect refuses what is not exactly one SELECT.
func (s *Session) requireSelect(ctx context.Context, query string) error {
	_, err := serialize(ctx, s.conn, query)
	if ctxErr := ctx.Err(); ctxErr != nil && !errors.Is(err, ctxErr) {
		return fmt.Errorf("the query was interrupted: %w", ctxErr)
	}
	return err
}
