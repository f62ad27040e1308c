package test

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/automic-etl/etl/state/failpoint"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// uninterrupted is what the pipeline holds after some files, applied one after the other without a disturbance.
func uninterrupted(t *testing.T, files int) string {
	t.Helper()
	p := newProject(t)
	for n := range files {
		p.arrive(n)
		p.must(0, "apply", "-auto-approve")
	}
	want := p.rows()
	p.settled(want)
	return want
}

// points are all failpoints; with -short every fifth.
func points() []string {
	all := failpoint.All()
	if !testing.Short() {
		return all
	}
	var some []string
	for i := 0; i < len(all); i += 5 {
		some = append(some, all[i])
	}
	return some
}

// TestKilledAtEachPoint kills apply before and after each of its steps, while it creates tables and while it refreshes
// them. The next apply must bring about what an uninterrupted one would have.
func TestKilledAtEachPoint(t *testing.T) {
	created, refreshed := uninterrupted(t, 1), uninterrupted(t, 2)
	hit := map[string]bool{}
	for _, point := range points() {
		t.Run(point, func(t *testing.T) {
			p := newProject(t)
			p.arrive(0)
			hit[point] = p.killedAt(point) || hit[point]
			p.must(0, "apply", "-auto-approve")
			p.settled(created)
			p.arrive(1)
			hit[point] = p.killedAt(point+":2") || hit[point]
			p.must(0, "apply", "-auto-approve")
			p.settled(refreshed)
		})
	}
	for _, point := range points() {
		if !hit[point] && !elsewhere(point) {
			t.Errorf("no apply ever came to the failpoint %s", point)
		}
	}
}

// elsewhere tells the points that an apply of creates and refreshes doesn't pass; other tests have them.
func elsewhere(point string) bool {
	kind, _, _ := strings.Cut(point, ".")
	return kind == "sweep" || kind == "drop" || kind == "rollback" || strings.HasPrefix(point, "lease.beat.")
}

// killedAt runs an apply, or another command, that kills itself at a point, and tells whether it came there.
func (p *project) killedAt(point string, args ...string) bool {
	p.t.Helper()
	if len(args) == 0 {
		args = []string{"apply", "-auto-approve"}
	}
	code, output := p.etl([]string{failpoint.Variable + "=" + point}, args...)
	if code > 0 {
		p.t.Fatalf("etl %s failed instead of being killed at %s:\n%s", strings.Join(args, " "), point, output)
	}
	orphans(p.t)
	return code < 0
}

// TestKilledInTheSweep kills the apply that sweeps up after a killed one.
func TestKilledInTheSweep(t *testing.T) {
	want := uninterrupted(t, 2)
	for _, point := range points() {
		if !strings.HasPrefix(point, "sweep.") && !strings.HasPrefix(point, "lease.") {
			continue
		}
		t.Run(point, func(t *testing.T) {
			p := newProject(t)
			p.arrive(0)
			p.must(0, "apply", "-auto-approve")
			p.arrive(1)
			if !p.killedAt(failpoint.WriteAfter) {
				t.Fatal("the first apply was not killed")
			}
			p.killedAt(point)
			p.must(0, "apply", "-auto-approve")
			p.settled(want)
		})
	}
}

// TestKilledInTheDrop kills an apply that drops a table: the next one finishes it, and no file is left.
func TestKilledInTheDrop(t *testing.T) {
	for _, point := range points() {
		if !strings.HasPrefix(point, "drop.") {
			continue
		}
		t.Run(point, func(t *testing.T) {
			p := newProject(t)
			p.arrive(0)
			p.must(0, "apply", "-auto-approve")
			before, _, _ := strings.Cut(pipeline, `table "gold"`)
			p.write("shop.etl.hcl", before)
			if !p.killedAt(point) {
				t.Errorf("no drop came to the failpoint %s", point)
			}
			p.must(0, "apply", "-auto-approve")
			p.must(0, "plan", "-detailed-exitcode")
			p.must(1, "query", "SELECT * FROM gold.sales")
			left, err := filepath.Glob(filepath.Join(p.dir, "warehouse", "gold", "sales*", "*", "*"))
			if err != nil || len(left) > 0 {
				t.Errorf("files are left of the dropped table: %v %v", left, err)
			}
			// The name is free: the same table can come back.
			p.write("shop.etl.hcl", pipeline)
			p.must(0, "apply", "-auto-approve")
			p.settled(uninterrupted(t, 1))
		})
	}
}

// TestKilledInTheRollback kills a rollback: it has happened or it hasn't, and the next apply moves forward again.
func TestKilledInTheRollback(t *testing.T) {
	want := uninterrupted(t, 2)
	for _, point := range points() {
		if !strings.HasPrefix(point, "rollback.") {
			continue
		}
		t.Run(point, func(t *testing.T) {
			p := newProject(t)
			p.arrive(0)
			p.must(0, "apply", "-auto-approve")
			first := regexp.MustCompile(`"snapshot": ?"?([0-9]+)`).FindStringSubmatch(p.must(0, "history", "table.bronze.orders", "-format=json"))
			if first == nil {
				t.Fatal("the history names no snapshot")
			}
			p.arrive(1)
			p.must(0, "apply", "-auto-approve")
			if !p.killedAt(point, "rollback", "table.bronze.orders", "-to="+first[1], "-auto-approve") {
				t.Errorf("no rollback came to the failpoint %s", point)
			}
			p.must(0, "apply", "-auto-approve")
			p.settled(want)
		})
	}
}

