package state

import (
	"slices"
	"testing"
)

// TestPrepared tells what a run left at sources, however it ended, until a commit tells of it or it is gone.
func TestPrepared(t *testing.T) {
	l := openIn(t, t.TempDir())
	check := func(when, runID string, want ...string) {
		t.Helper()
		got, err := l.Prepared(t.Context(), runID)
		must(t, err)
		if !slices.Equal(got, want) {
			t.Errorf("%s there is %q instead of %q", when, got, want)
		}
	}
	claims := func(run string, prepares ...string) *Lease {
		t.Helper()
		c := claim(run, orders)
		c.Prepares = prepares
		lease, err := l.Claim(t.Context(), c)
		must(t, err)
		return lease
	}
	check("at first", "")
	held := claims("run-a", "one", "two", "three")
	check("while the run is at work", "")
	held.Leaves([]string{"two", "one"}, []string{"three"})
	must(t, held.Release(t.Context()))
	check("after a run that failed", "", "one", "two")

	held = claims("run-b", "one")
	check("while the next run is at work", "")
	check("for the run itself", "run-b", "one", "two")
	held.Leaves([]string{"one"}, []string{"two"})
	must(t, held.Release(t.Context()))
	check("after the next run", "", "one")

	dead := claims("run-c", "four")
	must(t, l.Unlock(t.Context(), dead.ID()))
	check("after a death", "", "four", "one")
	must(t, l.Forget(t.Context(), "run-d", []string{"four"}))
	check("after something is gone", "", "one")
	must(t, l.Forget(t.Context(), "run-e", []string{"one"}))
	check("in the end", "")
	_, rows, err := l.board(t.Context())
	if err != nil || slices.ContainsFunc(rows, func(r lease) bool { return r.Kind == kindPrepared }) {
		t.Errorf("the board is %+v, %v", rows, err)
	}
}
