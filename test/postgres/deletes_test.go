package postgres

import (
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"
)

const deleting = shopConnection + `source "postgres" "orders" {
  connection = connection.postgres.shop
  table      = "public.orders"
  where      = "shop <> 'closed'"
  extract "incremental" {
    cursor         = updated_at
    detect_deletes = true
  }
}
table "bronze" "orders" {
  from = source.postgres.orders
  write "merge" { key = [shop, id] }
}
`

// TestDeletedRowsAreFound deletes rows of a table that is read by a cursor: those that are gone, that changed their key, or
// that the condition doesn't let through any more go from the lakehouse, and no others, whatever their cursor.
func TestDeletedRowsAreFound(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, `CREATE TABLE orders (shop text, id uuid, day date, updated_at timestamptz, PRIMARY KEY (shop, id)); CREATE INDEX ON orders (updated_at);
		INSERT INTO orders SELECT 's' || i % 3, lpad(i::text, 32, '0')::uuid, '2026-01-01', CASE WHEN i % 10 > 0 THEN '2026-01-01'::timestamptz + i * interval '1 second' END
		FROM generate_series(1, 2000) i`)
	p := newProject(t, d, map[string]string{"shop.etl.hcl": deleting})
	for step, sql := range []string{
		"SELECT 1",
		"DELETE FROM orders WHERE updated_at IS NULL AND shop = 's1'",
		"DELETE FROM orders WHERE updated_at < '2026-01-01 00:10Z'; INSERT INTO orders VALUES ('new', gen_random_uuid(), NULL, '2026-02-01')",
		"UPDATE orders SET shop = 'S2' WHERE shop = 's2'", // rows whose cursor doesn't move go, and aren't seen under their new key
		"UPDATE orders SET shop = 's2', updated_at = '2026-03-01' WHERE shop = 'S2'",
		"UPDATE orders SET shop = 'closed' WHERE updated_at < '2026-01-01 00:20Z'",
		"UPDATE orders SET day = 'infinity' WHERE shop = 'new'", // can't be represented, and still is there
		"DELETE FROM orders",
		"INSERT INTO orders VALUES ('again', gen_random_uuid(), NULL, '2026-04-01')",
	} {
		d.exec(t, "%s", sql)
		p.must(t, 0, "apply", "-auto-approve")
		want := d.query(t, `SELECT concat_ws('|', shop, id, to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')) FROM orders WHERE shop <> 'closed' AND (shop <> 'S2' OR updated_at IS NULL) ORDER BY shop COLLATE "C", id`)
		got := p.ask(t, "SELECT shop, id, strftime(updated_at AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M:%S') AS at FROM bronze.orders ORDER BY shop, id")
		for i := range got {
			got[i] = strings.TrimSuffix(got[i], "|")
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Fatalf("step %d: %d rows instead of %d\n%.500v\n%.500v", step, len(got), len(want), got, want)
		}
	}
	if r := p.must(t, 2, "plan", "-detailed-exitcode"); !r.Says("has no new rows; whether rows of before were deleted only their keys tell") {
		t.Errorf("the plan says\n%s", r.Output())
	}
	d.exec(t, "UPDATE orders SET shop = 'moved'")
	p.must(t, 0, "apply", "-auto-approve")
	p.must(t, 0, "apply", "-auto-approve", "-resnapshot=table.bronze.orders")
	if got := p.ask(t, "SELECT shop FROM bronze.orders"); len(got) != 1 || got[0] != "moved" {
		t.Errorf("read anew, the table has %v", got)
	}
}

// TestKeyThatIsNotRead leaves out a key that no column could hold: the row is no worse for it.
func TestKeyThatIsNotRead(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, "CREATE TABLE days (day date, n numeric, note text, PRIMARY KEY (day, n)); INSERT INTO days VALUES ('infinity', 'NaN', 'a'), ('2026-01-01', 1, 'b')")
	cfg := with(d.table("days"), "columns", cty.ListVal([]cty.Value{text("note")}))
	if got := load(t, cfg, false); len(got.Rows) != 2 || len(got.BadRows) > 0 {
		t.Errorf("read %v, bad ones %+v", rowTexts(got), got.BadRows)
	}
}