// TestKilledAtRandom kills applies at random moments, one after the other on one lakehouse, files arriving all the while.
func TestKilledAtRandom(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	p := newProject(t)
	p.arrive(0)
	began := time.Now()
	p.must(0, "apply", "-auto-approve")
	whole := time.Since(began)
	seed := uint64(began.UnixNano())
	dice := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d; an apply takes about %s", seed, whole)
	for n := 1; n <= rounds; n++ {
		p.arrive(n)
		command := p.command(nil, "apply", "-auto-approve")
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(dice.Int64N(int64(whole * 5 / 4))))
		if err := command.Process.Kill(); err != nil && command.ProcessState == nil {
			t.Log(err)
		}
		_ = command.Wait() // killed, or done before
	}
	orphans(t)
	p.must(0, "apply", "-auto-approve")
	p.settled(allAtOnce(t, rounds+1))
}

// allAtOnce is what the pipeline holds when files arrive together: the same rows as one after the other.
func allAtOnce(t *testing.T, files int) string {
	t.Helper()
	p := newProject(t)
	for n := range files {
		p.arrive(n)
	}
	p.must(0, "apply", "-auto-approve")
	return p.rows()
}

// background is an apply that goes on while the test does something else.
type background struct {
	*exec.Cmd
	output bytes.Buffer
}

func (p *project) start(environment ...string) *background {
	p.t.Helper()
	b := &background{Cmd: p.command(environment, "apply", "-auto-approve")}
	b.Stdout, b.Stderr = &b.output, &b.output
	if err := b.Start(); err != nil {
		p.t.Fatal(err)
	}
	return b
}

// stopped waits until a process has stopped itself at a failpoint.
func (b *background) stopped(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(b.Process.Pid, &status, syscall.WUNTRACED|syscall.WNOHANG, nil)
		if err == nil && pid == b.Process.Pid {
			if status.Stopped() {
				return
			}
			t.Fatalf("apply ended with %d instead of stopping:\n%s", status.ExitStatus(), b.output.String())
		}
	}
	t.Fatal("apply never came to the failpoint")
}

// goOn continues a stopped process and gives its exit code.
func (b *background) goOn(t *testing.T) int {
	t.Helper()
	if err := b.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	_ = b.Wait() // the code is what counts
	return b.ProcessState.ExitCode()
}

// TestStoppedAndSwept stops an apply for longer than its lease lives. Another run takes over, and when the first wakes up
// it finds its lease lost and harms nothing.
func TestStoppedAndSwept(t *testing.T) {
	want := uninterrupted(t, 2)
	ttl := "ETL_LEASE_TTL=1s"
	for _, point := range []string{failpoint.ApplyClaimed, failpoint.WriteAfter, failpoint.CommitBefore, failpoint.CommitManifestsAfter, failpoint.CommitSwapAfter} {
		t.Run(point, func(t *testing.T) {
			p := newProject(t)
			p.arrive(0)
			p.must(0, "apply", "-auto-approve")
			p.arrive(1)
			sleeper := p.start(ttl, failpoint.Variable+"=stop:"+point)
			sleeper.stopped(t)
			if code, output := p.etl([]string{ttl}, "apply", "-auto-approve", "-lock-timeout=30s"); code != 0 {
				t.Errorf("the other run ended with %d:\n%s", code, output)
			}
			p.must(0, "plan", "-detailed-exitcode")
			if code := sleeper.goOn(t); strings.Contains(sleeper.output.String(), "goroutine ") {
				t.Errorf("the first run ended with %d:\n%s", code, sleeper.output.String())
			}
			orphans(t)
			p.must(0, "apply", "-auto-approve")
			p.settled(want)
		})
	}
}

// TestTwoAtOnce runs two applies on one project: one works, the other says who holds what.
func TestTwoAtOnce(t *testing.T) {
	p := newProject(t)
	p.arrive(0)
	p.must(0, "apply", "-auto-approve")
	p.arrive(1)
	first := p.start(failpoint.Variable + "=stop:" + failpoint.ApplyClaimed)
	first.stopped(t)
	code, output := p.etl(nil, "apply", "-auto-approve")
	if code != 1 {
		t.Errorf("the second apply ended with %d:\n%s", code, output)
	}
	for _, want := range []string{"bronze.orders", "etl apply", "etl state locks"} {
		if !strings.Contains(output, want) {
			t.Errorf("the second apply doesn't say %q:\n%s", want, output)
		}
	}
	if code := first.goOn(t); code != 0 {
		t.Errorf("the first apply ended with %d:\n%s", code, first.output.String())
	}
	p.settled(uninterrupted(t, 2))
}

// TestInterrupted sends what Ctrl-C sends: the commit in hand is finished or rolled back, and the next apply goes on.
func TestInterrupted(t *testing.T) {
	p := newProject(t)
	p.arrive(0)
	run := p.start(failpoint.Variable + "=stop:" + failpoint.CommitManifestsAfter)
	run.stopped(t)
	if err := run.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := run.goOn(t); code != 130 {
		t.Errorf("interrupted, apply ended with %d:\n%s", code, run.output.String())
	}
	orphans(t)
	p.must(0, "apply", "-auto-approve")
	p.settled(uninterrupted(t, 1))
}
