package mysql_test

import (
	"slices"
	"strings"
	"testing"
)

// TestAddedWithDefault adds columns to a table that is followed: of those whose values rows get that don't change the plan
// says so, and the way that it names leads to them.
func TestAddedWithDefault(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE orders (id int primary key)", "INSERT INTO orders VALUES (1), (2), (3)")
		p := l.open(`
source "mysql" "orders" {
  connection = connection.mysql.shop
  table      = "orders"
  extract "delta" {}
}
table "bronze" "orders" {
  from = source.mysql.orders
  write "merge" { key = [id] }
}
`)
		p.run(0, "apply", "-auto-approve")
		holds := func(columns string, want ...string) {
			t.Helper()
			got := p.query("SELECT concat_ws('|', id, " + columns + ") AS r FROM bronze.orders")
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%v instead of %v", got, want)
			}
		}
		const warning = "New column with values that no change tells"
		l.exec("ALTER TABLE orders ADD COLUMN plain int, ADD COLUMN nothing varchar(9) DEFAULT NULL", "UPDATE orders SET plain = 1 WHERE id = 1")
		if r := p.run(0, "plan"); strings.Contains(r.Output(), warning) {
			t.Error(r.Output())
		}
		p.run(0, "apply", "-auto-approve")
		l.exec("ALTER TABLE orders ADD COLUMN d int DEFAULT 5, ADD COLUMN n int NOT NULL, ADD COLUMN g int AS (id * 2) STORED", "UPDATE orders SET d = 6 WHERE id = 1")
		if r := p.run(0, "plan"); !r.Says(warning, "new column d, n, g", "etl apply -resnapshot") {
			t.Error(r.Output())
		}
		if r := p.run(0, "apply", "-auto-approve"); !r.Says(warning) {
			t.Error(r.Output())
		}
		columns := "coalesce(plain::varchar, '?'), coalesce(d::varchar, '?'), coalesce(n::varchar, '?'), coalesce(g::varchar, '?')"
		holds(columns, "1|1|6|0|2", "2|?|?|?|?", "3|?|?|?|?")
		if r := p.run(0, "plan"); strings.Contains(r.Output(), warning) {
			t.Error(r.Output())
		}
		p.run(0, "apply", "-auto-approve", "-resnapshot=table.bronze.orders")
		holds(columns, "1|1|6|0|2", "2|?|5|0|4", "3|?|5|0|6")
		l.exec("DROP TABLE orders", "CREATE TABLE orders (id int primary key, made int NOT NULL DEFAULT 7)", "INSERT INTO orders (id) VALUES (4), (5)")
		if r := p.run(0, "apply", "-auto-approve"); strings.Contains(r.Output(), warning) {
			t.Error(r.Output())
		}
		holds("coalesce(made::varchar, '?')", "4|7", "5|7")
		l.exec("TRUNCATE TABLE orders", "INSERT INTO orders (id) VALUES (6)", "ALTER TABLE orders ADD COLUMN late int DEFAULT 8")
		if r := p.run(0, "apply", "-auto-approve"); !r.Says(warning, "new column late") {
			t.Error(r.Output())
		}
	})
}
