package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/apache/iceberg-go/table"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/state/failpoint"
)

// attempts bounds how often a commit is made anew because others changed the table's metadata but not its rows.
const attempts = 50

// resolveWithin bounds the search for what became of a commit, after the caller has given up.
const resolveWithin = 30 * time.Second

// Commit makes one change of one table: schema, layout, rows, properties and recorded state in one atomic step, or nothing. It is
// pinned to the snapshot that the change was computed from; if main moved since, a ConflictError says by whom and nothing
// is done. A change whose CommitID has landed already is not made again.
func (l *Lakehouse) Commit(ctx context.Context, c Change) (*Table, error) {
	return l.commit(ctx, c, everySnapshot)
}

// everySnapshot keeps a table's snapshots, however many they are.
const everySnapshot = 0

// commit is Commit for a table of which at most so many snapshots are kept.
func (l *Lakehouse) commit(ctx context.Context, c Change, keep int) (*Table, error) {
	if err := l.writable(); err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("committing %s: %w", c.Ident, err)
	}
	failpoint.Hit(failpoint.CommitBefore)
	for attempt := range attempts {
		current, err := l.baseOf(ctx, c)
		var done *landedBefore
		if errors.As(err, &done) {
			return describe(done.current)
		}
		if err != nil {
			return nil, err
		}
		next, err := l.attempt(ctx, c, current, keep)
		if err == nil {
			l.landed.note(c.Add)
			return describe(next)
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = l.orMoved(ctx, c, err)
		}
		if !errors.Is(err, errMoved) && !errors.Is(err, errExists) {
			return nil, fmt.Errorf("committing %s: %w", c.Ident, err)
		}
		if err := pause(ctx, attempt); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("committing %s: its metadata was changed by others %d times in a row", c.Ident, attempts)
}

// orMoved explains a file that was gone: who takes a run for dead puts a fence on the table before it removes what the run
// staged, so that a run that lives after all is told that main moved.
func (l *Lakehouse) orMoved(ctx context.Context, c Change, gone error) error {
	_, err := l.baseOf(ctx, c)
	var conflict *ConflictError
	if errors.As(err, &conflict) {
		return errMoved // the next attempt finds the same
	}
	return gone
}

// pause waits a little, so that writers which met each other don't meet again.
func pause(ctx context.Context, attempt int) error {
	wait := time.Duration(rand.IntN(5*min(attempt+1, 20))+1) * time.Millisecond
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return nil
	}
}

func (c Change) check() error {
	switch {
	case c.Summary.CommitID == "":
		return errors.New("the commit has no id")
	case !pathElement(c.Summary.RunID):
		return fmt.Errorf("%q can't be the id of a run", c.Summary.RunID)
	case c.Summary.Mode == "":
		return errors.New("the commit has no mode")
	case !pathElement(c.Ident.Namespace) || !pathElement(c.Ident.Name):
		return fmt.Errorf("%s can't be the name of a table", c.Ident)
	case c.Columns == nil && c.Base == nil:
		return errors.New("a new table has no columns")
	case len(c.Remove)+len(c.Delete) > 0 && c.Operation != Swap:
		return fmt.Errorf("%s doesn't remove single files", c.Operation)
	case len(c.Add) > 0 && c.Operation == Empty:
		return errors.New("an empty commit adds no files")
	}
	switch c.Operation {
	case Append, Replace, Swap, Empty:
		return checkColumns(c.Columns)
	}
	return fmt.Errorf("there is no operation %q", c.Operation)
}

// landedBefore stops a commit that was made already.
type landedBefore struct{ current *loaded }

func (*landedBefore) Error() string { return "the commit has landed already" }

