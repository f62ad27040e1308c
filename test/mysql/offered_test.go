package mysql_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// TestDiscoveredBlocksWork pastes what etl discover prints, and loads it all.
func TestDiscoveredBlocksWork(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE orders (id int primary key, amount decimal(12, 2), created_at datetime, updated_at timestamp(6) null, key (updated_at))",
			"INSERT INTO orders VALUES (1, 1.5, '2024-01-01', '2024-01-01'), (2, 2.5, '2024-01-01', NULL), (3, 2.5, '2024-01-01', '2024-02-01')",
			"CREATE TABLE `Odd.name ``x`` \"y\" ${z}` (`Odd Id` int, `select` varchar(9), PRIMARY KEY (`Odd Id`, `select`))",
			"INSERT INTO `Odd.name ``x`` \"y\" ${z}` VALUES (1, 'a'), (2, 'b')",
			"CREATE TABLE no_key (a int, at datetime)", "CREATE TABLE slow (id int primary key, changed_at datetime)", "CREATE VIEW paid AS SELECT * FROM orders WHERE id < 3", "ANALYZE TABLE orders")
		p := l.open("# What is found comes here.\n")
		found := p.run(0, "discover", "mysql", "connection.mysql.shop").Stdout
		for _, said := range []string{"cursor = updated_at # or id, created_at", "key    = [id]", "# No key was found", "# No index begins with changed_at: each read looks at all rows", "# No index begins with at:"} {
			if !strings.Contains(found, said) {
				t.Errorf("%q is not in\n%s", said, found)
			}
		}
		if strings.Contains(found, "begins with updated_at") || strings.Count(found, "No index") != 2 {
			t.Errorf("an index is missed in\n%s", found)
		}
		names := regexp.MustCompile(`(?m)^source "mysql" "([a-z0-9_]+)"`).FindAllStringSubmatch(found, -1)
		if len(names) != 5 {
			t.Fatalf("discovered %d sources:\n%s", len(names), found)
		}
		var tables strings.Builder
		for _, name := range names {
			fmt.Fprintf(&tables, "\ntable \"bronze\" %q { from = source.mysql.%s }\n", name[1], name[1])
		}
		p.Write(t, map[string]string{"found.etl.hcl": found, "tables.etl.hcl": strings.TrimPrefix(tables.String(), "\n")})
		p.run(0, "fmt", "-check")
		p.run(0, "plan")
		p.run(0, "apply", "-auto-approve")
		for table, rows := range map[string]string{"orders": "3", names[0][1]: "2", "no_key": "0", "paid": "2"} {
			if got := p.query("SELECT count(*) FROM bronze." + table); got[0] != rows {
				t.Errorf("bronze.%s has %s rows instead of %s", table, got[0], rows)
			}
		}
		if again := p.run(0, "discover", "mysql", "connection.mysql.shop", "o*"); strings.Count(again.Stdout, "reads it already") != 1 {
			t.Errorf("discovered again\n%s", again.Stdout)
		}
	})
}
