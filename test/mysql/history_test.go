package mysql_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/automic-etl/etl/test/services"
)

// ownLab is a lab on a server that no other test uses.
func ownLab(t *testing.T, flavor string) (*lab, *services.Server) {
	t.Helper()
	server, err := services.Start(flavor)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return newLab(t, flavor, server.Env["ETL_TEST_"+strings.ToUpper(flavor)+"_DSN"]), server
}

// insert writes rows in transactions of their own.
func (l *lab) insert(from, to int) {
	l.t.Helper()
	for i := from; i <= to; i++ {
		l.exec(fmt.Sprintf("INSERT INTO orders VALUES (%d)", i))
	}
}

// TestHistoryBegunAnew resets the log and writes as many transactions as were read, or more: they have the names of others,
// which nothing but their time tells.
func TestHistoryBegunAnew(t *testing.T) {
	for _, flavor := range flavors {
		t.Run(flavor, func(t *testing.T) {
			l, _ := ownLab(t, flavor)
			for name, c := range map[string]struct{ read, again int }{
				"as many":                  {3, 3},
				"more":                     {3, 5},
				"after a snapshot":         {0, 0},
				"more than after snapshot": {0, 2},
			} {
				t.Run(name, func(t *testing.T) {
					l := *l
					l.t = t
					l.exec("DROP TABLE IF EXISTS orders", "RESET MASTER", "CREATE TABLE orders (id int primary key)")
					f := l.follow(table("orders"))
					f.run()
					l.insert(1, c.read)
					f.run()
					f.check("before")
					l.exec("INSERT INTO orders VALUES (100)")
					response, diags := f.plan()
					l.says(diags)
					time.Sleep(1100 * time.Millisecond) // MariaDB's times have seconds
					l.exec("RESET MASTER", "TRUNCATE TABLE orders")
					l.insert(201, 200+c.again)
					_, diags = f.plan()
					l.says(diags, "history is another one", "etl apply -resnapshot")
					l.exec("INSERT INTO orders VALUES (300)")
					if err := f.read(response); err == nil || !strings.Contains(err.Error(), "history is another one") || !strings.Contains(err.Error(), "-resnapshot") {
						t.Errorf("a read of another history ends with %v", err)
					}
					f.cursor = nil
					f.run()
					f.check("a new snapshot")
					l.insert(400, 401)
					f.run()
					f.check("changes after it")
				})
			}
		})
	}
}

// TestHistoryBegunAnewAfterPurge resets a log whose transactions were purged before the snapshot: there is nothing but its
// files by which it is known, and as many transactions are written again.
func TestHistoryBegunAnewAfterPurge(t *testing.T) {
	for _, flavor := range flavors {
		t.Run(flavor, func(t *testing.T) {
			l, _ := ownLab(t, flavor)
			l.exec("RESET MASTER", "CREATE TABLE orders (id int primary key)")
			l.insert(1, 3)
			l.exec("FLUSH BINARY LOGS")
			l.purge()
			f := l.follow(table("orders"))
			f.run()
			if strings.Contains(string(f.cursor), `"last"`) {
				t.Fatalf("the cursor %s has a transaction that is purged", f.cursor)
			}
			f.run()
			f.check("before")
			l.exec("RESET MASTER", "TRUNCATE TABLE orders")
			l.insert(201, 203)
			_, diags := f.plan()
			l.says(diags, "history is another one", "etl apply -resnapshot")
			l.exec("INSERT INTO orders VALUES (300)")
			if err := f.readOn(); err == nil || !strings.Contains(err.Error(), "history is another one") {
				t.Errorf("a read of another history ends with %v", err)
			}
			f.cursor = nil
			f.run()
			f.check("a new snapshot")
		})
	}
}

// TestHistoryGoesOn does to the log what leaves its history as it was: no run takes it for another one, and none misses a change.
func TestHistoryGoesOn(t *testing.T) {
	for _, flavor := range flavors {
		t.Run(flavor, func(t *testing.T) {
			l, server := ownLab(t, flavor)
			l.exec("CREATE TABLE orders (id int primary key)", "CREATE TABLE other (id int)")
			f := l.follow(table("orders"))
			f.run()
			next := 1
			for _, step := range []string{"nothing", "rotate", "purge", "restart", "purge", "rotate", "kill", "old cursor", "nothing"} {
				switch step {
				case "old cursor":
					f.cursor = oldCursor(t, f.cursor)
				case "rotate":
					l.exec("FLUSH BINARY LOGS", "INSERT INTO other VALUES (1)", "FLUSH BINARY LOGS")
				case "purge":
					l.exec("FLUSH BINARY LOGS")
					l.purge()
				case "restart":
					if err := errors.Join(server.Stop(), server.Resume()); err != nil {
						t.Fatal(err)
					}
				case "kill":
					if err := errors.Join(kill(server, l.flavor), server.Resume()); err != nil {
						t.Fatal(err)
					}
				}
				l.retry(func() error { return l.db.Ping() })
				f.run()
				f.check(step)
				l.insert(next, next+1)
				next += 2
				f.run()
				f.check("changes after " + step)
			}
		})
	}
}

// oldCursor is a cursor as it was before it kept by what a history is known again.
func oldCursor(t *testing.T, cursor []byte) []byte {
	t.Helper()
	var fields map[string]any
	err := json.Unmarshal(cursor, &fields)
	for _, name := range []string{"last", "gone", "unread", "file", "absent", "types"} {
		delete(fields, name)
	}
	old, more := json.Marshal(fields)
	if err := errors.Join(err, more); err != nil || bytes.Equal(old, cursor) {
		t.Fatalf("%v: the cursor %s keeps nothing new", err, cursor)
	}
	return old
}
