package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/state/failpoint"
)

func claim(run string, tables ...addr.Ident) Claim {
	return Claim{RunID: run, Tables: tables, Command: "etl apply"}
}

func TestLeases(t *testing.T) {
	l := openIn(t, t.TempDir())
	ctx := t.Context()
	other := addr.Ident{Namespace: "silver", Name: "other"}
	first := claim("run-a", orders)
	first.PlanID, first.Inputs = "plan-1", []addr.Ident{other}
	a, err := l.Claim(ctx, first)
	must(t, err)
	_, err = l.Claim(ctx, claim("run-b", other, orders))
	var held *HeldError
	if !errors.As(err, &held) || len(held.Holders) != 1 || held.Holders[0].RunID != "run-a" || held.Holders[0].PID != os.Getpid() || !held.Holders[0].Alive {
		t.Fatalf("an overlapping claim said %v", err)
	}
	if !strings.Contains(err.Error(), "silver.orders") || !strings.Contains(err.Error(), "run run-a, `etl apply`") {
		t.Fatalf("the message is %v", err)
	}
	b, err := l.Claim(ctx, claim("run-b", other)) // read by the first: in nobody's way
	must(t, err)
	locks, err := l.Locks(ctx)
	must(t, err)
	if len(locks) != 2 || locks[0].PlanID != "plan-1" || locks[0].Inputs[0] != other {
		t.Fatalf("locks are %+v", locks)
	}
	must(t, a.Check(ctx))
	must(t, a.Release(ctx))
	again := claim("run-c", orders)
	again.PlanID = "plan-1"
	var used *PlanUsedError
	if _, err = l.Claim(ctx, again); !errors.As(err, &used) || used.RunID != "run-a" {
		t.Fatalf("a second claim of a plan said %v", err)
	}
	must(t, b.Release(ctx))
	if locks, err = l.Locks(ctx); err != nil || len(locks) != 0 {
		t.Fatalf("locks are %v, %v", locks, err)
	}
	var lost *LostError
	if err := b.Release(ctx); !errors.As(err, &lost) {
		t.Fatalf("releasing twice said %v", err)
	}
}

func TestUsedPlansAreForgottenInTime(t *testing.T) {
	rows := []lease{{ID: "x", Kind: kindHeld, PlanID: "new"}}
	for i := range rememberedPlans {
		rows = append(rows, lease{ID: fmt.Sprint(i), Kind: kindUsed, PlanID: fmt.Sprint(i)})
	}
	rows = append(rows, lease{ID: "other", Kind: kindHeld})
	left := retired(rows, 0)
	if len(left) != rememberedPlans+1 || left[0].PlanID != "1" || left[len(left)-1].PlanID != "new" {
		t.Fatalf("%d rows are left, from %q to %q", len(left), left[0].PlanID, left[len(left)-1].PlanID)
	}
}

func TestClaimWaitsItsTurn(t *testing.T) {
	l := openIn(t, t.TempDir())
	a, err := l.Claim(t.Context(), claim("run-a", orders))
	must(t, err)
	done := make(chan error, 1)
	go func() {
		c := claim("run-b", orders)
		c.Wait = time.Minute
		_, err := l.Claim(t.Context(), c)
		done <- err
	}()
	must(t, a.Release(t.Context()))
	must(t, <-done)
}

// The counter decides where the process can't be seen, without any clock but the waiter's own.
func TestStillCounterIsDeath(t *testing.T) {
	dir := t.TempDir()
	o := optionsIn(dir)
	o.LeaseTTL = 2 * time.Second // long enough for a living run to beat on a busy machine
	l, err := Open(t.Context(), o)
	must(t, err)
	defer l.Close()
	elsewhere := l.host
	l.host.Host, l.host.Start = "elsewhere", "another boot 1"
	silent, err := l.Claim(t.Context(), claim("run-silent", orders))
	must(t, err)
	l.host = elsewhere
	c := claim("run-b", orders)
	if _, err := l.Claim(t.Context(), c); err == nil {
		t.Fatal("a lease that nobody has watched yet was taken for dead")
	}
	c.Wait = time.Minute
	b, err := l.Claim(t.Context(), c)
	must(t, err)
	// While a lease that beats is never taken for dead.
	b.Keep(t.Context())
	c = claim("run-c", orders)
	c.Wait = 2 * o.LeaseTTL
	var held *HeldError
	if _, err := l.Claim(t.Context(), c); !errors.As(err, &held) {
		t.Fatalf("the lease of a living run was taken: %v", err)
	}
	must(t, b.Release(t.Context()))
	var lost *LostError
	if err := silent.beat(t.Context()); !errors.As(err, &lost) {
		t.Fatalf("the seized lease says %v", err)
	}
	select {
	case <-silent.Lost():
	default:
		t.Fatal("the seized lease doesn't say that it is lost")
	}
}

