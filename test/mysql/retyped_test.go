package mysql_test

import (
	"slices"
	"strings"
	"testing"
)

const followedOrders = `
source "mysql" "orders" {
  connection = connection.mysql.shop
  table      = "orders"
  extract "delta" {}
}
table "bronze" "orders" {
  from = source.mysql.orders
  write "merge" { key = [id] }
}
`

// TestRetypedColumn does what the warning of a column with another type advises.
func TestRetypedColumn(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE orders (id int primary key, c int)", "INSERT INTO orders VALUES (1, 5)")
		p := l.open(followedOrders)
		p.run(0, "apply", "-auto-approve")
		l.exec("ALTER TABLE orders MODIFY c varchar(20)", "INSERT INTO orders VALUES (2, 'abc')")
		said := strings.Join(strings.Fields(p.run(0, "plan").Output()), " ")
		if !strings.Contains(said, "Values of another type") || !strings.Contains(said, "types = { c = string }") || strings.Contains(said, "-resnapshot") {
			t.Errorf("the plan says\n%s", said)
		}
		p.Write(t, map[string]string{"tables.etl.hcl": strings.Replace(followedOrders, "  extract", "  types      = { c = string }\n  extract", 1)})
		p.run(0, "apply", "-auto-approve")
		if got, want := p.query("SELECT id, c FROM bronze.orders ORDER BY id"), []string{"1,5", "2,abc"}; !slices.Equal(got, want) {
			t.Errorf("it holds %v instead of %v", got, want)
		}
	})
}
