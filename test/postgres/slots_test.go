package postgres

import (
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

const slotsOf = "SELECT slot_name FROM pg_replication_slots WHERE database = current_database() AND NOT temporary"

// dropSlots drops what is left at the server, which would keep the database from being dropped.
func (d *database) dropSlots(t *testing.T) {
	t.Helper()
	d.asAdmin(t, d.name, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()")
}

// TestTwoTablesReadOneSlot reads one source into two tables at different speeds: each gets all of it, and the slot keeps
// what the slower one has not read.
func TestTwoTablesReadOneSlot(t *testing.T) {
	d := newDatabase(t)
	d.moving(t)
	p := newProject(t, d, map[string]string{"shop.etl.hcl": shop + current})
	t.Cleanup(func() { d.dropSlots(t) })
	p.must(t, 0, "apply", "-auto-approve")
	for range 3 {
		stop := d.background(t, "busy")
		time.Sleep(100 * time.Millisecond)
		stop()
		p.must(t, 0, "apply", "-auto-approve", "-target=table.bronze.current")
	}
	p.equal(t, "bronze.current")
	if slots := d.query(t, slotsOf); len(slots) != 1 {
		t.Errorf("there are the slots %v", slots)
	}
	p.settle(t)
	p.equal(t, "bronze.current", "silver.merged")
	p.whole(t, "bronze.log")

	// The source stays as long as one table reads it, and goes with the last.
	p.Write(t, map[string]string{"shop.etl.hcl": shop[:strings.Index(shop, `table "bronze"`)] + current})
	p.must(t, 0, "apply", "-auto-approve")
	if slots := d.query(t, slotsOf); len(slots) != 1 {
		t.Errorf("a table that reads the slot is left, and the slots are %v", slots)
	}
	p.Write(t, map[string]string{"shop.etl.hcl": shop[:strings.Index(shop, `table "bronze"`)]})
	r := p.must(t, 0, "plan")
	if !r.Says("slot") {
		t.Errorf("the plan doesn't say that the slot goes:\n%s", r.Output())
	}
	p.must(t, 0, "apply", "-auto-approve")
	if left := append(d.query(t, slotsOf), d.query(t, "SELECT pubname FROM pg_publication")...); len(left) > 0 {
		t.Errorf("what is left at the source: %v", left)
	}
}

// TestDeathBeforeTheFirstCommit kills runs between the creation of the slot and the first commit: the next one takes the
// slot that is there, and nothing else is left.
func TestDeathBeforeTheFirstCommit(t *testing.T) {
	d := newDatabase(t)
	d.moving(t)
	d.exec(t, "INSERT INTO busy SELECT i, 1, repeat('c', 2000) FROM generate_series(10000, 40000) i")
	p := newProject(t, d, map[string]string{"shop.etl.hcl": shop})
	t.Cleanup(func() { d.dropSlots(t) })
	stop := d.background(t, "busy")
	for range 3 {
		run := p.start(t, "apply", "-auto-approve")
		for len(d.query(t, slotsOf)) == 0 && !run.Ended() {
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(150 * time.Millisecond)
		if run.Ended() {
			t.Fatal("the run was over too early")
		}
		run.Signal(t, syscall.SIGKILL)
		run.Wait(t)
		p.NoOrphans(t)
	}
	stop()
	p.settle(t)
	p.equal(t, "silver.merged")
	p.whole(t, "bronze.log")
	all := d.query(t, "SELECT slot_name FROM pg_replication_slots WHERE database = current_database()")
	if len(all) != 1 {
		t.Errorf("there are the slots %v", all)
	}
}

// TestRollback returns a followed table to an older snapshot: the slot has let go what came since, so that going on is
// refused, and the table is read anew where that is asked for.
func TestRollback(t *testing.T) {
	d := newDatabase(t)
	d.moving(t)
	p := newProject(t, d, map[string]string{"shop.etl.hcl": shop})
	t.Cleanup(func() { d.dropSlots(t) })
	p.must(t, 0, "apply", "-auto-approve")
	first := p.ask(t, "SELECT count(*) FROM bronze.log")
	d.exec(t, "UPDATE busy SET n = n + 1")
	p.must(t, 0, "apply", "-auto-approve")
	r := p.must(t, 0, "history", "table.bronze.log", "-format=json")
	var snapshots []struct {
		Snapshot json.Number `json:"snapshot"`
	}
	if err := json.Unmarshal([]byte(r.Stdout), &snapshots); err != nil || len(snapshots) < 2 {
		t.Fatalf("the history is\n%s", r.Stdout)
	}
	p.must(t, 0, "rollback", "-auto-approve", "table.bronze.log", "-to="+snapshots[len(snapshots)-1].Snapshot.String())
	if got := p.ask(t, "SELECT count(*) FROM bronze.log"); got[0] != first[0] {
		t.Fatalf("after the rollback there are %v rows, at first %v", got, first)
	}
	plan := p.start(t, "plan").Wait(t)
	if plan.Code != 1 || !plan.Says("Replication slot too far", "-resnapshot=table.bronze.log") {
		t.Errorf("the plan after a rollback ends with %d:\n%s", plan.Code, plan.Output())
	}
	p.must(t, 0, "apply", "-auto-approve", "-resnapshot=table.bronze.log")
	d.exec(t, "DELETE FROM busy WHERE id % 2 = 0")
	p.settle(t)
	p.equal(t, "silver.merged")
	p.whole(t, "bronze.log")
}

// TestAnotherDatabase leads a connection to another database of the same server: the plan says where the slot is, and what it says to
// run lets the next apply read the table there.
func TestAnotherDatabase(t *testing.T) {
	was, is := newDatabase(t), newDatabase(t)
	for _, d := range []*database{was, is} {
		d.exec(t, "CREATE TABLE busy (id int PRIMARY KEY, name text); INSERT INTO busy VALUES (1, current_database())")
		t.Cleanup(func() { d.dropSlots(t) })
	}
	connection := func(d *database) string {
		return strings.Replace(shop, "{ dsn = var.dsn }", fmt.Sprintf("{\n  host     = %q\n  port     = %d\n  user     = \"etl\"\n  password = \"etl\"\n  database = %q\n}", d.host, d.port, d.name), 1)
	}
	p := newProject(t, was, map[string]string{"shop.etl.hcl": connection(was)})
	p.must(t, 0, "apply", "-auto-approve")
	p.Write(t, map[string]string{"shop.etl.hcl": connection(is)})
	name := was.query(t, slotsOf)[0]
	r := p.must(t, 1, "plan")
	drops := []string{"SELECT pg_drop_replication_slot('" + name + "');", `DROP PUBLICATION IF EXISTS "` + name + `";`}
	if !r.Says(append(drops, "Replication slot in another database", was.name)...) {
		t.Errorf("the plan says\n%s", r.Output())
	}
	for _, sql := range drops {
		was.exec(t, "%s", sql)
	}
	p.must(t, 0, "apply", "-auto-approve")
	if got := p.ask(t, "SELECT id, name FROM silver.merged"); len(got) != 1 || got[0] != "1|"+is.name {
		t.Errorf("the rows are %v", got)
	}
}

// TestRoleThatOnlyReads follows a table by a role whose transactions only read, unless they say otherwise: what following keeps at the
// server is made, and goes with the table.
func TestRoleThatOnlyReads(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, "CREATE TABLE busy (id int PRIMARY KEY); INSERT INTO busy VALUES (1)")
	t.Cleanup(func() { d.dropSlots(t) })
	d.asAdmin(t, d.name, "ALTER ROLE etl IN DATABASE "+d.name+" SET default_transaction_read_only = on")
	p := newProject(t, d, map[string]string{"shop.etl.hcl": shop})
	p.must(t, 0, "apply", "-auto-approve")
	d.exec(t, "INSERT INTO busy VALUES (2)")
	p.must(t, 0, "apply", "-auto-approve")
	if got := p.ask(t, "SELECT id FROM silver.merged ORDER BY id"); len(got) != 2 {
		t.Errorf("the rows are %v", got)
	}
	p.must(t, 0, "destroy", "-auto-approve")
	if left := append(d.query(t, slotsOf), d.query(t, "SELECT pubname FROM pg_publication")...); len(left) > 0 {
		t.Errorf("what is left at the source: %v", left)
	}
}
