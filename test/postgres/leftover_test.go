package postgres

import (
	"context"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// left is what is at the source of a database.
func (d *database) left(t *testing.T) []string {
	t.Helper()
	return append(d.query(t, slotsOf), d.query(t, "SELECT pubname FROM pg_publication")...)
}

// dying applies a project until its slot is there, and kills it before anything is committed.
func (p *project) dying(t *testing.T) {
	t.Helper()
	run := p.start(t, "apply", "-auto-approve")
	for len(p.database.query(t, slotsOf)) == 0 && !run.Ended() {
		time.Sleep(5 * time.Millisecond)
	}
	if run.Ended() {
		t.Fatalf("the run was over too early:\n%s", run.Wait(t).Output())
	}
	run.Signal(t, syscall.SIGKILL)
	run.Wait(t)
	p.NoOrphans(t)
}

// TestLeftoverSlot kills a first run once its slot is there, and takes the block out of the project: the plan tells of what is
// left, and apply drops it, without a table that would tell of it. A block that is put back takes over what is there.
func TestLeftoverSlot(t *testing.T) {
	d := newDatabase(t)
	d.moving(t)
	d.exec(t, "INSERT INTO busy SELECT i, 1, repeat('c', 2000) FROM generate_series(10000, 40000) i")
	p := newProject(t, d, map[string]string{"shop.etl.hcl": shop})
	t.Cleanup(func() { d.dropSlots(t) })

	p.dying(t)
	both := d.left(t)
	if len(both) != 2 || both[0] != both[1] || !strings.HasPrefix(both[0], "etl_shop_busy_") {
		t.Fatalf("what is left at the source: %v", both)
	}
	if r := p.must(t, 0, "plan"); r.Says("A run left something") || r.Says("Warning") {
		t.Errorf("the plan to go on says\n%s", r.Output())
	}
	p.Write(t, map[string]string{"shop.etl.hcl": shopConnection})
	if r := p.must(t, 0, "plan"); !r.Says("A run left something at a source", "publication "+both[0], "replication slot "+both[0]) {
		t.Errorf("the plan without the block says\n%s", r.Output())
	}
	if left := d.left(t); !slices.Equal(left, both) {
		t.Fatalf("after the plan there are %v", left)
	}
	p.must(t, 0, "apply", "-auto-approve")
	if left := d.left(t); len(left) > 0 {
		t.Fatalf("after the apply there are %v", left)
	}
	if r := p.must(t, 0, "plan"); r.Says("A run left something") {
		t.Errorf("the plan after that says\n%s", r.Output())
	}

	p.Write(t, map[string]string{"shop.etl.hcl": shop})
	p.dying(t)
	p.must(t, 0, "apply", "-auto-approve")
	p.equal(t, "silver.merged")
	p.Write(t, map[string]string{"shop.etl.hcl": shopConnection})
	if r := p.must(t, 0, "apply", "-auto-approve"); r.Says("A run left something") {
		t.Errorf("the end of a source that was followed says\n%s", r.Output())
	}
	if left := d.left(t); len(left) > 0 {
		t.Fatalf("put back, applied and taken out, the block leaves %v", left)
	}
	if r := p.must(t, 0, "plan"); r.Says("A run left something") {
		t.Errorf("the plan after that says\n%s", r.Output())
	}
}

// TestKilledWhileASlotIsMade kills a run that waits for another transaction to end, before its slot is there: the server gives up
// what nobody waits for any more, and nothing is left that the end of the project couldn't drop.
func TestKilledWhileASlotIsMade(t *testing.T) {
	d := newDatabase(t)
	d.moving(t)
	p := newProject(t, d, map[string]string{"shop.etl.hcl": shop})
	t.Cleanup(func() { d.dropSlots(t) })
	other := connect(t, d.dsn("etl"))
	defer func() { _ = other.Close(context.WithoutCancel(t.Context())) }()
	if _, err := other.Exec(t.Context(), "BEGIN; UPDATE busy SET n = n + 1").ReadAll(); err != nil {
		t.Fatal(err)
	}
	p.dying(t)
	r := p.must(t, 0, "destroy", "-auto-approve")
	if left := d.left(t); len(left) > 0 {
		t.Errorf("there are %v, and the end of the project said\n%s", left, r.Output())
	}
}
