package mysql_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestExample runs examples/mysql: what it says it shows is there.
func TestExample(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		read := func(name string) string {
			text, err := os.ReadFile(filepath.Join(root, "examples", "mysql", name))
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
		for statement := range strings.SplitSeq(strings.TrimSpace(read("schema.sql")), ";\n") {
			l.exec(statement)
		}
		p := l.open(read("shop.etl.hcl"))
		p.Write(t, map[string]string{"connection.etl.hcl": ""})
		host, port, _ := strings.Cut(l.config.Addr, ":")
		p.env = []string{"SHOP_PASSWORD=" + l.config.Passwd}
		vars := []string{"-var=host=" + host, "-var=port=" + port, "-var=database=" + l.database}
		apply := append([]string{"apply", "-auto-approve"}, vars...)
		p.run(0, apply...)
		time.Sleep(1100 * time.Millisecond) // MariaDB tells times in whole seconds, and a version that held for none is not kept
		l.exec("UPDATE orders SET status = 'paid' WHERE id = 1", "DELETE FROM orders WHERE id = 3", "DELETE FROM customers WHERE id = 2")
		p.run(0, apply...)
		for sql, want := range map[string]string{
			"SELECT region, orders, amount FROM gold.revenue":                                            "eu,2,111.50",
			"SELECT id FROM bronze.customers":                                                            "1",
			"SELECT newsletter FROM bronze.customers":                                                    "true",
			"SELECT count(*) FROM silver.orders":                                                         "2",
			"SELECT string_agg(_etl_op, ' ' ORDER BY _etl_position) FROM bronze.orders":                  "truncate insert insert insert update delete",
			"SELECT string_agg(status, ' ' ORDER BY valid_from) FROM silver.orders_history WHERE id = 1": "open paid",
		} {
			if got := strings.Join(p.queryWith(vars, sql), " "); got != want {
				t.Errorf("%s gives %s instead of %s", sql, got, want)
			}
		}
	})
}
