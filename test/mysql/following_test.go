package mysql_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/sdk"
)

// TestFollowingNeeds takes one thing after the other away that following needs, and holds the words against what helps.
func TestFollowingNeeds(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE orders (id int primary key)", "CREATE TABLE isam (id int primary key) ENGINE=MyISAM", "CREATE VIEW seen AS SELECT * FROM orders")
		set := "SET PERSIST"
		if l.flavor == "mariadb" {
			set = "SET GLOBAL"
		}
		for _, c := range []struct {
			variable, value, good string
			want                  []string
		}{
			{"binlog_format", "'STATEMENT'", "'ROW'", []string{"Binary log not ready", set + " binlog_format = ROW"}},
			{"binlog_row_image", "'MINIMAL'", "'FULL'", []string{"Binary log not ready", set + " binlog_row_image = FULL"}},
			{"binlog_row_metadata", "'MINIMAL'", "'FULL'", []string{"Binary log not ready", set + " binlog_row_metadata = FULL"}},
		} {
			l.exec("SET GLOBAL " + c.variable + " = " + c.value)
			_, diags := l.follow(table("orders")).plan()
			l.exec("SET GLOBAL " + c.variable + " = " + c.good)
			l.says(diags, c.want...)
		}
		for name, want := range map[string]string{"isam": "ENGINE = InnoDB", "seen": "Changes of a view"} {
			_, diags := l.follow(table(name)).plan()
			l.says(diags, want)
		}
		l.exec("GRANT SELECT ON `" + l.database + "`.* TO reader@'%'")
		reader := func() sdk.Diagnostics {
			f := l.follow(table("orders"))
			f.cfg.Connection = l.connection(map[string]cty.Value{"user": cty.StringVal("reader")})
			response, diags := f.plan()
			if !diags.HasErrors() {
				if err := f.read(response); err != nil {
					t.Error(err)
				}
			}
			return diags
		}
		if l.flavor == "mysql" {
			l.says(reader(), "Privilege missing", "GRANT LOCK TABLES ON")
			l.exec("GRANT LOCK TABLES ON `" + l.database + "`.* TO reader@'%'")
		}
		l.says(reader(), "Privilege missing", "GRANT REPLICATION SLAVE")
		l.exec("GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO reader@'%'")
		l.says(reader())
		l.exec("REVOKE REPLICATION SLAVE, REPLICATION CLIENT ON *.* FROM reader@'%'")
	})
}

// says looks for texts; none are wanted where nothing is wrong.
func (l *lab) says(diags sdk.Diagnostics, want ...string) {
	l.t.Helper()
	if (len(want) > 0) != diags.HasErrors() {
		l.t.Errorf("%v instead of %v", diags, want)
	}
	for _, text := range want {
		if !strings.Contains(diags.Error(), text) {
			l.t.Errorf("%q is not in %v", text, diags)
		}
	}
}

// TestLogLost purges what was not read, and resets the log.
func TestLogLost(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE orders (id int primary key)")
		f := l.follow(table("orders"))
		f.run()
		l.exec("INSERT INTO orders VALUES (1)", "FLUSH BINARY LOGS")
		f.run()
		before := f.cursor
		l.exec("INSERT INTO orders VALUES (2)", "FLUSH BINARY LOGS", "INSERT INTO orders VALUES (3)")
		response, diags := f.plan()
		l.says(diags)
		l.purge()
		_, diags = f.plan()
		l.says(diags, "Changes are gone from the binary log", "etl apply -resnapshot")
		if err := f.read(response); err == nil || !strings.Contains(err.Error(), "-resnapshot") {
			t.Errorf("a read of purged changes ends with %v", err)
		}
		f.cursor = nil
		f.run()
		f.check("a new snapshot")
		l.exec("INSERT INTO orders VALUES (4)")
		f.run()
		f.check("changes after it")
		l.exec("RESET MASTER", "INSERT INTO orders VALUES (5)")
		_, diags = f.plan()
		l.says(diags, "history is another one", "etl apply -resnapshot")
		f.cursor = before
		_, diags = f.plan()
		l.says(diags, "-resnapshot")
		f.cursor = nil
		f.run()
		f.check("after a reset")
	})
}

