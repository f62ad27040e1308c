package state

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/state/failpoint"
)

// Lease is a run's claim to write its tables. Safety doesn't rest on it, but on commits being pinned; it saves work.
type Lease struct {
	lakehouse *Lakehouse
	row       lease
	lost      chan struct{}

	mu      sync.Mutex
	beaten  time.Time // monotonic
	failure error     // why it is lost
	unswept map[addr.Ident][]string
	left    []string // of what was to be prepared
	told    []string
	stop    context.CancelFunc
	stopped chan struct{}
}

// Claim takes the leases of a run on all its tables, in one commit. Leases of dead runs in the way are seized, and what those
// left is swept. HeldError says who else holds them once the wait is over.
func (l *Lakehouse) Claim(ctx context.Context, c Claim) (*Lease, error) {
	if err := l.writable(); err != nil {
		return nil, err
	}
	if !pathElement(c.RunID) {
		return nil, errors.New("claiming leases: the run has no id")
	}
	until := time.Now().Add(c.Wait)
	seen := observed{}
	for {
		claimed, err := l.tryClaim(ctx, c, seen)
		var dead *deadLease
		if errors.As(err, &dead) {
			if err := l.bury(ctx, dead.row); err != nil {
				return nil, err
			}
			continue
		}
		var held *HeldError
		if err == nil || !errors.As(err, &held) || !time.Now().Before(until) {
			return claimed, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(min(l.options.LeaseTTL/10, 500*time.Millisecond, time.Until(until)+time.Millisecond)):
		}
	}
}

// deadLease interrupts a claim to bury a dead run's lease first.
type deadLease struct{ row lease }

func (d *deadLease) Error() string { return "the lease of run " + d.row.RunID + " is dead" }

// observed remembers since when a lease's counter stands still, by this process's own clock.
type observed map[string]sighting

type sighting struct {
	beat  int64
	since time.Time
}

// dead reports whether a lease's run is dead: its process is gone, or its counter stood still for its time-to-live.
func (o observed) dead(r lease) bool {
	if r.process().gone() {
		return true
	}
	last, known := o[r.ID]
	if !known || last.beat != r.Beat {
		o[r.ID] = sighting{r.Beat, time.Now()}
		return false
	}
	return time.Since(last.since) >= time.Duration(r.TTL)*time.Millisecond
}

func (l *Lakehouse) tryClaim(ctx context.Context, c Claim, seen observed) (*Lease, error) {
	claimed := &Lease{
		lakehouse: l, lost: make(chan struct{}), unswept: map[addr.Ident][]string{}, row: lease{
			ID: uuid.NewString(), Kind: kindHeld, RunID: c.RunID, PlanID: c.PlanID, Command: c.Command, Host: l.host.Host,
			PID: int64(l.host.PID), ProcessStart: l.host.Start, User: l.host.User, TTL: l.options.LeaseTTL.Milliseconds(),
			Tables: namesOf(c.Tables), Inputs: namesOf(c.Inputs), Since: time.Now(), Prepares: c.Prepares,
		},
	}
	failpoint.Hit(failpoint.LeaseClaimBefore)
	started := time.Now()
	err := l.postAs(ctx, c.RunID, c.Lakehouse, func(rows []lease) ([]lease, error) {
		clear(claimed.unswept)
		if err := claimed.mayJoin(rows, seen); err != nil {
			return nil, err
		}
		return append(rows, claimed.row), nil
	})
	if err != nil {
		return nil, err
	}
	failpoint.Hit(failpoint.LeaseClaimAfter)
	claimed.beaten = started
	return claimed, claimed.sweepUnswept(ctx)
}

// mayJoin looks at the other leases: the plan must be new, and no live lease in the way.
func (c *Lease) mayJoin(rows []lease, seen observed) error {
	var held []Holder
	for _, r := range rows {
		if c.row.PlanID != "" && r.PlanID == c.row.PlanID && r.Kind != kindUnswept {
			return &PlanUsedError{PlanID: r.PlanID, RunID: r.RunID}
		}
		switch {
		case r.Kind == kindUnswept:
			c.takeUnswept(r)
		case r.Kind == kindHeld && seen.dead(r):
			return &deadLease{r}
		case r.Kind == kindHeld && r.overlaps(c.row.Tables):
			held = append(held, r.holder())
		}
	}
	if len(held) > 0 {
		return &HeldError{Holders: held}
	}
	return nil
}

// takeUnswept notes what a dead run left of tables that this run is going to create.
func (c *Lease) takeUnswept(r lease) {
	for _, name := range r.Tables {
		if slices.Contains(c.row.Tables, name) {
			ident := identsOf([]string{name})[0]
			c.unswept[ident] = append(c.unswept[ident], r.RunID)
		}
	}
}

// ID names the lease.
func (c *Lease) ID() string { return c.row.ID }

