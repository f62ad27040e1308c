package mysql_test

import (
	"strings"
	"testing"
)

// TestNamesOfOthers changes which columns the names of columns stand for, within a run and from one to the next: rows that
// don't change tell nothing of it. Either plan and read say so, or the state is the table's.
func TestNamesOfOthers(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		for name, c := range map[string]struct {
			runs    [][]string // each is followed by a run, of which the last is looked at
			another bool
		}{
			"swapped":                   {[][]string{{"ALTER TABLE orders RENAME COLUMN a TO b, RENAME COLUMN b TO a"}}, true},
			"swapped by three":          {[][]string{{"ALTER TABLE orders CHANGE a t int", "ALTER TABLE orders CHANGE `b` a int", "ALTER TABLE orders CHANGE t b int"}}, true},
			"swapped by three runs":     {[][]string{{"ALTER TABLE orders CHANGE a t int"}, {"ALTER TABLE orders CHANGE `b` a int"}}, true},
			"onto a dropped one":        {[][]string{{"ALTER TABLE orders DROP a, RENAME COLUMN b TO a"}}, true},
			"onto one dropped before":   {[][]string{{"ALTER TABLE orders DROP a"}, {"UPDATE orders SET b = 9 WHERE id = 1"}, {"ALTER TABLE orders RENAME COLUMN b TO a"}}, true},
			"dropped and added":         {[][]string{{"ALTER TABLE orders DROP COLUMN a", "ALTER TABLE orders ADD COLUMN a int DEFAULT 7"}}, true},
			"dropped and added at once": {[][]string{{"ALTER TABLE orders DROP a, /* now */ ADD a int FIRST"}}, true},
			"dropped and added later":   {[][]string{{"ALTER TABLE orders DROP a"}, {"ALTER TABLE orders ADD (c int, `A` int)"}}, true},
			"added, dropped and added":  {[][]string{{"ALTER TABLE orders ADD c int"}, {"ALTER TABLE orders DROP c, ADD c int DEFAULT 8"}}, true},
			"there and back":            {[][]string{{"ALTER TABLE orders RENAME COLUMN a TO c", "ALTER TABLE orders RENAME COLUMN c TO a"}}, false},
			"tried twice":               {[][]string{{"ALTER TABLE orders ADD c int", "ALTER TABLE orders DROP c", "ALTER TABLE orders ADD c int"}}, false},
			"swapped after it was filled": {[][]string{{"UPDATE orders SET b = 5", "TRUNCATE TABLE orders", "INSERT INTO orders VALUES (1, 1, 10), (2, 2, 20)"},
				{"ALTER TABLE orders RENAME COLUMN a TO b, RENAME COLUMN b TO a"}}, true},
			"dropped":          {[][]string{{"ALTER TABLE orders DROP a"}, {"INSERT INTO orders VALUES (7, 7)"}}, false},
			"added":            {[][]string{{"ALTER TABLE orders ADD c int"}, {"UPDATE orders SET c = 5"}, {"ALTER TABLE orders MODIFY c bigint, CHANGE a A int", "ALTER TABLE orders CHANGE A a int"}}, false},
			"emptied":          {[][]string{{"TRUNCATE TABLE orders", "ALTER TABLE orders DROP a, ADD a int", "INSERT INTO orders VALUES (7, 7, 7)"}}, false},
			"another table":    {[][]string{{"DROP TABLE orders", "CREATE TABLE orders (id int primary key, b int, a int)", "INSERT INTO orders VALUES (7, 7, 8)"}}, false},
			"of another table": {[][]string{{"CREATE TABLE others LIKE orders", "ALTER TABLE others RENAME COLUMN a TO b, RENAME COLUMN b TO a"}}, false},
			"put in its place": {[][]string{{"CREATE TABLE others (id int primary key, b int, a int)", "INSERT INTO others SELECT * FROM orders", "DROP TABLE orders", "CREATE TABLE orders LIKE others", "INSERT INTO orders SELECT * FROM others"}}, false},
		} {
			t.Run(name, func(t *testing.T) {
				l := *l
				l.t = t
				l.exec("DROP TABLE IF EXISTS orders, others", "CREATE TABLE orders (id int primary key, a int, b int)", "INSERT INTO orders VALUES (1, 1, 10), (2, 2, 20)")
				f := l.follow(table("orders"))
				f.run()
				for i, statements := range c.runs {
					l.exec(statements...)
					if i < len(c.runs)-1 || !c.another {
						if f.run(); !c.another { // a column that is renamed alone is a new one
							f.check(strings.Join(statements, "; "))
						}
						continue
					}
					f.refused("Column that is another one")
					f.cursor = nil
					f.run()
					f.check("a new snapshot")
					l.exec("UPDATE orders SET id = id + 10")
					f.run()
					f.check("changes after it")
				}
			})
		}
	})
}

