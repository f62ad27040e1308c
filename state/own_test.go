package state

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/automic-etl/etl/state/failpoint"
)

// Who dies between a commit and the removal of what it made superfluous leaves files of others: old metadata, and what belongs to
// expired snapshots.
func TestKilledBeforeCleaning(t *testing.T) {
	for _, nth := range []int{1, 3} { // a commit of etl.leases, and one of a table
		t.Run(fmt.Sprint(nth), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			l := openIn(t, dir)
			for n := range int64(20) {
				must(t, applyAll(t.Context(), l, n+1))
			}
			for tableNow(t, l, leases().ident).Snapshots < keptSnapshots {
				must(t, l.post(t.Context(), "run-busy", func(rows []lease) ([]lease, error) { return rows, nil }))
			}
			if !killed(t, otherProcess(t, fmt.Sprintf("%s:%d", failpoint.CommitSwapAfter, nth), "apply", dir, "21")) {
				t.Fatal("the process never came by")
			}
			recovered(t, dir, "", 22)
		})
	}
}

// A run that is about to claim has no lease yet, so that a sweep of etl's own tables takes its files: it makes its commit anew.
func TestSweptWhileClaiming(t *testing.T) {
	for _, point := range []string{failpoint.CommitBefore, failpoint.CommitManifestsAfter, failpoint.CommitMetadataAfter} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			l := openIn(t, dir)
			must(t, applyAll(t.Context(), l, 3))
			sleeper := otherProcess(t, "stop:"+point, "apply", dir, "5")
			must(t, sleeper.Start())
			waitStopped(t, sleeper.Process.Pid)
			must(t, applyAll(t.Context(), l, 4))
			noStrays(t, l, leases().ident)
			must(t, sleeper.Process.Signal(syscall.SIGCONT))
			if err := sleeper.Wait(); err != nil {
				t.Errorf("the sleeper's claim: %v", err)
			}
			recovered(t, dir, "", 5)
		})
	}
}

// Files of others in etl's own tables are none of ours, whatever they are.
func TestForeignFilesStay(t *testing.T) {
	l := openIn(t, t.TempDir())
	must(t, applyAll(t.Context(), l, 2))
	folder := filepath.Join(l.options.Warehouse, "etl", "runs")
	foreign := []string{filepath.Join(folder, "metadata", "version-hint.text"), filepath.Join(folder, "metadata", "m0.avro")}
	for _, path := range foreign {
		must(t, writeDurably(path, []byte("1")))
	}
	must(t, l.sweepOwn(t.Context(), "run-2", thorough))
	for _, path := range foreign {
		if !exists(path) {
			t.Errorf("%s is gone", path)
		}
	}
}