// baseOf is the table as it is now, if the change may still be made on it; nil if it is to be created.
func (l *Lakehouse) baseOf(ctx context.Context, c Change) (*loaded, error) {
	current, err := l.load(ctx, c.Ident)
	if errors.Is(err, ErrNotFound) {
		if c.Base != nil {
			return nil, fmt.Errorf("committing %s: it was dropped since the change was computed: %w", c.Ident, err)
		}
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	line := lineageOf(current.meta)
	expected := int64(0)
	if c.Base != nil {
		expected = c.Base.Main
	}
	if line.main != expected {
		if _, landed := line.landed(c.Summary.CommitID); landed {
			return nil, &landedBefore{current}
		}
		return nil, &ConflictError{Ident: c.Ident, Expected: expected, Found: line.main, By: line.author()}
	}
	if c.Base != nil && c.Base.UUID != current.meta.TableUUID().String() {
		return nil, absent("committing %s: the table was dropped and created anew since the change was computed", c.Ident)
	}
	if address := current.meta.Properties()[PropAddress]; c.Base == nil && address != c.Address {
		return nil, fmt.Errorf("committing %s: a table of this name exists already, and %s", c.Ident, owner(address))
	}
	return current, nil
}

func owner(address string) string {
	if address == "" {
		return "etl didn't make it"
	}
	return "it belongs to " + address
}

// author says who made main's snapshot.
func (l lineage) author() string {
	main := l.byID[l.main]
	if main == nil || main.Summary == nil {
		return "another writer"
	}
	if run := main.Summary.Properties[KeyRun]; run != "" {
		return "run " + run
	}
	return fmt.Sprintf("another writer (%s)", main.Summary.Operation)
}

// attempt makes the change on one version of the table. errMoved and errExists mean that it surely didn't land, and may be
// tried on the next version.
func (l *Lakehouse) attempt(ctx context.Context, c Change, current *loaded, keep int) (*loaded, error) {
	p, err := l.propose(ctx, c, current, keep)
	if err != nil {
		return nil, errors.Join(err, p.discard())
	}
	previous := ""
	if current != nil {
		previous = current.location
	}
	return l.finish(ctx, p, previous)
}

// finish writes a proposal's metadata and makes it the table's; previous is empty for a new table.
func (l *Lakehouse) finish(ctx context.Context, p *proposal, previous string) (*loaded, error) {
	location, err := writeMetadata(p.path, previous, p.change.files(), p.meta)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("writing metadata: %w", err), p.discard())
	}
	p.written = append(p.written, mustPath(location))
	failpoint.Hit(failpoint.CommitMetadataAfter)
	next := &loaded{ident: p.change.Ident, location: location, meta: p.meta}
	if err := l.land(ctx, p, previous, next); err != nil {
		return nil, err
	}
	l.parsed.put(location, p.meta)
	failpoint.Hit(failpoint.CommitSwapAfter)
	p.clean(ctx)
	failpoint.Hit(failpoint.CommitAfter)
	return next, nil
}

// mustPath is the path of a location that we made.
func mustPath(location string) string {
	path, _ := pathOf(location)
	return path
}

// land is the atomic step. It can't be cancelled half way; whether it happened is found out before it is told.
func (l *Lakehouse) land(ctx context.Context, p *proposal, previous string, next *loaded) error {
	if err := ctx.Err(); err != nil {
		return errors.Join(err, p.discard())
	}
	sheltered, cancel := context.WithTimeout(context.WithoutCancel(ctx), resolveWithin)
	defer cancel()
	var err error
	if previous == "" {
		err = l.catalog.create(sheltered, next.ident, next.location)
	} else {
		err = l.catalog.swap(sheltered, next.ident, previous, next.location)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errMoved) || errors.Is(err, errExists):
		return errors.Join(err, p.discard())
	}
	// The outcome is unknown: the catalog may have taken the change and failed to say so. Nothing is removed.
	if landed, resolveErr := l.resolve(ctx, next.ident, p.change.Summary.CommitID); resolveErr != nil {
		return &unsettledError{errors.Join(err, fmt.Errorf("whether the commit landed is unknown: %w", resolveErr))}
	} else if landed {
		return nil
	}
	return &unsettledError{err}
}

// unsettledError is the failure of a commit that the catalog may have taken: its files must stay.
type unsettledError struct{ error }

func (e *unsettledError) Unwrap() error { return e.error }

// resolve finds out whether a commit of unknown outcome is in the ancestry of main.
func (l *Lakehouse) resolve(ctx context.Context, ident addr.Ident, commitID string) (bool, error) {
	sheltered, cancel := context.WithTimeout(context.WithoutCancel(ctx), resolveWithin)
	defer cancel()
	current, err := l.load(sheltered, ident)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, landed := lineageOf(current.meta).landed(commitID)
	return landed, nil
}

// proposal is a change made into files, which the catalog doesn't name yet.
type proposal struct {
	change  *Change
	path    string // of the table
	meta    table.Metadata
	written []string // files that are garbage if the change doesn't land
	expired []string // files that are garbage once it did
}

// discard removes the files of a change that surely didn't land. Data files stay: they are the caller's.
func (p *proposal) discard() error {
	if p == nil {
		return nil
	}
	var err error
	for _, path := range p.written {
		err = errors.Join(err, ignoreMissing(os.Remove(path)))
	}
	return err
}

// clean removes what the commit made superfluous. The commit stands, so that a failure here is only worth a log line.
func (p *proposal) clean(ctx context.Context) {
	for _, path := range p.expired {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			slog.WarnContext(ctx, "an expired file can't be removed", "path", path, "error", err)
		}
		if folder := filepath.Dir(path); folder != filepath.Join(p.path, "metadata") {
			_ = os.Remove(folder) // a run's folder goes with its last file; it stays while there is another
		}
	}
}