// What a table that failed had staged goes with its run; what others staged or committed stays.
func TestReleaseTidiesUp(t *testing.T) {
	l := openIn(t, t.TempDir())
	base := seed(t, l, 1)
	missing := addr.Ident{Namespace: "silver", Name: "missing"}
	a, err := l.Claim(t.Context(), claim("run-a", orders, missing))
	must(t, err)
	good := stageFor(t, l, orders, "run-a", base, base.Columns, 2)
	c := change(base, base.Columns, Append, good)
	c.Summary.RunID = "run-a"
	commit(t, l, c)
	bad := stageFor(t, l, orders, "run-a", base, base.Columns, 3)
	others := stageFor(t, l, orders, "run-b", base, base.Columns, 4)
	never := stageFor(t, l, missing, "run-a", nil, base.Columns, 5)
	must(t, a.Release(t.Context()))
	for path, want := range map[string]bool{good.Path: true, bad.Path: false, others.Path: true, never.Path: false} {
		if exists(path) != want {
			t.Errorf("%s is there: %v", path, !want)
		}
	}
}

func TestUnlock(t *testing.T) {
	l := openIn(t, t.TempDir())
	a, err := l.Claim(t.Context(), claim("run-a", orders))
	must(t, err)
	must(t, l.Unlock(t.Context(), a.ID()))
	var lost *LostError
	if err := a.Release(t.Context()); !errors.As(err, &lost) {
		t.Fatalf("the unlocked lease says %v", err)
	}
	if err := l.Unlock(t.Context(), a.ID()); !errors.Is(err, ErrNotFound) {
		t.Fatalf("unlocking twice said %v", err)
	}
}

// points are those that the `apply` helper passes: it audits, drops, rolls back and sweeps nothing.
func points() []string {
	return slices.DeleteFunc(failpoint.All(), func(point string) bool {
		family, _, _ := strings.Cut(point, ".")
		return slices.Contains([]string{"audit", "drop", "rollback", "sweep"}, family)
	})
}

func TestKilledAnywhereThenAppliedAgain(t *testing.T) {
	for _, point := range points() {
		times := []int{1}
		if strings.HasPrefix(point, "commit.") {
			times = []int{1, 2, 3} // the first two are of etl.leases, the third of a table
		}
		for _, nth := range times {
			t.Run(fmt.Sprintf("%s:%d", point, nth), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				died := killed(t, otherProcess(t, fmt.Sprintf("%s:%d", point, nth), "apply", dir, "5"))
				if nth == 1 && !died {
					t.Fatal("the process never came by")
				}
				recovered(t, dir, "", 5)
				// And once more on tables that exist.
				killed(t, otherProcess(t, fmt.Sprintf("%s:%d", point, nth), "apply", dir, "9"))
				recovered(t, dir, "", 9)
			})
		}
	}
}

func TestKilledWhileSweeping(t *testing.T) {
	for _, existing := range []string{"1", ""} {
		for _, point := range []string{failpoint.SweepSeized, failpoint.SweepFenced, failpoint.SweepRemove, failpoint.SweepAfter, failpoint.CommitSwapAfter} {
			t.Run(point+existing, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				if existing != "" {
					must(t, otherProcess(t, "", "apply", dir, existing).Run())
				}
				if !killed(t, otherProcess(t, failpoint.WriteAfter, "apply", dir, "5")) {
					t.Fatal("the process never came by")
				}
				killed(t, otherProcess(t, point, "apply", dir, "5"))
				killed(t, otherProcess(t, point, "apply", dir, "5"))
				recovered(t, dir, "", 5)
			})
		}
	}
}

// Who sweeps what a dead run left commits before its own claim does: fences of the tables, and what it says on the board.
// Killed in any of these commits, before or after its files are written, it leaves nothing either.
func TestKilledWhileClaimingBehindASweep(t *testing.T) {
	for _, point := range []string{failpoint.CommitBefore, failpoint.CommitManifestsAfter, failpoint.CommitMetadataAfter} {
		for nth := 1; nth <= 12; nth++ {
			at := fmt.Sprintf("%s:%d", point, nth)
			t.Run(at, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				must(t, otherProcess(t, "", "apply", dir, "1").Run())
				if !killed(t, otherProcess(t, failpoint.WriteAfter, "apply", dir, "5")) {
					t.Fatal("the process never came by")
				}
				if !killed(t, otherProcess(t, at, "apply", dir, "5")) && nth <= 5 {
					t.Fatal("the process never came by")
				}
				recovered(t, dir, "", 5)
			})
		}
	}
}

// recovered applies again, and checks that nothing is lost, doubled, locked or left lying about.
func recovered(t *testing.T, dir, point string, n int64) {
	t.Helper()
	must(t, otherProcess(t, point, "apply", dir, fmt.Sprint(n)).Run())
	o := optionsIn(dir)
	o.ReadOnly = true
	l, err := Open(t.Context(), o)
	must(t, err)
	defer l.Close()
	var want []int64
	for id := range n {
		want = append(want, id+1)
	}
	for _, ident := range appliedTables() {
		table, err := l.Table(t.Context(), ident)
		must(t, err)
		sameIDs(t, idsIn(t, l, table, table.Main), want...)
	}
	for _, ident := range append(appliedTables(), ownTables()...) {
		noStrays(t, l, ident)
	}
	locks, err := l.Locks(t.Context())
	must(t, err)
	if len(locks) > 0 {
		t.Fatalf("leases are left: %+v", locks)
	}
	everyRunOnce(t, l)
}

