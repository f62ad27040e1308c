package postgres

import (
	"slices"
	"strings"
	"testing"
)

// TestColumnRenamedByCase gives a column another name by case alone: the plan refuses it, and both ways on that it says work.
func TestColumnRenamedByCase(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, "CREATE TABLE parts (id int PRIMARY KEY, n int); INSERT INTO parts VALUES (1, 1), (2, 1)")
	t.Cleanup(func() { d.dropSlots(t) })
	p := newProject(t, d, map[string]string{"shop.etl.hcl": strings.ReplaceAll(rekeyed, "KEY", "id")})
	p.must(t, 0, "apply", "-auto-approve")
	refused := func() {
		t.Helper()
		d.exec(t, `ALTER TABLE parts RENAME n TO "N"`)
		for _, command := range [][]string{{"plan"}, {"apply", "-auto-approve"}} {
			if r := p.must(t, 1, command...); !r.Says("Column names differ only by case", `"N", which was "n"`, "-resnapshot=table.bronze.log") {
				t.Errorf("%v says\n%s", command, r.Output())
			}
		}
	}
	refused()
	d.exec(t, `ALTER TABLE parts RENAME "N" TO n; UPDATE parts SET n = 2 WHERE id = 2`)
	p.must(t, 0, "apply", "-auto-approve")
	if got := p.ask(t, "SELECT id, n FROM silver.now ORDER BY id"); !slices.Equal(got, []string{"1|1", "2|2"}) {
		t.Errorf("renamed back, it has %v", got)
	}
	refused()
	if r := p.must(t, 0, "apply", "-auto-approve", "-resnapshot=table.bronze.log"); !r.Says("the changes that it has are lost") {
		t.Errorf("nothing is said of the changes that go:\n%s", r.Output())
	}
	d.exec(t, `UPDATE parts SET "N" = 7 WHERE id = 1; DELETE FROM parts WHERE id = 2; INSERT INTO parts VALUES (3, 3)`)
	p.must(t, 0, "apply", "-auto-approve")
	for _, from := range []string{"silver.now", "silver.past WHERE is_current"} {
		if got := p.ask(t, `SELECT id, "N" FROM `+from+" ORDER BY id"); !slices.Equal(got, []string{"1|7", "3|3"}) {
			t.Errorf("%s has %v", from, got)
		}
	}
}
