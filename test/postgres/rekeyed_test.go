package postgres

import (
	"slices"
	"strings"
	"testing"
)

const rekeyed = shopConnection + `source "postgres" "parts" {
  connection = connection.postgres.shop
  table      = "public.parts"
  extract "delta" {}
}
table "bronze" "log" { from = source.postgres.parts }
table "silver" "now" {
  from = table.bronze.log
  write "merge" { key = [KEY] }
}
table "silver" "past" {
  from = table.bronze.log
  write "history" { key = [KEY] }
}
`

// TestPrimaryKeyMoves gives a table another primary key: rows that were deleted by the one and by the other are gone.
func TestPrimaryKeyMoves(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, "CREATE TABLE parts (id int PRIMARY KEY, code text NOT NULL UNIQUE, n int); INSERT INTO parts VALUES (1, 'a', 1), (2, 'b', 1), (3, 'c', 1), (4, 'd', 1)")
	t.Cleanup(func() { d.dropSlots(t) })
	p := newProject(t, d, map[string]string{"shop.etl.hcl": strings.ReplaceAll(rekeyed, "KEY", "id")})
	p.must(t, 0, "apply", "-auto-approve")
	d.exec(t, "DELETE FROM parts WHERE id = 1")
	p.must(t, 0, "apply", "-auto-approve")
	d.exec(t, "DELETE FROM parts WHERE id = 2; ALTER TABLE parts DROP CONSTRAINT parts_pkey, ADD PRIMARY KEY (code); DELETE FROM parts WHERE code = 'c'")
	p.Write(t, map[string]string{"shop.etl.hcl": strings.ReplaceAll(rekeyed, "KEY", "code")})
	if r := p.must(t, 1, "plan"); !r.Says("The source's key changed", "identified by code now, and were by id", "-resnapshot=table.bronze.log") {
		t.Errorf("the plan says\n%s", r.Output())
	}
	if r := p.must(t, 0, "apply", "-auto-approve", "-resnapshot=table.bronze.log"); !r.Says("by code now, and did by id before") {
		t.Errorf("nothing is said of rows that were deleted before:\n%s", r.Output())
	}
	d.exec(t, "UPDATE parts SET n = 2; INSERT INTO parts VALUES (5, 'e', 1); UPDATE parts SET code = 'f' WHERE id = 5")
	p.must(t, 0, "apply", "-auto-approve")
	for _, from := range []string{"silver.now", "silver.past WHERE is_current"} {
		if got := p.ask(t, "SELECT id, code, n FROM "+from+" ORDER BY id"); !slices.Equal(got, []string{"4|d|2", "5|f|1"}) {
			t.Errorf("%s has %v", from, got)
		}
	}
}
