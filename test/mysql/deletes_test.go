package mysql_test

import (
	"slices"
	"strings"
	"testing"
)

const deleting = `
source "mysql" "orders" {
  connection = connection.mysql.shop
  table      = "orders"
  where      = "shop <> 'closed'"
  extract "incremental" {
    cursor         = at
    detect_deletes = true
  }
}
table "bronze" "orders" {
  from = source.mysql.orders
  write "merge" { key = [shop, id] }
}
source "mysql" "loose" {
  connection = connection.mysql.shop
  table      = "loose"
  extract "incremental" {
    cursor         = at
    key            = [k]
    detect_deletes = true
  }
}
table "bronze" "loose" {
  from = source.mysql.loose
  write "merge" { key = [k] }
}
`

// numbersTo is a query of the numbers from 1 on, which both servers know.
const numbersTo = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT a.i * 100 + b.i AS i FROM n AS a JOIN n AS b ON b.i <= 100 AND a.i < "

// TestDeletedRowsAreFound deletes rows of tables that are read by a cursor: those that are gone, that changed their key, be
// it in a way that the server doesn't tell apart, or that the condition doesn't let through any more go from the lakehouse,
// and no others, whatever their cursor. The table has as many rows as are read in ranges.
func TestDeletedRowsAreFound(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE orders (shop varchar(20) COLLATE utf8mb4_general_ci, id decimal(20, 0), day date, at datetime(6), PRIMARY KEY (shop, id), KEY (at))",
			"INSERT INTO orders SELECT CONCAT('s', i % 3), i, '2026-01-01', IF(i % 10 > 0, '2026-01-01' + INTERVAL i SECOND, NULL) FROM ("+numbersTo+"600) AS n",
			"CREATE TABLE loose (k int, at int, KEY (at))", "INSERT INTO loose VALUES (1, 1), (NULL, 2), (3, NULL)", "ANALYZE TABLE orders")
		p := l.open(deleting)
		for step, sql := range []string{
			"SELECT 1",
			"DELETE FROM orders WHERE at IS NULL AND shop = 's1'; DELETE FROM loose WHERE k IS NULL",
			"DELETE FROM orders WHERE at < '2026-01-01 10:00'; INSERT INTO orders VALUES ('new', 1, NULL, '2026-02-01'); INSERT INTO loose VALUES (NULL, 3)",
			"UPDATE orders SET shop = 'S2' WHERE shop = 's2'", // rows whose cursor doesn't move go, and aren't seen under their new key
			"UPDATE orders SET shop = 'ŝ2', at = '2026-03-01' WHERE shop = 'S2'; UPDATE loose SET k = 4 WHERE at IS NULL",
			"UPDATE orders SET shop = 's2 ', at = '2026-03-02' WHERE shop = 'S2' AND id % 2 = 0",
			"UPDATE orders SET shop = 'closed' WHERE at < '2026-01-01 14:00'",
			"SET SESSION sql_mode = ''; UPDATE orders SET day = '0000-00-00' WHERE shop = 'new'", // can't be represented, and still is there
			"DELETE FROM orders; DELETE FROM loose",
			"INSERT INTO orders VALUES ('again', 1, NULL, '2026-04-01')",
		} {
			conn, err := l.db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for statement := range strings.SplitSeq(sql, "; ") {
				if _, err := conn.ExecContext(t.Context(), statement); err != nil {
					t.Fatalf("step %d: %v", step, err)
				}
			}
			conn.Close()
			p.run(0, "apply", "-auto-approve")
			for source, held := range map[string]string{
				"SELECT CONCAT_WS('|', shop, id, COALESCE(DATE_FORMAT(at, '%Y-%m-%d %H:%i:%s'), '?')) FROM orders WHERE shop <> 'closed' AND (BINARY shop <> 'S2' OR at IS NULL)": "SELECT concat_ws('|', shop, id, coalesce(strftime(\"at\", '%Y-%m-%d %H:%M:%S'), '?')) AS r FROM bronze.orders",
				"SELECT CONCAT(COALESCE(k, '?'), '|', COALESCE(at, '?')) FROM loose":                                                                                              "SELECT concat(coalesce(k::varchar, '?'), '|', coalesce(\"at\"::varchar, '?')) AS r FROM bronze.loose",
			} {
				want, got := l.texts(source), p.query(held)
				got = slices.DeleteFunc(got, func(line string) bool { return line == "" })
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Fatalf("step %d: %d rows instead of %d\n%.500v\n%.500v", step, len(got), len(want), got, want)
				}
			}
		}
	})
}