// purge leaves the newest file of the log alone.
func (l *lab) purge() {
	l.t.Helper()
	newest := l.text("SHOW BINARY LOGS", -1)
	for l.text("SHOW BINARY LOGS", 0) != newest { // a file that a reader has only just left is kept
		l.exec("PURGE BINARY LOGS TO '" + newest + "'")
		time.Sleep(50 * time.Millisecond)
	}
}

// text is the first column of one row of a query; -1 is the last.
func (l *lab) text(query string, which int) string {
	l.t.Helper()
	rows, err := l.db.Query(query)
	if err != nil {
		l.t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		l.t.Fatal(err)
	}
	var found []string
	for rows.Next() {
		values := make([]any, len(names))
		for i := range values {
			values[i] = new(any)
		}
		var text string
		values[0] = &text
		if err := rows.Scan(values...); err != nil {
			l.t.Fatal(err)
		}
		found = append(found, text)
	}
	if err := rows.Err(); err != nil {
		l.t.Fatal(err)
	}
	if which < 0 {
		which += len(found)
	}
	return found[which]
}

// TestUnfollowable checks statements whose effect the log's rows don't tell: none is overlooked.
func TestUnfollowable(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		own := "`" + l.database + "`.orders"
		for name, statements := range map[string][]string{
			"another table of its name": {"CREATE TABLE next LIKE orders", "RENAME TABLE orders TO old, next TO orders"},
			"renamed by alter":          {"CREATE TABLE next LIKE orders", "DROP TABLE orders", "ALTER TABLE next RENAME orders"},
			"a partition emptied":       {"ALTER TABLE " + own + " TRUNCATE PARTITION p0"},
			"a partition dropped":       {"ALTER TABLE orders DROP PARTITION p0"},
			"a statement":               {"SET SESSION binlog_format = 'STATEMENT'", "INSERT INTO orders VALUES (7, 7)", "SET SESSION binlog_format = 'ROW'"},
			"rows in part":              {"SET SESSION binlog_row_image = 'MINIMAL'", "UPDATE orders SET n = 8", "SET SESSION binlog_row_image = 'FULL'"},
			"no names":                  {"SET GLOBAL binlog_row_metadata = 'MINIMAL'", "UPDATE orders SET n = 9", "SET GLOBAL binlog_row_metadata = 'FULL'"},
			"a distributed transaction": {"XA START 'x'", "UPDATE orders SET n = 9", "XA END 'x'", "XA PREPARE 'x'", "XA ROLLBACK 'x'"},
		} {
			l.exec("DROP TABLE IF EXISTS orders, old, next", "CREATE TABLE orders (id int primary key, n int) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (5), "+
				"PARTITION p1 VALUES LESS THAN MAXVALUE)", "INSERT INTO orders VALUES (1, 1), (6, 6)")
			f := l.follow(table("orders"))
			f.run()
			conn, err := l.db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, statement := range statements {
				if _, err := conn.ExecContext(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
			}
			conn.Close()
			_, diags := f.plan()
			err = f.readOn()
			if l.flavor == "mariadb" && name == "a distributed transaction" && err == nil { // it logs what was committed
				l.says(diags)
				f.check(name)
				continue
			}
			l.says(diags, "-resnapshot")
			if err == nil || !strings.Contains(err.Error(), "-resnapshot") {
				t.Errorf("%s: %v", name, err)
			}
			f.cursor = nil
			f.run()
			f.check(name)
		}
	})
}

// TestAlteredWithoutRows drops what is in the way of an index, as MariaDB alone does, and not in the way of a column.
func TestAlteredWithoutRows(t *testing.T) {
	l := newLab(t, "mariadb", env(t, "mariadb")["ETL_TEST_MARIADB_DSN"])
	l.exec("CREATE TABLE orders (id int primary key, v varchar(9))", "INSERT INTO orders VALUES (1, 'a'), (2, 'a'), (3, 'b')")
	f := l.follow(table("orders"))
	f.run()
	l.exec("ALTER IGNORE TABLE orders ADD COLUMN n int")
	f.run()
	f.check("a column")
	l.exec("ALTER IGNORE TABLE orders ADD UNIQUE (v)")
	f.refused("Change that rows don't tell")
	f.cursor = nil
	f.run()
	f.check("begun anew")
}