// TestNamesThatComeBack takes a snapshot of a table that has no column of a recorded name any more: another one that gets the
// name is said to be another, and one that is added has no values but the server's, of which the plan warns.
func TestNamesThatComeBack(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		const another, filled = "Column that is another one", "New column with values that no change tells"
		for name, c := range map[string]struct{ before, after, says string }{
			"renamed there and back": {"ALTER TABLE orders CHANGE a e int", "ALTER TABLE orders CHANGE e a int", another},
			"onto a dropped one":     {"ALTER TABLE orders DROP a", "ALTER TABLE orders CHANGE b a int", another},
			"in two":                 {"ALTER TABLE orders DROP a", "ALTER TABLE orders ADD a int; ALTER TABLE orders DROP a, CHANGE b a int", another},
			"with values":            {"ALTER TABLE orders DROP a", "ALTER TABLE orders ADD a int DEFAULT 7", filled},
			"without values":         {"ALTER TABLE orders DROP a", "ALTER TABLE orders ADD a int", ""},
			"in an emptied table":    {"ALTER TABLE orders DROP a", "TRUNCATE TABLE orders; ALTER TABLE orders CHANGE b a int; INSERT INTO orders VALUES (7, 7)", ""},
			"filled anew": {"ALTER TABLE orders ADD c int", "DROP TABLE orders; CREATE TABLE orders (id int primary key, b int); INSERT INTO orders VALUES (1, 1), (2, 2); " +
				"ALTER TABLE orders CHANGE b a int", another},
			"filled anew, with values": {"ALTER TABLE orders ADD c int", "TRUNCATE TABLE orders; ALTER TABLE orders DROP a; INSERT INTO orders VALUES (1, 1, 1), (2, 2, 2); " +
				"ALTER TABLE orders ADD a int DEFAULT 7", filled},
		} {
			t.Run(name, func(t *testing.T) {
				l := *l
				l.t = t
				l.exec("DROP TABLE IF EXISTS orders", "CREATE TABLE orders (id int primary key, a int, b int)", "INSERT INTO orders VALUES (1, 1, 10), (2, 2, 20)")
				f := l.follow(table("orders"))
				f.run()
				l.exec(c.before)
				f.cursor = nil
				f.run()
				l.exec("UPDATE orders SET id = 11 WHERE id = 1")
				f.run()
				l.exec(strings.Split(c.after, "; ")...)
				if c.says == another {
					f.refused(another)
					return
				}
				response, diags := f.plan()
				l.says(diags)
				if got := response.Warnings.Error(); strings.Contains(got, filled) != (c.says == filled) {
					t.Errorf("the plan says %s", got)
				}
				f.run()
				if c.says == "" {
					f.check("changes")
				}
				if response, _ = f.plan(); len(response.Warnings) > 0 || response.Changed {
					t.Errorf("it is said again: %+v", response)
				}
			})
		}
	})
}

// TestLakeNamesOfOthers goes the way that the words about a column that is another one name.
func TestLakeNamesOfOthers(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE orders (id int primary key, a int)", "INSERT INTO orders VALUES (1, 1), (2, 2)")
		p := l.open(followedOrders)
		p.run(0, "apply", "-auto-approve")
		l.exec("ALTER TABLE orders ADD b int") // nothing but its columns is new
		p.run(2, "plan", "-detailed-exitcode")
		p.run(0, "apply", "-auto-approve")
		p.run(0, "plan", "-detailed-exitcode")
		l.exec("ALTER TABLE orders DROP a, ADD a int DEFAULT 5", "UPDATE orders SET b = 3 WHERE id = 1")
		way := "etl apply -resnapshot=table.bronze.orders"
		for _, verb := range []string{"plan", "apply"} {
			if r := p.run(1, verb); !r.Says("Column that is another one", "ALTER TABLE orders DROP a, ADD a int DEFAULT 5", way) {
				t.Errorf("etl %s says\n%s", verb, r.Output())
			}
		}
		p.run(0, "apply", "-auto-approve", "-resnapshot=table.bronze.orders")
		if got := strings.Join(p.query("SELECT id, a, b FROM bronze.orders ORDER BY id"), " "); got != "1,5,3 2,5," {
			t.Errorf("it holds %s", got)
		}
		p.run(0, "plan", "-detailed-exitcode")
		l.exec("ALTER TABLE orders CHANGE b c int") // the table keeps b, of which the next snapshot finds nothing
		p.run(0, "apply", "-auto-approve", "-resnapshot=table.bronze.orders")
		l.exec("ALTER TABLE orders CHANGE c b int", "UPDATE orders SET a = 6 WHERE id = 1")
		if r := p.run(1, "plan"); !r.Says("Column that is another one", way) {
			t.Error(r.Output())
		}
		p.run(0, "apply", "-auto-approve", "-resnapshot=table.bronze.orders")
		if got := strings.Join(p.query("SELECT id, a, b FROM bronze.orders ORDER BY id"), " "); got != "1,6,3 2,5," {
			t.Errorf("it holds %s", got)
		}
	})
}
