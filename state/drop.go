package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/state/failpoint"
)

// Drop forgets a table as it is now; with purge its files go too. Killed in between, it leaves files that the sweep of its run
// removes.
func (l *Lakehouse) Drop(ctx context.Context, ident addr.Ident, purge bool) error {
	base, err := l.Table(ctx, ident)
	if err != nil {
		return fmt.Errorf("dropping %s: %w", ident, err)
	}
	return l.DropPinned(ctx, base, purge)
}

// DropPinned is Drop of a table whose main is still what base says; else a ConflictError tells who moved it.
func (l *Lakehouse) DropPinned(ctx context.Context, base *Table, purge bool) error {
	if err := l.writable(); err != nil {
		return err
	}
	current, err := l.load(ctx, base.Ident)
	if err != nil {
		return fmt.Errorf("dropping %s: %w", base.Ident, err)
	}
	line := lineageOf(current.meta)
	if line.main != base.Main || current.meta.TableUUID().String() != base.UUID {
		return &ConflictError{Ident: base.Ident, Expected: base.Main, Found: line.main, By: line.author()}
	}
	path, err := pathOf(current.meta.Location())
	if err != nil {
		return fmt.Errorf("dropping %s: %w", base.Ident, err)
	}
	if purge {
		if err := mark(path); err != nil {
			return fmt.Errorf("dropping %s: %w", base.Ident, err)
		}
		failpoint.Hit(failpoint.DropMarked)
	}
	if err := l.catalog.drop(context.WithoutCancel(ctx), base.Ident, current.location); err != nil {
		if purge && errors.Is(err, errMoved) {
			unmark(path)
		}
		return err
	}
	failpoint.Hit(failpoint.DropUnlisted)
	if purge {
		if err := l.purge(ctx, base.Ident, path); err != nil {
			return fmt.Errorf("%s is dropped, but its files can't be removed: %w", base.Ident, err)
		}
	}
	failpoint.Hit(failpoint.DropAfter)
	return nil
}

// dropMark is a file that says that the table's files are to go with it.
func dropMark(path string) string { return filepath.Join(spillFolder(path), "dropping") }

func mark(path string) error {
	if err := os.MkdirAll(spillFolder(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(dropMark(path), nil, 0o644)
}

// unmark is done where the drop didn't happen; a mark that stays is of no consequence while the table is listed.
func unmark(path string) { _ = os.Remove(dropMark(path)) }

// purge removes a dropped table's folder, unless another table lies in it. The mark goes last: killed before, the sweep goes on.
func (l *Lakehouse) purge(ctx context.Context, ident addr.Ident, path string) error {
	others, err := l.catalog.under(ctx, locationOf(path), ident)
	if err != nil {
		return err
	}
	if others > 0 {
		return fmt.Errorf("%s holds another table of the catalog, too", path)
	}
	if err := removeBut(path, dropMark(path)); err != nil {
		return err
	}
	return os.RemoveAll(path)
}

// removeBut removes all that lies in a folder but one file, and the folders that lead to it.
func removeBut(folder, kept string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return ignoreMissing(err)
	}
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		switch {
		case path == kept:
		case strings.HasPrefix(kept, path+string(filepath.Separator)):
			err = removeBut(path, kept)
		default:
			err = os.RemoveAll(path)
			failpoint.Hit(failpoint.DropRemove)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sweepDropped finishes the drop of a table that a dead run had taken off the catalog.
func (l *Lakehouse) sweepDropped(ctx context.Context, ident addr.Ident) (there bool, err error) {
	path, err := l.newPath(ctx, ident)
	if err != nil {
		return false, err
	}
	if !exists(dropMark(path)) {
		return false, nil
	}
	return true, l.purge(ctx, ident, path)
}
