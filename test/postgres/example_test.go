package postgres

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestExample runs examples/postgres as its README says: what it says it shows is there.
func TestExample(t *testing.T) {
	d := newDatabase(t)
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(root, "examples", "postgres", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	d.exec(t, "%s", read("schema.sql"))
	p := newProject(t, d, map[string]string{"shop.etl.hcl": read("shop.etl.hcl")})
	t.Cleanup(func() { d.dropSlots(t) })
	if r := p.must(t, 0, "plan"); !r.Says("publication etl_shop_orders_", "replication slot etl_shop_orders_") || r.Says("Warning") {
		t.Errorf("the plan says\n%s", r.Output())
	}
	p.must(t, 0, "apply", "-auto-approve")
	for sql, want := range map[string]string{
		"SELECT count(*) FROM bronze.customers":                       "1000",
		"SELECT count(*) FROM bronze.customers WHERE tags[1] = 'vip'": "100",
	} {
		if got := strings.Join(p.ask(t, sql), " "); got != want {
			t.Errorf("%s gives %s instead of %s", sql, got, want)
		}
	}
	change := regexp.MustCompile(`psql "\$SHOP_DSN" -c "([^"]+)"`).FindStringSubmatch(read("README.md"))
	if change == nil {
		t.Fatal("the README changes nothing")
	}
	d.exec(t, "%s", change[1])
	p.must(t, 0, "apply", "-auto-approve")
	for sql, want := range map[string]string{
		"SELECT count(*) FROM bronze.customers":                                                      "999",
		"SELECT count(*) FROM silver.orders":                                                         "19980",
		"SELECT string_agg(status, ' ' ORDER BY valid_from) FROM silver.orders_history WHERE id = 3": "new paid",
		"SELECT _etl_op, count(*) FROM bronze.orders GROUP BY 1 ORDER BY 1":                          "delete|20 insert|20000 truncate|1 update|100",
	} {
		if got := strings.Join(p.ask(t, sql), " "); got != want {
			t.Errorf("%s gives %s instead of %s", sql, got, want)
		}
	}
	revenue := d.query(t, `SELECT concat_ws('|', n.name, count(*), sum(amount), sum((details ->> 'items')::int)) FROM orders o JOIN customers c ON c.id = o.customer_id
		JOIN countries n ON n.code = c.country WHERE status <> 'new' GROUP BY n.name ORDER BY n.name`)
	if got := p.ask(t, "SELECT country, orders, amount, items FROM gold.revenue ORDER BY country"); strings.Join(got, " ") != strings.Join(revenue, " ") {
		t.Errorf("the revenue is %v instead of %v", got, revenue)
	}
	p.must(t, 0, "destroy", "-auto-approve")
	if left := append(d.query(t, slotsOf), d.query(t, "SELECT pubname FROM pg_publication")...); len(left) > 0 {
		t.Errorf("what is left at the source: %v", left)
	}
}
