package mysql_test

import (
	"database/sql"
	"fmt"
	"testing"
)

// TestRolledBack writes transactions that are rolled back, in whole or to a savepoint, in ways that have the server log them
// though: with something in them that it can't take back. Other statements in them are no end of theirs.
func TestRolledBack(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE orders (id int primary key, v varchar(20), n int unique)", "CREATE TABLE audit (id int) ENGINE=MyISAM", "CREATE TABLE audited (id int)",
			"CREATE TRIGGER audits AFTER INSERT ON audited FOR EACH ROW INSERT INTO audit VALUES (NEW.id)")
		f := l.follow(table("orders"))
		f.run()
		id := 0
		insert := func(v string) string {
			id++
			return fmt.Sprintf("INSERT INTO orders VALUES (%d, '%s', %d)", id, v, id)
		}
		kept := []string{"CREATE TEMPORARY TABLE temporary_%d (a int)"}
		if l.flavor == "mariadb" { // MySQL takes no such changes in a transaction that has a GTID
			kept = append(kept, "INSERT INTO audit VALUES (%d)", "INSERT INTO audited VALUES (%d)")
		}
		for i, cannotBeUndone := range kept {
			odd := func() string { id++; return fmt.Sprintf(cannotBeUndone, id) }
			duplicate := fmt.Sprintf("INSERT IGNORE INTO orders VALUES (%d, 'one', 7), (%d, 'another', 7)", 1000+i, 2000+i)
			for name, statements := range map[string][]string{
				"all":                     {"BEGIN", insert("back"), odd(), "ROLLBACK"},
				"first":                   {"BEGIN", odd(), insert("back"), "ROLLBACK WORK"},
				"savepoint":               {"BEGIN", insert("a"), "SAVEPOINT s", insert("back"), odd(), "ROLLBACK TO s", insert("c"), "COMMIT"},
				"savepoint at first":      {"BEGIN", "SAVEPOINT s", insert("back"), odd(), "ROLLBACK TO s", insert("c"), "COMMIT"},
				"of two":                  {"BEGIN", odd(), insert("a"), "SAVEPOINT `s x`", insert("b"), "SAVEPOINT t", insert("back"), odd(), "ROLLBACK TO SAVEPOINT T", insert("c"), "COMMIT"},
				"of two the first":        {"BEGIN", odd(), insert("a"), "SAVEPOINT s", insert("back"), "SAVEPOINT t", insert("back"), odd(), "ROLLBACK TO `S`", insert("c"), "COMMIT"},
				"twice":                   {"BEGIN", insert("a"), "SAVEPOINT s", insert("back"), odd(), "ROLLBACK TO s", insert("back"), odd(), "ROLLBACK TO s", "COMMIT"},
				"savepoint anew":          {"BEGIN", odd(), "SAVEPOINT s", insert("a"), "SAVEPOINT s", insert("back"), odd(), "ROLLBACK TO s", insert("c"), "COMMIT"},
				"released":                {"BEGIN", odd(), "SAVEPOINT s", insert("a"), "SAVEPOINT t", insert("b"), odd(), "RELEASE SAVEPOINT t", insert("c"), "COMMIT"},
				"savepoint, and then all": {"BEGIN", insert("back"), "SAVEPOINT s", insert("back"), odd(), "ROLLBACK TO s", insert("back"), "ROLLBACK"},
				"part of a statement":     {"BEGIN", odd(), duplicate, insert("a"), "COMMIT"},
			} {
				l.session(statements...)
				f.run()
				f.check(fmt.Sprintf("%s, with %s", name, cannotBeUndone))
			}
		}
		if len(f.state) == 0 {
			t.Error("nothing was committed")
		}
	})
}

// TestStatementsWithin has statements inside of transactions that are one of their own elsewhere.
func TestStatementsWithin(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE orders (id int primary key, v varchar(20))", "INSERT INTO orders VALUES (1, 'x')")
		f := l.follow(table("orders"))
		f.run()
		cases := map[string][]string{
			"temporary tables": {"CREATE TEMPORARY TABLE tt (a int)", "BEGIN", "INSERT INTO orders VALUES (101, LEFT(UUID(), 5))", "DROP TEMPORARY TABLE tt",
				"INSERT INTO orders VALUES (102, LEFT(UUID(), 5))", "CREATE TEMPORARY TABLE tt (a int)", "INSERT INTO orders VALUES (103, LEFT(UUID(), 5))", "COMMIT"},
		}
		if l.flavor == "mariadb" { // MySQL takes no such statement before 8.0.21
			cases["mixed"] = append([]string{"SET SESSION binlog_format = MIXED"}, cases["temporary tables"]...)
			cases["rows of a definition"] = []string{"CREATE OR REPLACE TABLE orders (id int primary key, v varchar(20)) SELECT 4 AS id, 'x' AS v UNION SELECT 5, 'y'"}
			cases["a definition that fails"] = []string{"CREATE OR REPLACE TABLE orders (id int primary key, v varchar(20)) SELECT 8 AS id, 'x' AS v UNION SELECT 8, 'y'",
				"CREATE TABLE orders (id int primary key, v varchar(20))", "INSERT INTO orders VALUES (9, 'z')"}
			cases["rows of a new table"] = []string{"DROP TABLE orders", "CREATE TABLE orders (id int primary key, v varchar(20)) SELECT 6 AS id, 'x' AS v UNION SELECT 7, 'y'"}
		}
		for name, statements := range cases {
			if name == "a definition that fails" {
				if _, err := l.db.Exec(statements[0]); err == nil {
					t.Errorf("%s succeeds", statements[0])
				}
				statements = statements[1:]
			}
			l.session(statements...)
			f.run()
			f.check(name)
			l.exec("DELETE FROM orders WHERE id > 100")
			f.run()
			f.check(name + ", and after that")
		}
	})
}

// TestTablesByCase has a table beside the one that is followed whose name differs by its case alone.
func TestTablesByCase(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE orders (id int primary key, v int)", "INSERT INTO orders VALUES (1, 1), (2, 2)", "CREATE TABLE Orders (id int primary key, v int)")
		f := l.follow(table("orders"))
		f.run()
		for _, statement := range []string{"TRUNCATE TABLE Orders", "ALTER TABLE Orders DROP v, ADD v int", "RENAME TABLE Orders TO ORDERS", "DROP TABLE ORDERS"} {
			l.exec(statement, "INSERT INTO orders SELECT MAX(id) + 1, 3 FROM orders")
			f.run()
			f.check(statement)
		}
		if l.exec("TRUNCATE TABLE orders"); f.run().Rows != 1 {
			t.Error("the table's own truncation isn't seen")
		}
		f.check("truncated")
	})
}

// session runs statements on a connection of their own.
func (l *lab) session(statements ...string) {
	l.t.Helper()
	db, err := sql.Open("mysql", l.config.FormatDSN())
	if err != nil {
		l.t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			l.t.Fatalf("%s: %v", statement, err)
		}
	}
}
