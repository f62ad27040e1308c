package postgres

import "testing"

// TestNamesPassInTheLakehouse swaps columns of a table that two tables of the lakehouse read: nothing of it is read until
// both are read anew, and the slot stays with what was read until then.
func TestNamesPassInTheLakehouse(t *testing.T) {
	d := newDatabase(t)
	d.moving(t)
	d.exec(t, "ALTER TABLE busy ADD m bigint; UPDATE busy SET m = -n")
	p := newProject(t, d, map[string]string{"shop.etl.hcl": shop + current})
	t.Cleanup(func() { d.dropSlots(t) })
	p.must(t, 0, "apply", "-auto-approve")
	d.exec(t, "ALTER TABLE busy RENAME n TO aside; ALTER TABLE busy RENAME m TO n; ALTER TABLE busy RENAME aside TO m; DELETE FROM busy WHERE id <= 10")
	for _, command := range [][]string{{"plan"}, {"apply", "-auto-approve"}} {
		r := p.must(t, 1, command...)
		if !r.Says(unmatched, `"n" is now what was "m"`, "`etl apply -resnapshot=table.bronze.log`", "`etl apply -resnapshot=table.bronze.current`") {
			t.Errorf("%s says\n%s", command[0], r.Output())
		}
	}
	p.must(t, 0, "apply", "-auto-approve", "-resnapshot=table.bronze.log", "-resnapshot=table.bronze.current")
	p.equal(t, "bronze.current", "silver.merged")
	d.exec(t, "UPDATE busy SET n = n - 1 WHERE id <= 20; INSERT INTO busy (id, n, big) VALUES (-1, 1, 'new')")
	p.settle(t)
	p.equal(t, "bronze.current", "silver.merged")
}
