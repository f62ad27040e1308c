package state

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/state/failpoint"
)

// ownTables are those that etl keeps for itself.
func ownTables() []addr.Ident {
	return []addr.Ident{leases().ident, runs().ident, results().ident}
}

// care is how closely etl's own tables are looked at.
type care int

const (
	suspects care = iota // only where a name tells that something was left: cheap enough for every run
	thorough             // where a run has died
)

// sweepOwn sweeps etl's own tables of what runs left that died while they claimed, recorded or released: of no lease, or of one
// that is gone, so that it isn't looked for by run. Whose files these are doesn't matter. Behind a fence a commit that
// was ready can't land, and its writer, should it live, makes it anew.
func (l *Lakehouse) sweepOwn(ctx context.Context, runID string, how care) error {
	for _, ident := range ownTables() {
		if err := l.sweepOwnTable(ctx, runID, ident, how); err != nil {
			return fmt.Errorf("sweeping what dead runs left of %s: %w", ident, err)
		}
	}
	return nil
}

func (l *Lakehouse) sweepOwnTable(ctx context.Context, runID string, ident addr.Ident, how care) error {
	current, err := l.load(ctx, ident)
	if errors.Is(err, ErrNotFound) {
		return nil // it is swept once somebody has created it
	}
	if err != nil {
		return err
	}
	path, err := pathOf(current.meta.Location())
	if err != nil {
		return err
	}
	found, err := ownFiles(path)
	if err != nil {
		return err
	}
	if how == suspects && !slices.ContainsFunc(found, current.expected().unlike) {
		return nil
	}
	left, err := current.without(found)
	if err == nil && len(left) > 0 {
		left, err = l.withoutLiving(ctx, left)
	}
	if err != nil || len(left) == 0 {
		return err
	}
	base, err := describe(current)
	if err != nil {
		return err
	}
	if err := l.fence(ctx, runID, runID, base, keptSnapshots); err != nil {
		return err
	}
	failpoint.Hit(failpoint.SweepFenced)
	return errors.Join(l.removeUnnamed(ctx, ident, left), removeEmptyFolders(left))
}

// ownFiles are all files of one of etl's own tables, as etl names them.
func ownFiles(path string) ([]string, error) {
	data, err := filesBelow(filepath.Join(path, "data"))
	if err != nil {
		return nil, err
	}
	metadata, err := filesIn(filepath.Join(path, "metadata"), func(name string) bool {
		return strings.HasSuffix(name, metadataSuffix) || strings.HasSuffix(name, ".avro") && strings.Contains(name, anyRun)
	})
	return append(data, metadata...), err
}

// expected are the names that a table's metadata tells, without a look into any manifest.
type expected struct {
	runs, commits, metadata map[string]bool
}

func (t *loaded) expected() expected {
	e := expected{runs: map[string]bool{}, commits: map[string]bool{}, metadata: map[string]bool{}}
	for _, s := range t.meta.Snapshots() {
		e.commits[commitOf(s.ManifestList)] = true
		if s.Summary != nil {
			e.runs[s.Summary.Properties[KeyRun]] = true
		}
	}
	for _, location := range t.log() {
		e.metadata[filepath.Base(location)] = true
	}
	return e
}

// unlike reports whether a file is none that was to be expected. It may be named all the same, by a manifest that was carried on.
func (e expected) unlike(path string) bool {
	switch name := filepath.Base(path); {
	case strings.HasSuffix(name, metadataSuffix):
		return !e.metadata[name]
	case strings.HasSuffix(name, ".avro"):
		return !e.commits[commitOf(name)]
	}
	return !e.runs[filepath.Base(filepath.Dir(path))]
}

// commitOf is what the names of a commit's manifests and that of their list share.
func commitOf(name string) string {
	_, commit, _ := strings.Cut(strings.TrimSuffix(filepath.Base(name), ".avro"), anyRun)
	if strings.HasPrefix(filepath.Base(name), "manifest") {
		commit = commit[:max(0, strings.LastIndex(commit, "-m"))]
	}
	return commit
}

// withoutLiving leaves out the files of runs that hold leases and live: they are theirs to name or to remove.
func (l *Lakehouse) withoutLiving(ctx context.Context, left []string) ([]string, error) {
	holders, err := l.Locks(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(left, func(path string) bool {
		return slices.ContainsFunc(holders, func(h Holder) bool { return h.Alive && h.Command != sweeping && madeBy(path, h.RunID) })
	}), nil
}

// madeBy reports whether a file of a table is a run's, by its name.
func madeBy(path, run string) bool {
	name := filepath.Base(path)
	return filepath.Base(filepath.Dir(path)) == run || strings.Contains(name, runMark(run)) || strings.HasSuffix(name, metadataMark(run))
}

func removeEmptyFolders(left []string) error {
	var failed error
	for _, path := range left {
		if filepath.Base(filepath.Dir(path)) != "metadata" {
			failed = errors.Join(failed, removeEmpty(filepath.Dir(path)))
		}
	}
	return failed
}
