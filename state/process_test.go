package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/state/failpoint"
)

// helperEnv makes the test binary run as another process of etl: `apply DIR N` or `append DIR FIRST N`.
const helperEnv = "ETL_STATE_HELPER"

func TestMain(m *testing.M) {
	if line := os.Getenv(helperEnv); line != "" {
		if err := helper(strings.Split(line, "\n")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// otherProcess is a process of etl, not started yet.
func otherProcess(t testing.TB, point string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperEnv+"="+strings.Join(args, "\n"), failpoint.Variable+"="+point)
	cmd.Stderr = os.Stderr
	return cmd
}

// killed reports whether a process was killed rather than done; any other end fails the test.
func killed(t testing.TB, cmd *exec.Cmd) bool {
	t.Helper()
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		return true
	}
	must(t, err)
	return false
}

func helper(args []string) error {
	ctx := context.Background()
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	o := optionsIn(args[1])
	l, err := Open(ctx, o)
	if err != nil {
		return err
	}
	defer l.Close()
	switch args[0] {
	case "append":
		return appendAll(ctx, l, int64(n))
	case "drop":
		return dropOne(ctx, l)
	}
	return applyAll(ctx, l, int64(n))
}

// appended is how many commits an appending process makes.
const appends = 15

// appendAll appends rows one by one, each computed anew when somebody else was first.
func appendAll(ctx context.Context, l *Lakehouse, first int64) error {
	for id := first; id < first+appends; id++ {
		for {
			base, err := l.Table(ctx, orders)
			if err != nil {
				return err
			}
			_, err = l.Commit(ctx, change(base, base.Columns, Append, stage(panicking{}, l, base, base.Columns, id)))
			var conflict *ConflictError
			if errors.As(err, &conflict) {
				continue
			}
			if err != nil {
				return err
			}
			break
		}
	}
	return nil
}

// tables of a run of the `apply` helper.
func appliedTables() []addr.Ident {
	return []addr.Ident{orders, {Namespace: "silver", Name: "second"}}
}

// applyAll brings two tables to rows 1 to n, by their cursor, as an apply does: claim, stage, commit, record, release.
func applyAll(ctx context.Context, l *Lakehouse, n int64) error {
	run := "run-" + uuid.NewString()
	lease, err := l.Claim(ctx, Claim{RunID: run, Tables: appliedTables(), Command: "etl apply"})
	if err != nil {
		return err
	}
	failpoint.Hit(failpoint.ApplyClaimed)
	for _, ident := range appliedTables() {
		if err := applyTable(ctx, l, lease, run, ident, n); err != nil {
			return err
		}
	}
	failpoint.Hit(failpoint.ApplyDone)
	if err := l.RecordRun(ctx, Run{ID: run, Outcome: "done", Started: time.Now()}, []Result{{RunID: run, Table: "silver.orders"}}); err != nil {
		return err
	}
	return lease.Release(ctx)
}

func applyTable(ctx context.Context, l *Lakehouse, lease *Lease, run string, ident addr.Ident, n int64) error {
	base, err := l.Table(ctx, ident)
	if errors.Is(err, ErrNotFound) {
		base, err = nil, nil
	}
	if err != nil {
		return err
	}
	from := int64(0)
	if base != nil {
		from, err = strconv.ParseInt(string(base.Summary.Cursor[""]), 10, 64)
	}
	if err != nil || from == n {
		return err
	}
	columns, err := AssignIDs(base, plainColumns())
	if err != nil {
		return err
	}
	var ids []int64
	for id := from + 1; id <= n; id++ {
		ids = append(ids, id)
	}
	c := change(base, columns, Append)
	c.Ident, c.Address, c.Summary.RunID = ident, "table."+ident.String(), run
	c.Summary.Cursor = map[string][]byte{"": []byte(fmt.Sprint(n))}
	failpoint.Hit(failpoint.WriteBefore)
	c.Add = []StagedFile{stageFor(panicking{}, l, ident, run, base, columns, ids...)}
	failpoint.Hit(failpoint.WriteAfter)
	if err := lease.beat(ctx); err != nil {
		return err
	}
	if _, err := l.Commit(ctx, c); err != nil {
		return err
	}
	return lease.SweepCreated(ctx, ident)
}

func dropOne(ctx context.Context, l *Lakehouse) error {
	lease, err := l.Claim(ctx, Claim{RunID: "run-" + uuid.NewString(), Tables: []addr.Ident{orders}, Command: "etl destroy"})
	if err != nil {
		return err
	}
	if err := l.Drop(ctx, orders, true); err != nil {
		return err
	}
	return lease.Release(ctx)
}

// panicking lets test helpers run in a process that has no test.
type panicking struct{ testing.TB }

func (panicking) Helper()           {}
func (panicking) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

func TestTwoProcessesLoseAndDoubleNothing(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	columns := assigned(t, nil, plainColumns())
	commit(t, l, change(nil, columns, Append, stage(t, l, nil, columns, 1)))
	var want []int64
	var processes []*exec.Cmd
	for _, first := range []int64{100, 200, 300} {
		cmd := otherProcess(t, "", "append", dir, fmt.Sprint(first))
		must(t, cmd.Start())
		processes = append(processes, cmd)
		for id := first; id < first+appends; id++ {
			want = append(want, id)
		}
	}
	for _, cmd := range processes {
		must(t, cmd.Wait())
	}
	table, err := l.Table(t.Context(), orders)
	must(t, err)
	sameIDs(t, idsIn(t, l, table, table.Main), slices.Insert(want, 0, 1)...)
	if table.Snapshots != 1+3*appends {
		t.Fatalf("%d snapshots", table.Snapshots)
	}
}
