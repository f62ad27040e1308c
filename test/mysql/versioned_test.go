package mysql_test

import (
	"strings"
	"testing"
)

// TestVersioned refuses tables in which rows stay after they were changed or deleted, and goes on with none that was such a
// table meanwhile. What rows they have now other ways of reading see.
func TestVersioned(t *testing.T) {
	l := newLab(t, "mariadb", env(t, "mariadb")["ETL_TEST_MARIADB_DSN"])
	l.exec("CREATE TABLE orders (id int primary key, v varchar(9)) WITH SYSTEM VERSIONING", "INSERT INTO orders VALUES (1, 'a'), (2, 'b')",
		"CREATE TABLE periods (id int, v varchar(9), s timestamp(6) GENERATED ALWAYS AS ROW START, e timestamp(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e), "+
			"PRIMARY KEY (id, e)) WITH SYSTEM VERSIONING", "UPDATE orders SET v = 'A' WHERE id = 1", "DELETE FROM orders WHERE id = 2")
	for _, name := range []string{"orders", "periods"} {
		_, diags := l.follow(table(name)).plan()
		l.says(diags, "Table with a history", name+"` DROP SYSTEM VERSIONING", `extract "batch"`)
	}
	if got := l.load(l.source(table("orders")), false); len(got.Rows) != 1 {
		t.Errorf("%+v", got.Rows)
	}
	l.exec("ALTER TABLE orders DROP SYSTEM VERSIONING")
	f := l.follow(table("orders"))
	f.run()
	f.check("without a history")
	l.exec("ALTER TABLE orders ADD SYSTEM VERSIONING", "INSERT INTO orders VALUES (3, 'c')", "DELETE FROM orders")
	_, diags := f.plan()
	l.says(diags, "Table with a history")
	l.exec("ALTER TABLE orders DROP SYSTEM VERSIONING")
	_, diags = f.plan()
	if l.says(diags, "Change that rows don't tell", "etl apply -resnapshot"); !strings.Contains(diags.Error(), "WITH SYSTEM VERSIONING") {
		t.Error(diags)
	}
}
