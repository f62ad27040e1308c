package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// stream runs a statement in the binary protocol, whose floats are exact, and calls row for each of its rows. Values are
// borrowed until the next row.
func stream(ctx context.Context, conn *sql.Conn, query string, args []any, row func([]driver.Value) error) error {
	ctx, cancel := context.WithCancel(ctx)
	return conn.Raw(func(raw any) (err error) {
		statement, err := prepare(ctx, raw, query)
		if err != nil {
			cancel()
			return err
		}
		defer func() { err = errors.Join(err, ignoreCancel(ctx, statement.Close())) }()
		rows, err := execute(ctx, statement, args)
		if err != nil {
			cancel()
			return err
		}
		// Closing reads all that is left, unless the statement was cancelled.
		ended := false
		defer func() {
			if !ended {
				cancel()
			}
			err = errors.Join(err, ignoreCancel(ctx, rows.Close()))
			cancel()
		}()
		values := make([]driver.Value, len(rows.Columns()))
		for {
			if err := rows.Next(values); err != nil {
				if ended = errors.Is(err, io.EOF); ended {
					return nil
				}
				return err
			}
			if err := row(values); err != nil {
				return err
			}
		}
	})
}

func ignoreCancel(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func prepare(ctx context.Context, raw any, query string) (driver.Stmt, error) {
	preparer, ok := raw.(driver.ConnPrepareContext)
	if !ok {
		return nil, fmt.Errorf("the driver's connection is a %T, which can't prepare statements", raw)
	}
	return preparer.PrepareContext(ctx, query)
}

func execute(ctx context.Context, statement driver.Stmt, args []any) (driver.Rows, error) {
	querier, ok := statement.(driver.StmtQueryContext)
	if !ok {
		return nil, fmt.Errorf("the driver's statement is a %T, which can't be run", statement)
	}
	named := make([]driver.NamedValue, len(args))
	for i, arg := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: arg}
	}
	return querier.QueryContext(ctx, named)
}