// readOn reads on to where the log is now, as if the plan had not come to look at it.
func (f *followed) readOn() error {
	f.lab.t.Helper()
	cursor := f.cursor
	f.cursor = nil
	response, diags := f.plan()
	f.lab.says(diags)
	f.cursor = cursor
	return f.read(response)
}

// refused has a plan and a read stop for a reason, with a new snapshot as the way out.
func (f *followed) refused(summary string) {
	f.lab.t.Helper()
	_, diags := f.plan()
	f.lab.says(diags, summary, "etl apply -resnapshot")
	if err := f.readOn(); err == nil || !strings.Contains(err.Error(), summary) {
		f.lab.t.Errorf("the read ends with %v", err)
	}
}

// TestLogForms reads rows that are compressed, long, many, or in a table with many columns, and files that change.
func TestLogForms(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		columns := make([]string, 300)
		for i := range columns {
			columns[i] = fmt.Sprintf("c%d int", i)
		}
		l.exec("CREATE TABLE forms (id int primary key, v longtext, "+strings.Join(columns, ", ")+") ROW_FORMAT=DYNAMIC", "CREATE TABLE seeds (id int)")
		f := l.follow(table("forms"))
		f.run()
		if l.flavor == "mariadb" {
			l.exec("SET GLOBAL log_bin_compress = ON")
			defer l.exec("SET GLOBAL log_bin_compress = OFF")
		}
		l.fill("seeds", 2000, func(i int) string { return fmt.Sprint(i) })
		l.exec("INSERT INTO forms (id, v, c299) SELECT id, REPEAT('long ', id), id FROM seeds", "UPDATE forms SET c7 = id WHERE id % 2 = 0", "FLUSH BINARY LOGS",
			"DELETE FROM forms WHERE id % 3 = 0", "FLUSH BINARY LOGS", "INSERT INTO forms (id, v) VALUES (-1, REPEAT('x', 3000000))")
		f.run()
		f.check("forms")
	})
}

// TestOrigins follows transactions of MariaDB whose domain, or server, is new: as after a failover, or of an application that
// has a domain of its own.
func TestOrigins(t *testing.T) {
	l := newLab(t, "mariadb", env(t, "mariadb")["ETL_TEST_MARIADB_DSN"])
	l.exec("CREATE TABLE orders (id int primary key)")
	f := l.follow(table("orders"))
	f.run()
	conn, err := l.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	next := 0
	for round, origin := range []string{"gtid_domain_id = 3", "server_id = 77", "gtid_domain_id = 0", "server_id = 78", "server_id = 77"} {
		if _, err := conn.ExecContext(t.Context(), "SET SESSION "+origin); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			next++
			if _, err := conn.ExecContext(t.Context(), fmt.Sprintf("INSERT INTO orders VALUES (%d)", next)); err != nil {
				t.Fatal(err)
			}
		}
		f.run()
		f.check(fmt.Sprintf("round %d", round))
	}
}

// TestLocked takes a snapshot while a transaction holds the table, and one writes to it.
func TestLocked(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE orders (id int primary key)", "INSERT INTO orders VALUES (1)")
		f := l.follow(table("orders"))
		tx, err := l.db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec("INSERT INTO orders VALUES (2)"); err != nil {
			t.Fatal(err)
		}
		response, diags := f.plan()
		l.says(diags)
		done := make(chan error, 1)
		go func() { done <- f.read(response) }()
		if l.flavor == "mysql" {
			if err := <-done; err == nil { // it waits for the writer no longer than its patience with the lock
				t.Error("the snapshot did not wait for the writer")
			}
		} else if err := <-done; err != nil {
			t.Error(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		f.run()
		f.check("after the transaction")
	})
}