// Lost is closed when somebody else has taken the lease.
func (c *Lease) Lost() <-chan struct{} { return c.lost }

// Check is called before each commit, once its base is read: it beats if the last beat is older than a third of the
// time-to-live, and fails with a LostError if the lease is gone.
func (c *Lease) Check(ctx context.Context) error {
	c.mu.Lock()
	due := time.Since(c.beaten) > c.lakehouse.options.LeaseTTL/3
	failure := c.failure
	c.mu.Unlock()
	if failure != nil || !due {
		return failure
	}
	return c.beat(ctx)
}

// beat shows that the run lives.
func (c *Lease) beat(ctx context.Context) error {
	failpoint.Hit(failpoint.LeaseBeatBefore)
	started := time.Now()
	err := c.lakehouse.post(ctx, c.row.RunID, func(rows []lease) ([]lease, error) {
		at := slices.IndexFunc(rows, func(r lease) bool { return r.ID == c.row.ID })
		if at < 0 {
			return nil, c.lostTo(rows)
		}
		rows[at].Beat++
		return rows, nil
	})
	failpoint.Hit(failpoint.LeaseBeatAfter)
	c.mu.Lock()
	defer c.mu.Unlock()
	var lost *LostError
	switch {
	case err == nil:
		c.beaten = started
	case errors.As(err, &lost) && c.failure == nil:
		c.failure = err
		close(c.lost)
	}
	return err
}

func (c *Lease) lostTo(rows []lease) error {
	lost := &LostError{RunID: c.row.RunID}
	for _, r := range rows {
		if r.Kind == kindHeld && r.overlaps(c.row.Tables) {
			lost.By = r.RunID
		}
	}
	return lost
}

// Keep beats in the background, for computations that go long without a commit, until the lease is released or lost.
func (c *Lease) Keep(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stop != nil {
		stop()
		return
	}
	c.stop, c.stopped = stop, make(chan struct{})
	go c.keepBeating(ctx)
}

func (c *Lease) keepBeating(ctx context.Context) {
	defer close(c.stopped)
	ticker := time.NewTicker(c.lakehouse.options.LeaseTTL / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.lost:
			return
		case <-ticker.C:
		}
		// A beat that fails for another reason is tried again: the lease lives on for the rest of its time.
		if err := c.Check(ctx); err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "the run's leases can't be renewed", "run", c.row.RunID, "error", err)
		}
	}
}

// Release removes what the run staged and didn't commit, and what others left in etl's own tables, and gives the leases back; the
// plan stays used. A lost lease is reported, and only the run's own files are removed.
func (c *Lease) Release(ctx context.Context) error {
	c.mu.Lock()
	stop, stopped := c.stop, c.stopped
	c.mu.Unlock()
	if stop != nil {
		stop()
		<-stopped
	}
	if err := c.held(ctx); err != nil {
		return errors.Join(err, c.tidy(ctx))
	}
	swept, err := c.sweepAllCreated(ctx)
	if err != nil {
		return err
	}
	if err := c.tidy(ctx); err != nil {
		return err
	}
	if err := c.lakehouse.sweepOwn(ctx, c.row.RunID, suspects); err != nil {
		slog.WarnContext(ctx, "what dead runs left can't be removed; the next run tries again", "run", c.row.RunID, "error", err)
	}
	failpoint.Hit(failpoint.LeaseReleaseBefore)
	err = c.lakehouse.post(ctx, c.row.RunID, func(rows []lease) ([]lease, error) {
		at := slices.IndexFunc(rows, func(r lease) bool { return r.ID == c.row.ID })
		if at < 0 {
			return nil, c.lostTo(rows)
		}
		return leaving(forgotten(swept.from(retired(rows, at)), c.told), c.row, c.left), nil
	})
	failpoint.Hit(failpoint.LeaseReleaseAfter)
	return err
}

// held fails if the lease isn't ours any more.
func (c *Lease) held(ctx context.Context) error {
	_, rows, err := c.lakehouse.board(ctx)
	if err == nil && !slices.ContainsFunc(rows, func(r lease) bool { return r.ID == c.row.ID }) {
		return c.lostTo(rows)
	}
	return err
}

// retired takes a lease off the board; of its plan it is remembered that it was used.
func retired(rows []lease, at int) []lease {
	r := rows[at]
	rows = slices.Delete(rows, at, at+1)
	if r.PlanID == "" {
		return rows
	}
	rows = append(rows, lease{ID: r.ID, Kind: kindUsed, RunID: r.RunID, PlanID: r.PlanID, Since: r.Since})
	used := 0
	for i := len(rows) - 1; i >= 0; i-- {
		if rows[i].Kind != kindUsed {
			continue
		}
		if used++; used > rememberedPlans {
			rows = slices.Delete(rows, i, i+1)
		}
	}
	return rows
}
