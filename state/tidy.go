package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"

	"github.com/automic-etl/etl/lang/addr"
)

// landedFiles are the data files that this process has committed: what else lies in a run's folders is left over from a table
// that failed.
type landedFiles struct{ paths sync.Map }

func (f *landedFiles) note(files []StagedFile) {
	for _, s := range files {
		f.paths.Store(s.Path, true)
	}
}

func (f *landedFiles) has(path string) bool {
	_, landed := f.paths.Load(path)
	return landed
}

// tidy removes what the run staged and didn't commit, on its end.
func (c *Lease) tidy(ctx context.Context) error {
	for _, ident := range identsOf(c.row.Tables) {
		if err := c.lakehouse.tidyTable(ctx, ident, c.row.RunID); err != nil {
			return fmt.Errorf("removing what run %s staged for %s: %w", c.row.RunID, ident, err)
		}
	}
	return nil
}

func (l *Lakehouse) tidyTable(ctx context.Context, ident addr.Ident, run string) error {
	path, err := l.pathNow(ctx, ident)
	if err != nil {
		return err
	}
	folder := stageFolder(path, run)
	left, err := l.neverLanded(folder)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		if left, err = l.unnamed(ctx, ident, path, run); errors.Is(err, ErrNotFound) {
			left, err = filesOfRun(path, run) // the table wasn't created
		}
		if err == nil {
			err = removeAll(left)
		}
	}
	return errors.Join(err, removeEmpty(folder))
}

// pathNow is where a table is, or would be.
func (l *Lakehouse) pathNow(ctx context.Context, ident addr.Ident) (string, error) {
	location, err := l.catalog.lookup(ctx, ident)
	if errors.Is(err, ErrNotFound) {
		return l.newPath(ctx, ident)
	}
	if err != nil {
		return "", err
	}
	path, err := pathOf(location)
	return filepath.Dir(filepath.Dir(path)), err // <table>/metadata/<file>
}

func (l *Lakehouse) neverLanded(folder string) (left []string, err error) {
	err = filepath.WalkDir(folder, func(at string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !l.landed.has(at) {
			left = append(left, at)
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return left, err
}
