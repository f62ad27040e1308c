package crash

import (
	"syscall"
	"testing"
	"time"

	"github.com/automic-etl/etl/state/failpoint"
	"github.com/automic-etl/etl/test/crash/lab"
)

// TestTwoAtOnce holds one apply in the middle: a second says who holds what and writes nothing, a third waits in turn.
func TestTwoAtOnce(t *testing.T) {
	l, want := disturbed(t)
	first := l.Start(t, []string{failpoint.Variable + "=stop:" + failpoint.WriteAfter}, "apply", "-auto-approve")
	lab.Eventually(t, "the first apply stops", func() bool { return lab.Stopped(first.PID()) })
	before := l.Digest(t)
	lab.Eventually(t, "its providers have nothing more to write", func() bool {
		last := before
		time.Sleep(time.Second)
		before = l.Digest(t)
		return lab.Difference(before, last) == ""
	})
	second := l.Run(t, "apply", "-auto-approve")
	second.Check(t, 1, "apply")
	if !second.Says("Tables are in use by another run", "bronze.orders", "`etl apply`", "-lock-timeout") {
		t.Errorf("the second apply doesn't say who holds what:\n%s", second.Output())
	}
	if second.Says("Plan:") || second.Says("__quarantine") {
		t.Errorf("the second apply shows a plan that it can't do, or quarantines that nobody made:\n%s", second.Output())
	}
	if diff := lab.Difference(l.Digest(t), before); diff != "" {
		t.Errorf("the second apply has written:\n%s", diff)
	}
	if l.Locks(t) == "" {
		t.Error("`etl state locks` doesn't show the lease of the first apply")
	}
	third := l.Start(t, nil, "apply", "-auto-approve", "-lock-timeout=2m")
	first.Signal(t, syscall.SIGCONT)
	first.Wait(t).Check(t, 0, "apply")
	// What it planned the first has done meanwhile: then its plan is stale, and it says so instead of doing it twice.
	if r := third.Wait(t); r.Code != 0 && !r.Says("The plan is stale") {
		t.Errorf("the third apply neither worked nor said why not:\n%s", r.Output())
	}
	l.Must(t, 0, "apply", "-auto-approve")
	settled(t, l, want)
}

// TestWaitsForOtherTables: an apply that waits for a lease goes on once it is free, if what it planned is still true.
func TestWaitsForOtherTables(t *testing.T) {
	l, want := disturbed(t)
	stop := failpoint.Variable + "=stop:" + failpoint.ApplyClaimed
	first := l.Start(t, []string{stop}, "apply", "-auto-approve")
	lab.Eventually(t, "the first apply stops", func() bool { return lab.Stopped(first.PID()) })
	waiting := l.Start(t, nil, "apply", "-auto-approve", "-lock-timeout=2m")
	lab.Eventually(t, "the second apply has its plan", func() bool { return len(l.Processes()) >= 2 })
	first.Signal(t, syscall.SIGKILL)
	first.Wait(t)
	waiting.Wait(t).Check(t, 0, "apply -lock-timeout")
	settled(t, l, want)
}

// TestInterrupted presses Ctrl-C once at several points of an apply: it ends with 130, leaves nothing behind, and the next
// apply completes.
func TestInterrupted(t *testing.T) {
	l, want := disturbed(t)
	for _, point := range []string{failpoint.ApplyClaimed, failpoint.WriteBefore + ":2", failpoint.CommitManifestsAfter + ":3", failpoint.ApplyDone} {
		for _, times := range []int{1, 2} {
			t.Run(point+"/"+[]string{"", "once", "twice"}[times], func(t *testing.T) {
				l.Restore(t, "news")
				run := l.Start(t, []string{failpoint.Variable + "=stop:" + point}, "apply", "-auto-approve")
				lab.Eventually(t, "the apply stops", func() bool { return lab.Stopped(run.PID()) || run.Ended() })
				for i := range times {
					if i > 0 { // signals that wait are one: the first has to be seen
						run.Signal(t, syscall.SIGCONT)
						lab.Eventually(t, "it has seen the first", func() bool { return run.Stderr() != "" || run.Ended() })
					}
					run.Signal(t, syscall.SIGINT)
				}
				run.Signal(t, syscall.SIGCONT)
				run.Wait(t).Check(t, 130, "apply")
				l.NoOrphans(t)
				l.Must(t, 0, "apply", "-auto-approve")
				settled(t, l, want)
			})
		}
	}
}
