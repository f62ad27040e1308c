package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/iceberg-go/table"

	"github.com/automic-etl/etl/lang/addr"
)

// leftOver are the files that a dead run left and nothing of the table names: data files, manifests and metadata of commits that
// didn't land, what somebody was writing aside, and metadata that its last commit replaced and hadn't removed yet.
//
// Files named by their content stay: a commit of the same content takes them up without writing them again, so that no moment
// is safe to remove one.
func (l *Lakehouse) leftOver(ctx context.Context, ident addr.Ident, path, run string) ([]string, error) {
	found, err := filesOfRun(path, run)
	if err != nil {
		return nil, err
	}
	parts, err := filesIn(spillFolder(path), func(name string) bool { return strings.HasPrefix(name, partPrefix) })
	if err != nil {
		return nil, err
	}
	current, err := l.load(ctx, ident)
	if err != nil {
		return nil, err
	}
	return current.without(slices.Concat(found, parts, l.replaced(ctx, current)))
}

// unnamed are the files of a run that nothing of the table names.
func (l *Lakehouse) unnamed(ctx context.Context, ident addr.Ident, path, run string) ([]string, error) {
	found, err := filesOfRun(path, run)
	if err != nil {
		return nil, err
	}
	current, err := l.load(ctx, ident)
	if err != nil {
		return nil, err
	}
	return current.without(found)
}

// without leaves out the files that the table names.
func (t *loaded) without(found []string) ([]string, error) {
	if len(found) == 0 {
		return nil, nil
	}
	named, err := reachable(t.meta.Snapshots())
	if err != nil {
		return nil, err
	}
	for _, location := range t.log() {
		path, err := pathOf(location)
		if err != nil {
			return nil, err
		}
		named[path] = true
	}
	return slices.DeleteFunc(found, func(f string) bool { return named[f] }), nil
}

// log are the locations of the table's metadata files: the current one, and those that it lists.
func (t *loaded) log() []string {
	all := []string{t.location}
	for e := range t.meta.PreviousFiles() {
		all = append(all, e.MetadataFile)
	}
	return all
}

// replaced are the metadata files that a listed one listed and the current one doesn't, where the table wants those removed: who
// died before removing them left them for good.
func (l *Lakehouse) replaced(ctx context.Context, current *loaded) (left []string) {
	if !current.meta.Properties().GetBool(table.MetadataDeleteAfterCommitEnabledKey, false) {
		return nil
	}
	for e := range current.meta.PreviousFiles() {
		earlier, err := l.metadata(ctx, current.ident, e.MetadataFile)
		if err != nil {
			continue // one that is gone or damaged doesn't tell what it listed
		}
		for _, path := range droppedMetadata(earlier, current.meta) {
			if exists(path) && !slices.Contains(left, path) {
				left = append(left, path)
			}
		}
	}
	return left
}

// filesOfRun are all files that a run may have written for a table, by their names.
func filesOfRun(path, run string) ([]string, error) {
	found, err := filesBelow(stageFolder(path, run))
	if err != nil {
		return nil, err
	}
	written, err := filesIn(filepath.Join(path, "metadata"), func(name string) bool {
		return strings.HasSuffix(name, ".avro") && strings.Contains(name, runMark(run)) || strings.HasSuffix(name, metadataMark(run))
	})
	return append(found, written...), err
}

// filesBelow are the files of a folder and of those in it; none for a folder that isn't there.
func filesBelow(folder string) (found []string, err error) {
	err = filepath.WalkDir(folder, func(at string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, at)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("looking for what was left: %w", err)
	}
	return found, nil
}

// filesIn are the files of a folder whose names are wanted; none for a folder that isn't there.
func filesIn(folder string, wanted func(name string) bool) (found []string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("looking for what was left: %w", err)
	}
	for _, e := range entries {
		if !e.IsDir() && wanted(e.Name()) {
			found = append(found, filepath.Join(folder, e.Name()))
		}
	}
	return found, nil
}

// runMark is what the names of a run's manifests contain.
func runMark(run string) string { return anyRun + run + "-" }

const anyRun = "-run-"