func everyRunOnce(t *testing.T, l *Lakehouse) {
	t.Helper()
	recorded, err := l.Runs(t.Context(), 0)
	must(t, err)
	times := map[string]int{}
	for _, r := range recorded {
		if times[r.ID]++; times[r.ID] > 1 {
			t.Fatalf("run %s is recorded twice", r.ID)
		}
	}
	for _, ident := range appliedTables() {
		history, err := l.History(t.Context(), ident)
		must(t, err)
		for _, s := range history {
			if times[s.Summary.RunID] == 0 {
				t.Fatalf("run %s made snapshot %d of %s, but isn't recorded", s.Summary.RunID, s.ID, ident)
			}
		}
	}
}

// noStrays checks that the table's files are those that it names.
func noStrays(t *testing.T, l *Lakehouse, ident addr.Ident) {
	t.Helper()
	current, err := l.load(context.Background(), ident)
	must(t, err)
	named, err := reachable(current.meta.Snapshots())
	must(t, err)
	root := filepath.Join(l.options.Warehouse, ident.Namespace, ident.Name)
	for _, location := range current.log() {
		named[mustPath(location)] = true
	}
	for _, pattern := range []string{"data/*/*", "metadata/*.avro", "metadata/*.json", "metadata/etl/part-*"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		must(t, err)
		for _, path := range found {
			if !named[path] {
				t.Errorf("%s is left lying about", path)
			}
		}
	}
}

// A run that slept past its time-to-live finds its files swept and its commit refused; the table stays right.
func TestStoppedPastItsTimeToLive(t *testing.T) {
	for _, point := range []string{failpoint.WriteAfter, failpoint.CommitMetadataAfter + ":2", failpoint.CommitManifestsAfter + ":2"} {
		for _, existing := range []string{"1", ""} {
			t.Run(point+existing, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				if existing != "" {
					must(t, otherProcess(t, "", "apply", dir, existing).Run())
				}
				sleeper := otherProcess(t, "stop:"+point, "apply", dir, "4")
				// Long enough that no beat in the background is stopped amid its swap, which would keep SQLite locked.
				sleeper.Env = append(sleeper.Env, leaseTTLEnv+"=10s")
				sleeper.Stderr = nil
				must(t, sleeper.Start())
				waitStopped(t, sleeper.Process.Pid)
				o := optionsIn(dir)
				o.LeaseTTL = 500 * time.Millisecond
				l, err := Open(t.Context(), o)
				must(t, err)
				defer l.Close()
				c := claim("run-next", appliedTables()...)
				c.Wait = time.Minute
				lease, err := l.Claim(t.Context(), c)
				must(t, err)
				lease.Keep(t.Context())
				for _, ident := range appliedTables() {
					must(t, applyTable(t.Context(), l, lease, "run-next", ident, 6))
				}
				must(t, sleeper.Process.Signal(syscall.SIGCONT))
				if err := sleeper.Wait(); err == nil {
					t.Error("the run that slept thinks that it published")
				}
				must(t, l.RecordRun(t.Context(), Run{ID: "run-next", Outcome: "done"}, nil))
				must(t, lease.Release(t.Context()))
				recovered(t, dir, "", 6)
			})
		}
	}
}

func waitStopped(t *testing.T, pid int) {
	t.Helper()
	for range 500 {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		must(t, err)
		if strings.Contains(string(stat), ") T ") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the process didn't stop")
}

// A run that died after its last commit leaves nothing to do but its lease.
func TestSweepDead(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	living, err := l.Claim(t.Context(), claim("run-living", addr.Ident{Namespace: "gold", Name: "other"}))
	must(t, err)
	if !killed(t, otherProcess(t, failpoint.ApplyDone, "apply", dir, "5")) && !killed(t, otherProcess(t, failpoint.LeaseReleaseBefore, "apply", dir, "5")) {
		t.Fatal("the process never came by")
	}
	must(t, l.SweepDead(t.Context()))
	before := tableNow(t, l, leases().ident)
	must(t, l.SweepDead(t.Context()))
	if now := tableNow(t, l, leases().ident); now.Main != before.Main {
		t.Error("with nothing to sweep it has written")
	}
	locks, err := l.Locks(t.Context())
	must(t, err)
	if len(locks) != 1 || locks[0].ID != living.ID() {
		t.Fatalf("the leases are %+v", locks)
	}
	must(t, living.Release(t.Context()))
}

func tableNow(t *testing.T, l *Lakehouse, ident addr.Ident) *Table {
	t.Helper()
	table, err := l.Table(t.Context(), ident)
	must(t, err)
	return table
}
