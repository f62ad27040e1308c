// Package read answers queries over the lakehouse, at its newest state or an earlier one. It writes nothing.
package read

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/automic-etl/etl/engine/duckdb"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/state"
)

// Reader reads a lakehouse.
type Reader struct {
	Lakehouse *state.Lakehouse
	Compute   *duckdb.Engine
}

// Open prepares a SELECT over the tables that it names, and gives its text with the current time in it. A place to read
// at (a snapshot's id, a time, a tag or a branch) holds for every table. The session is the caller's to close.
func (r Reader) Open(ctx context.Context, sql, at string) (_ *duckdb.Session, text string, err error) {
	parsed, err := r.Compute.Parse(ctx, sql)
	if err != nil {
		return nil, "", err
	}
	session, err := r.Compute.Session(ctx)
	if err != nil {
		return nil, "", err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, session.Close())
		}
	}()
	bound := map[addr.Ident]bool{}
	for _, ref := range parsed.Tables {
		if bound[ref.Ident] {
			continue
		}
		bound[ref.Ident] = true
		if err := r.bind(ctx, session, ref, at); err != nil {
			return nil, "", err
		}
	}
	return session, parsed.At(time.Now()), nil
}

func (r Reader) bind(ctx context.Context, session *duckdb.Session, ref duckdb.TableRef, at string) error {
	table, err := r.Lakehouse.Table(ctx, ref.Ident)
	if errors.Is(err, state.ErrNotFound) {
		return r.unknown(ctx, ref)
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", ref.Ident, err)
	}
	snapshot, columns := table.Main, table.Columns
	if at != "" {
		if snapshot, err = r.Lakehouse.SnapshotAt(ctx, ref.Ident, at); errors.Is(err, state.ErrNotFound) {
			return &duckdb.SQLError{Kind: "Catalog", Offset: ref.Offset, Summary: "Unknown snapshot", Detail: diag.Sentence(err)}
		} else if err != nil {
			return fmt.Errorf("finding %s of %s: %w", at, ref.Ident, err)
		}
		if columns, err = r.Lakehouse.SchemaAt(ctx, table, snapshot); err != nil {
			return fmt.Errorf("reading the schema of %s: %w", ref.Ident, err)
		}
	}
	var files []state.DataFile
	if snapshot != 0 {
		if files, err = r.Lakehouse.Files(ctx, table, snapshot); err != nil {
			return fmt.Errorf("listing the files of %s: %w", ref.Ident, err)
		}
	}
	return session.Bind(ctx, ref.Ident, columns, files)
}

func (r Reader) unknown(ctx context.Context, ref duckdb.TableRef) error {
	var known []string
	tables, err := r.Lakehouse.Tables(ctx)
	if err != nil {
		return fmt.Errorf("reading the catalog: %w", err)
	}
	for _, t := range tables {
		known = append(known, t.Ident.String())
	}
	return &duckdb.SQLError{Kind: "Catalog", Offset: ref.Offset, Summary: "Unknown table",
		Detail: fmt.Sprintf("The lakehouse has no table %s.%s", ref.Ident, diag.Suggest(ref.Ident.String(), known))}
}
