package postgres

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestTwoLakehouses follows one table into two lakehouses of one project, a developer's and that of production say, at different
// speeds: each has all rows, what is kept for one is nothing to the other, and each destroys its own.
func TestTwoLakehouses(t *testing.T) {
	d := newDatabase(t)
	d.moving(t)
	t.Cleanup(func() { d.dropSlots(t) })
	files := map[string]string{"shop.etl.hcl": shop + current}
	one, other := newProject(t, d, files), newProject(t, d, files)
	one.must(t, 0, "apply", "-auto-approve")
	first := d.left(t)
	if r := other.must(t, 0, "plan"); !r.Says("publication etl_shop_busy_", "replication slot etl_shop_busy_") || r.Says(first[0]) || r.Says("Warning") {
		t.Errorf("beside %v the plan of another lakehouse says\n%s", first, r.Output())
	}
	other.must(t, 0, "apply", "-auto-approve")
	for range 3 {
		stop := d.background(t, "busy")
		time.Sleep(100 * time.Millisecond)
		stop()
		one.must(t, 0, "apply", "-auto-approve")
	}
	for _, p := range []*project{other, one} {
		p.settle(t)
		p.equal(t, "bronze.current", "silver.merged")
		p.whole(t, "bronze.log")
	}
	both := d.left(t)
	if len(both) != 4 || both[0] == both[1] || both[2] == both[3] {
		t.Errorf("at the source there are %v", both)
	}

	one.must(t, 0, "destroy", "-auto-approve")
	own := slices.DeleteFunc(both, func(name string) bool { return name == first[0] })
	if left := d.left(t); !slices.Equal(left, own) {
		t.Errorf("one of two lakehouses is destroyed, and at the source there are %v instead of %v", left, own)
	}
	d.exec(t, "UPDATE busy SET n = n + 1; DELETE FROM busy WHERE id % 7 = 0")
	other.settle(t)
	other.equal(t, "bronze.current", "silver.merged")
	other.whole(t, "bronze.log")
	if r := one.must(t, 0, "plan"); !r.Says("replication slot "+first[0]) || r.Says("Warning") {
		t.Errorf("of a lakehouse that had the slot %s the plan says\n%s", first[0], r.Output())
	}
	other.must(t, 0, "destroy", "-auto-approve")
	if left := d.left(t); len(left) > 0 {
		t.Errorf("what is left at the source: %s", strings.Join(left, ", "))
	}
}
