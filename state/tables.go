package state

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// Tables are all tables of the catalog, ours and others', sorted. Those whose metadata didn't change since an earlier process
// read it come out of the cache.
func (l *Lakehouse) Tables(ctx context.Context) ([]*Table, error) {
	if l.catalog == nil {
		return nil, nil
	}
	entries, err := l.catalog.list(ctx)
	if err != nil {
		return nil, err
	}
	cached := l.cache.all()
	tables := make([]*Table, len(entries))
	failures := make([]error, len(entries))
	var missing errgroup.Group
	missing.SetLimit(runtime.GOMAXPROCS(0))
	fresh := false
	for i, e := range entries {
		if t := cached[e.Location]; t != nil && t.Ident == e.Ident && there(e.Location) {
			tables[i] = t
			continue
		}
		fresh = true
		missing.Go(func() error {
			tables[i], failures[i] = l.read(ctx, e)
			return ctx.Err()
		})
	}
	if err := errors.Join(missing.Wait(), errors.Join(failures...)); err != nil {
		return nil, err
	}
	tables = present(tables)
	if fresh || len(cached) != len(tables) {
		if err := l.cache.replace(tables); err != nil {
			slog.WarnContext(ctx, "the cache of recorded state can't be written", "error", err)
		}
	}
	return tables, nil
}

// read reads a listed table; nil without an error for one that was dropped since.
func (l *Lakehouse) read(ctx context.Context, e entry) (*Table, error) {
	m, snapshots, err := readDigest(ctx, e.Ident, e.Location)
	if err == nil {
		t, err := describe(&loaded{ident: e.Ident, location: e.Location, meta: m})
		if err == nil && snapshots >= 0 {
			t.Snapshots = snapshots
		}
		return t, err
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	// Replaced or dropped between listing and reading, or gone for good: look again.
	t, err := l.Table(ctx, e.Ident)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return t, err
}

// there says whether a metadata file exists: what is cached of one that doesn't is of a table that nobody can read.
func there(location string) bool {
	path, err := pathOf(location)
	if err != nil {
		return false
	}
	_, err = os.Stat(path)
	return err == nil
}

func present(tables []*Table) []*Table {
	kept := tables[:0]
	for _, t := range tables {
		if t != nil {
			kept = append(kept, t)
		}
	}
	return kept
}
