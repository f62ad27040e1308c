package state

import (
	"context"
	"slices"
)

// Prepared is what runs that ended may have made at sources without a commit that tells of it, as they claimed it, sorted. There is
// nothing as long as another run than the one that asks is at work and prepares sources: it may take over what it finds.
func (l *Lakehouse) Prepared(ctx context.Context, runID string) ([]string, error) {
	_, rows, err := l.board(ctx)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, r := range rows {
		switch {
		case r.RunID == runID:
		case r.Kind == kindHeld && len(r.Prepares) > 0 && !r.process().gone():
			return nil, nil
		default:
			all = append(all, r.Prepares...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// Forget takes what is no longer at the sources, or is told of by commits, off the board.
func (l *Lakehouse) Forget(ctx context.Context, runID string, prepared []string) error {
	if len(prepared) == 0 {
		return nil
	}
	return l.post(ctx, runID, func(rows []lease) ([]lease, error) { return forgotten(rows, prepared), nil })
}

func forgotten(rows []lease, prepared []string) []lease {
	for i := range rows {
		if rows[i].Kind == kindPrepared {
			rows[i].Prepares = slices.DeleteFunc(rows[i].Prepares, func(p string) bool { return slices.Contains(prepared, p) })
		}
	}
	return slices.DeleteFunc(rows, func(r lease) bool { return r.Kind == kindPrepared && len(r.Prepares) == 0 })
}

// leaving remembers what a run leaves at sources.
func leaving(rows []lease, run lease, prepared []string) []lease {
	known := func(p string) bool {
		return slices.ContainsFunc(rows, func(r lease) bool { return r.Kind == kindPrepared && slices.Contains(r.Prepares, p) })
	}
	left := slices.DeleteFunc(slices.Clone(prepared), known)
	if len(left) == 0 {
		return rows
	}
	return append(rows, lease{ID: run.ID, Kind: kindPrepared, RunID: run.RunID, Prepares: left, Since: run.Since})
}

// Leaves says, before the lease is released, what the run made at sources without a commit that tells of it, and what of its own
// or of earlier runs its commits tell of.
func (c *Lease) Leaves(left, told []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left, c.told = left, told
}
