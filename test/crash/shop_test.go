package crash

import (
	"fmt"
	"strings"
	"testing"

	"github.com/automic-etl/etl/test/crash/lab"
)

// shop has a table of every kind: loads that append and replace, bad rows, steps row by row, by key and in full, merge,
// partitions, checks that quarantine and fail, SQL.
const shop = `
etl { project = "shop" }

source "csv" "orders" {
  path  = "in/orders*.csv"
  types = { id = long, customer = long, amount = decimal(12, 2), at = timestamp, email = string }
  extract "incremental" {}
}
source "csv" "customers" { path = "in/customers.csv" }

table "bronze" "orders" { from = source.csv.orders }
table "bronze" "customers" { from = source.csv.customers }

table "silver" "orders" {
  from = table.bronze.orders
  filter { where = amount > 0 }
  derive { size = amount > 100 ? "large" : "small" }
  dedupe {
    key  = [id]
    keep = latest(at)
  }
}

table "silver" "checked" {
  from = table.bronze.orders
  expect "quarantine" "has an email" { that = email != null }
  expect "fail" "has an amount"      { that = amount != null }
}

table "silver" "latest" {
  from = table.bronze.orders
  filter { where = amount > 0 }
  dedupe {
    key  = [id]
    keep = latest(at)
  }
  expect "quarantine" "not too much" { that = amount < 150 }
  write "merge" { key = [id] }
}

table "silver" "monthly" {
  from         = table.bronze.orders
  derive { day = date(at) }
  partition_by = [month(day)]
  write "append" {}
}

table "gold" "sales" {
  doc  = "LONG"
  from = table.silver.orders
  aggregate {
    by      = [customer, size]
    orders  = count()
    revenue = sum(amount)
  }
  expect "fail" "one row a customer and size" { unique = [customer, size] }
}

table "gold" "customers" {
  sql = <<-SQL
    SELECT c.id, c.name, count(o.id) AS orders, sum(o.amount) AS spent
    FROM bronze.customers AS c LEFT JOIN silver.latest AS o ON o.customer = c.id
    GROUP BY ALL
  SQL
}
`

// leaving is a table that the second apply drops.
const leaving = `
table "gold" "leaving" {
  from = table.bronze.customers
  select { columns = [id] }
}
`

// shopTables are the tables of the shop after the second apply.
var shopTables = []string{
	"bronze.customers", "bronze.orders", "bronze.orders__quarantine", "gold.customers", "gold.sales",
	"silver.checked", "silver.checked__quarantine", "silver.latest", "silver.latest__quarantine", "silver.monthly", "silver.orders",
}

// configuration has a definition of more than 8 KB, so that it is recorded in a file of its own.
func configuration() string {
	return strings.ReplaceAll(shop, "LONG", strings.Repeat("What customers paid. ", 500))
}

// orders makes a file of orders: ids repeat between files, amounts are negative, emails missing, dates spread, and one line
// is no order at all.
func orders(file, rows int) string {
	var b strings.Builder
	b.WriteString("id,customer,amount,at,email\n")
	for i := range rows {
		id := (file*7 + i) % 40
		email := fmt.Sprintf("c%d@example.com", i%9)
		if i%5 == 2 {
			email = ""
		}
		fmt.Fprintf(&b, "%d,%d,%d.%02d,2026-%02d-%02d 10:%02d:%02d,%s\n", id, i%7, (i*37+file*11)%300-20, i%100, 1+(i+file)%6, 1+i%28, file%60, i%60, email)
	}
	fmt.Fprintf(&b, "%d,x,no number,yesterday,\n", 1000+file)
	return b.String()
}

// opened is the shop before its first apply.
func opened(t testing.TB) *lab.Lab {
	t.Helper()
	l := lab.New(t, binary)
	l.Write(t, map[string]string{
		"shop.etl.hcl":     configuration(),
		"leaving.etl.hcl":  leaving,
		"in/customers.csv": "id,name\n0,Ada\n1,Bob\n2,Çelik\n3,\n4,Eve\n5,Fay\n6,Gus\n",
		"in/orders-01.csv": orders(1, 30),
		"in/orders-02.csv": orders(2, 30),
	})
	return l
}

// news is what arrives after the first apply: files with new and changed orders, other customers, and a table less.
func news(t testing.TB, l *lab.Lab) {
	t.Helper()
	l.Write(t, map[string]string{
		"leaving.etl.hcl":  "",
		"in/customers.csv": "id,name\n0,Ada\n1,Bob\n2,Çelik\n3,Dan\n4,Eve\n5,Fay\n6,Gus\n7,Hal\n",
		"in/orders-03.csv": orders(3, 25),
		"in/orders-04.csv": orders(4, 25),
	})
}

// disturbed is a shop with one apply behind it and news to take in; saved as "news". want are the rows after an undisturbed
// second apply.
func disturbed(t testing.TB) (l *lab.Lab, want string) {
	t.Helper()
	l = opened(t)
	l.Must(t, 0, "apply", "-auto-approve")
	news(t, l)
	l.Save(t, "news")
	l.Must(t, 0, "apply", "-auto-approve")
	want = l.Rows(t, shopTables...)
	settled(t, l, want)
	l.Restore(t, "news")
	return l, want
}

// settled checks that all is as after an undisturbed apply: the rows, the catalog, no leases, no processes, no files
// that nobody names, and nothing left to plan.
func settled(t testing.TB, l *lab.Lab, want string) {
	t.Helper()
	l.NoOrphans(t)
	if diff := lab.Difference(l.Rows(t, shopTables...), want); diff != "" {
		t.Errorf("the rows differ from those of an uninterrupted run:\n%s", diff)
	}
	l.Must(t, 0, "plan", "-detailed-exitcode")
	if locks := l.Locks(t); locks != "" {
		t.Errorf("leases are left: %s", locks)
	}
	l.NoStrays(t)
}
