package mysql_test

import (
	"slices"
	"strings"
	"testing"
)

// TestOthersCommits plans after commits to other tables: a table without changes has none to apply, until what it has not
// read of the log may be purged.
func TestOthersCommits(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE orders (id int primary key)", "CREATE TABLE other (id int primary key, v longblob)", "INSERT INTO orders VALUES (1)")
		p := l.open(followedOrders)
		p.run(0, "apply", "-auto-approve")
		for _, step := range []struct {
			statements []string
			code       int
			says       string
		}{
			{nil, 0, "No changes"},
			{[]string{"INSERT INTO other VALUES (1, NULL)", "UPDATE other SET id = 2", "CREATE TABLE another (id int)"}, 0, "No changes"},
			{[]string{"INSERT INTO orders VALUES (2)", "INSERT INTO orders VALUES (3)", "DELETE FROM orders WHERE id = 1"}, 2, "3 rows"},
			{[]string{"INSERT INTO other VALUES (3, NULL)"}, 0, "No changes"},
			{[]string{"FLUSH BINARY LOGS"}, 2, "a file of the log that may be purged"},
			{[]string{"FLUSH BINARY LOGS"}, 0, "No changes"},
			{[]string{"INSERT INTO other SELECT id + 10, REPEAT('x', 8000000) FROM other", "UPDATE other SET v = REPEAT('y', 3000000)"}, 2, "MB of the log"},
			{[]string{"TRUNCATE TABLE other", "TRUNCATE TABLE orders"}, 2, "1 row"},
		} {
			l.exec(step.statements...)
			r := p.run(step.code, "plan", "-detailed-exitcode")
			if said := strings.Join(strings.Fields(r.Output()), " "); !strings.Contains(said, step.says) {
				t.Errorf("after %v the plan says\n%s", step.statements, r.Output())
			}
			if step.code != 2 || strings.Contains(step.says, "purged") {
				if r := p.run(step.code, "plan", "-detailed-exitcode"); !r.Says(step.says) { // planning alone changes nothing
					t.Errorf("after %v and a plan another one says\n%s", step.statements, r.Output())
				}
			}
			if step.code == 2 {
				p.run(0, "apply", "-auto-approve")
			}
			got := p.query("SELECT id FROM bronze.orders ORDER BY id")
			if want := l.texts("SELECT id FROM orders"); !slices.Equal(got, want) && (len(want) > 0 || strings.Join(got, "") != "") {
				t.Errorf("after %v it holds %v instead of %v", step.statements, got, want)
			}
		}
	})
}
