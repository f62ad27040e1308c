package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/state/failpoint"
)

// Unlock seizes a lease by its id, dead or not, and sweeps what its run left. If the run lives after all, it finds its
// lease lost and its commits refused.
func (l *Lakehouse) Unlock(ctx context.Context, id string) error {
	if err := l.writable(); err != nil {
		return err
	}
	_, rows, err := l.board(ctx)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(rows, func(r lease) bool { return r.ID == id && r.Kind == kindHeld })
	if at < 0 {
		return absent("there is no lease %q; `etl state locks` lists those that are held", id)
	}
	return l.bury(ctx, rows[at])
}

// sweeping is the command of a lease that was seized.
const sweeping = "sweep of a dead run"

// errAlive means that a lease that seemed dead has moved.
var errAlive = errors.New("the lease is alive")

// bury seizes a dead lease, sweeps what its run left, and takes it off the board. Whoever dies on the way leaves a dead lease
// again, of the same run, for the next one.
//
// It commits under an id of its own, not under that of the run that claims: a claim that dies leaves a file of a run that no
// commit names yet, which is how the next one knows it for left over.
func (l *Lakehouse) bury(ctx context.Context, dead lease) error {
	runID := uuid.NewString()
	seized, err := l.seize(ctx, runID, dead)
	if errors.Is(err, errAlive) {
		return nil
	}
	if err != nil {
		return err
	}
	failpoint.Hit(failpoint.SweepSeized)
	seized.Keep(ctx)
	defer seized.stopKeeping()
	var missing []string
	for _, ident := range identsOf(dead.Tables) {
		if err := seized.Check(ctx); err != nil {
			return err
		}
		there, err := l.sweepTable(ctx, runID, ident, dead.RunID)
		if err != nil {
			return fmt.Errorf("sweeping what run %s left of %s: %w", dead.RunID, ident, err)
		}
		if !there {
			missing = append(missing, ident.String())
		}
		failpoint.Hit(failpoint.SweepAfter)
	}
	if err := l.FillRuns(ctx); err != nil {
		return err
	}
	if err := l.sweepOwn(ctx, runID, thorough); err != nil {
		return err
	}
	return l.takeOff(ctx, runID, seized.row.ID, missing)
}

// seize puts the lease under a new id and our name, if it didn't move.
func (l *Lakehouse) seize(ctx context.Context, runID string, dead lease) (*Lease, error) {
	taken := dead
	taken.ID, taken.Beat, taken.TTL = uuid.NewString(), 0, l.options.LeaseTTL.Milliseconds()
	taken.Host, taken.PID, taken.ProcessStart, taken.User = l.host.Host, int64(l.host.PID), l.host.Start, l.host.User
	taken.Command, taken.Since = sweeping, time.Now()
	started := time.Now()
	err := l.post(ctx, runID, func(rows []lease) ([]lease, error) {
		at := slices.IndexFunc(rows, func(r lease) bool { return r.ID == dead.ID && r.Beat == dead.Beat })
		if at < 0 {
			return nil, errAlive
		}
		rows[at] = taken
		return rows, nil
	})
	return &Lease{lakehouse: l, row: taken, lost: make(chan struct{}), beaten: started}, err
}

func (c *Lease) stopKeeping() {
	c.mu.Lock()
	stop, stopped := c.stop, c.stopped
	c.mu.Unlock()
	if stop != nil {
		stop()
		<-stopped
	}
}

// takeOff takes a swept lease off the board; tables that didn't exist are remembered as unswept.
func (l *Lakehouse) takeOff(ctx context.Context, runID, id string, missing []string) error {
	return l.post(ctx, runID, func(rows []lease) ([]lease, error) {
		at := slices.IndexFunc(rows, func(r lease) bool { return r.ID == id })
		if at < 0 {
			return nil, &LostError{RunID: runID}
		}
		dead := rows[at]
		rows = leaving(retired(rows, at), dead, dead.Prepares)
		if len(missing) > 0 {
			rows = append(rows, lease{ID: dead.ID, Kind: kindUnswept, RunID: dead.RunID, Tables: missing, Since: dead.Since})
		}
		return rows, nil
	})
}

// sweepTable removes what a dead run left of a table that exists. A fence first: an empty snapshot, so that no commit that the
// run had ready can land any more, should it only have slept.
func (l *Lakehouse) sweepTable(ctx context.Context, runID string, ident addr.Ident, dead string) (there bool, err error) {
	t, err := l.Table(ctx, ident)
	if errors.Is(err, ErrNotFound) {
		return l.sweepDropped(ctx, ident)
	}
	if err != nil {
		return true, err
	}
	path, err := pathOf(t.Location)
	if err != nil {
		return true, err
	}
	unmark(path)
	left, err := l.leftOver(ctx, ident, path, dead)
	if err != nil || len(left) == 0 {
		return true, errors.Join(err, removeEmpty(stageFolder(path, dead)))
	}
	if err := l.fence(ctx, runID, dead, t, everySnapshot); err != nil {
		return true, err
	}
	failpoint.Hit(failpoint.SweepFenced)
	return true, errors.Join(l.removeUnnamed(ctx, ident, left), removeEmpty(stageFolder(path, dead)))
}

// removeUnnamed removes what the table still doesn't name behind its fence: nothing that was there before can be named any more.
func (l *Lakehouse) removeUnnamed(ctx context.Context, ident addr.Ident, left []string) error {
	current, err := l.load(ctx, ident)
	if err != nil {
		return err
	}
	if left, err = current.without(left); err != nil {
		return err
	}
	return removeAll(left)
}

// fence commits an empty snapshot that carries the recorded state on. Its files are named by the run that is swept: should this
// one die before they are the table's, whoever sweeps that run again finds them.
func (l *Lakehouse) fence(ctx context.Context, runID, swept string, t *Table, keep int) error {
	for attempt := 0; ; attempt++ {
		c := t.carry(ModeFence, runID)
		c.writer = swept
		_, err := l.commit(ctx, c, keep)
		var conflict *ConflictError
		if !errors.As(err, &conflict) {
			return err
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
		if t, err = l.Table(ctx, t.Ident); err != nil {
			return err
		}
	}
}

// carry is an empty commit that passes on what is recorded.
func (t *Table) carry(mode, runID string) Change {
	s := t.Summary
	s.CommitID, s.Mode, s.At = uuid.NewString(), mode, time.Time{}
	if t.StateAt == 0 {
		s.RunID = runID
	}
	return Change{
		Ident: t.Ident, Base: t, Operation: Empty, Summary: s,
		Address: t.Address, Project: t.Project, Definition: t.Definition, MetaHash: t.MetaHash,
	}
}

func removeAll(paths []string) error {
	for _, path := range paths {
		failpoint.Hit(failpoint.SweepRemove)
		if err := ignoreMissing(os.Remove(path)); err != nil {
			return err
		}
	}
	return nil
}

// removeEmpty removes a folder, and those in it, as far as nothing is left in them.
func removeEmpty(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return ignoreMissing(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := removeEmpty(filepath.Join(folder, e.Name())); err != nil {
				return err
			}
		}
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		return ignoreMissing(err)
	}
	return ignoreMissing(os.Remove(folder))
}
