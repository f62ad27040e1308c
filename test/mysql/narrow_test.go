package mysql_test

import (
	"strings"
	"testing"
)

// TestNarrowedColumns has the server round values, which the log doesn't tell: the plan does, until it was applied.
func TestNarrowedColumns(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		const warning = "Values that the server may have changed"
		l.exec("CREATE TABLE orders (id int primary key, at datetime(3), v varchar(20))", "INSERT INTO orders VALUES (1, '2024-01-01 10:00:00.777', 'a')")
		f := l.follow(table("orders"))
		says := func(what string, want bool) {
			t.Helper()
			response, diags := f.plan()
			l.says(diags)
			if got := response.Warnings.Error(); strings.Contains(got, warning) != want {
				t.Errorf("%s: the plan says %q", what, got)
			}
		}
		f.run()
		says("a snapshot", false)
		l.exec("ALTER TABLE orders MODIFY at datetime(6), MODIFY v varchar(50)")
		says("wider", false)
		f.run()
		l.exec("ALTER TABLE orders MODIFY at datetime")
		says("narrower", true)
		says("narrower, again", true)
		f.run()
		says("read", false)
		f.cursor = nil
		f.run()
		f.check("a new snapshot")
		says("a new snapshot", false)
	})
}
