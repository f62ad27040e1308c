package mysql_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/test/services"
)

// writer changes a table at random: inserts, updates of values and keys, deletions, in transactions of several changes,
// some of which are rolled back.
type writer struct {
	random *rand.Rand
	table  string
	extra  []string // columns that were added
	gone   []string // and dropped
	made   int
	moved  bool // a name was given to another column
}

func (w *writer) change() string {
	a, b := w.random.IntN(40), w.random.IntN(4)
	value := fmt.Sprintf("'%s'", strings.Repeat(string(rune('a'+w.random.IntN(26))), w.random.IntN(30)))
	switch w.random.IntN(8) {
	case 0, 1, 2:
		return fmt.Sprintf("INSERT INTO %s (a, b, v, n) VALUES (%d, 'k%d', %s, %d) ON DUPLICATE KEY UPDATE v = VALUES(v)", w.table, a, b, value, a*b)
	case 3:
		if len(w.extra) > 0 {
			return fmt.Sprintf("UPDATE %s SET %s = %s WHERE a < %d", w.table, w.extra[w.random.IntN(len(w.extra))], value, a)
		}
		fallthrough
	case 4:
		return fmt.Sprintf("UPDATE %s SET v = %s, n = NULLIF(n, %d) WHERE b = 'k%d'", w.table, value, a, b)
	case 5: // not UPDATE IGNORE: MariaDB runs triggers for rows that it then leaves as they are
		to := w.random.IntN(4)
		return fmt.Sprintf("UPDATE %s SET b = 'k%d', a = a + 1 WHERE b = 'k%d' AND a = %d AND NOT EXISTS (SELECT 1 FROM (SELECT a, b FROM %s) AS s WHERE s.b = 'k%d' AND s.a = %d)",
			w.table, to, b, a, w.table, to, a+1)
	case 6:
		return fmt.Sprintf("DELETE FROM %s WHERE a = %d", w.table, a)
	default:
		return fmt.Sprintf("REPLACE INTO %s (a, b, v) VALUES (%d, 'k%d', %s)", w.table, a, b, value)
	}
}

// definition changes the table's columns, or empties it.
func (w *writer) definition() string {
	switch n := w.random.IntN(8); {
	case n == 0:
		return "TRUNCATE TABLE " + w.table
	case n == 1 && len(w.extra) > 0:
		gone := w.extra[0]
		w.extra, w.gone = w.extra[1:], append(w.gone, gone)
		return "ALTER TABLE " + w.table + " DROP COLUMN " + gone
	case n == 2:
		return "ALTER TABLE " + w.table + " MODIFY n bigint, ALGORITHM=COPY"
	case n == 3:
		return "OPTIMIZE TABLE " + w.table
	case n >= 5 && len(w.extra)+len(w.gone) > 0:
		return w.movedName()
	default:
		w.made++
		w.extra = append(w.extra, fmt.Sprintf("x%d", w.made))
		return fmt.Sprintf("ALTER TABLE %s ADD COLUMN x%d varchar(40) %s", w.table, w.made, []string{"", "FIRST", "AFTER b"}[w.random.IntN(3)])
	}
}

// movedName gives a name to another column.
func (w *writer) movedName() string {
	w.moved = true
	if len(w.gone) > 0 {
		again := w.gone[0]
		w.gone, w.extra = w.gone[1:], append(w.extra, again)
		return "ALTER TABLE " + w.table + " ADD COLUMN `" + strings.ToUpper(again[:1]) + again[1:] + "` varchar(40)"
	}
	a, b := w.extra[0], w.extra[len(w.extra)-1]
	if a == b {
		return fmt.Sprintf("ALTER TABLE %s DROP %s, ADD %s varchar(40)", w.table, a, a)
	}
	return fmt.Sprintf("ALTER TABLE %s CHANGE %s %s varchar(40), /* swapped */ CHANGE COLUMN %s %s varchar(40)", w.table, a, b, b, a)
}

func (w *writer) transaction(db *sql.DB) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	for range 1 + w.random.IntN(6) {
		if _, err := tx.Exec(w.change()); err != nil {
			return fmt.Errorf("%w, %w", err, tx.Rollback())
		}
	}
	if w.random.IntN(8) == 0 {
		return tx.Rollback()
	}
	return tx.Commit()
}

const randomTable = "CREATE TABLE shop (a int, b varchar(9), v varchar(40) character set latin1, n int, primary key (b, a))"

// TestRandomChanges applies at random boundaries: the state is always the table's. Where a name was given to another column
// it may take a new snapshot for that, and only there.
func TestRandomChanges(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		said := 0
		for seed := range uint64(6) {
			w := &writer{random: rand.New(rand.NewPCG(seed, 9)), table: "shop"}
			l.exec("DROP TABLE IF EXISTS shop", randomTable)
			f := l.follow(table("shop"))
			for step := range 15 {
				for range w.random.IntN(6) {
					if w.random.IntN(6) == 0 {
						l.exec(w.definition())
					} else if err := w.transaction(l.db); err != nil {
						t.Fatal(err)
					}
				}
				if _, diags := f.plan(); diags.HasErrors() {
					said++
					if !w.moved || !strings.Contains(diags.Error(), "Column that is another one") {
						t.Fatalf("seed %d, step %d: %v", seed, step, diags)
					}
					f.cursor = nil
				}
				f.run()
				f.check(fmt.Sprintf("seed %d, step %d", seed, step))
				w.moved = false
			}
		}
		if said == 0 {
			t.Error("no name was given to another column")
		}
	})
}

// rounds are how often the server is disturbed while a writer writes.
const rounds = 12

// TestDisturbed ends the provider's connections, restarts the server and kills it while changes are written and read. The
// log of changes has each position once, in order, and in the end the state is the table's.
func TestDisturbed(t *testing.T) {
	for _, flavor := range flavors {
		t.Run(flavor, func(t *testing.T) {
			own, err := services.Start(flavor)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = own.Close() })
			l := newLab(t, flavor, own.Env["ETL_TEST_"+strings.ToUpper(flavor)+"_DSN"])
			l.exec(randomTable, "CREATE USER follower@'%' IDENTIFIED BY 'etl'", "GRANT ALL ON *.* TO follower@'%'")
			f := l.follow(table("shop"))
			f.cfg.Connection = l.connection(map[string]cty.Value{"user": cty.StringVal("follower")})
			f.run()
			stop := l.write()
			for round := range rounds {
				l.disturbed(f, own, round)
			}
			stop()
			l.retry(func() error { return l.db.Ping() })
			f.run()
			f.check("the end")
			if len(f.state) == 0 {
				t.Error("nothing was left to compare")
			}
		})
	}
}

// write goes on writing, whatever happens to the server, until it is stopped.
func (l *lab) write() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() {
		w := &writer{random: rand.New(rand.NewPCG(7, 7)), table: "shop"}
		for ctx.Err() == nil {
			if w.transaction(l.db) != nil {
				time.Sleep(20 * time.Millisecond)
			}
		}
	})
	return func() { cancel(); group.Wait() }
}

// disturbed reads while something happens. A read that fails is repeated from where the last one ended.
func (l *lab) disturbed(f *followed, server *services.Server, round int) {
	l.t.Helper()
	random := rand.New(rand.NewPCG(uint64(round), 1))
	happened := make(chan error, 1)
	go func() {
		time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond)
		switch round % 4 {
		case 0:
			happened <- errors.Join(server.Stop(), server.Resume())
		case 1:
			happened <- errors.Join(kill(server, l.flavor), server.Resume())
		default:
			happened <- l.endConnections("follower")
		}
	}()
	defer func() {
		if err := <-happened; err != nil {
			l.t.Error(err)
		}
	}()
	l.retry(func() error {
		response, diags := f.plan()
		if diags.HasErrors() {
			return diags
		}
		return f.read(response)
	})
}

// retry tries until it succeeds, which it must at last.
func (l *lab) retry(try func() error) {
	l.t.Helper()
	var err error
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if err = try(); err == nil {
			return
		}
	}
	l.t.Fatal(err)
}

// endConnections ends all connections of a user.
func (l *lab) endConnections(user string) error {
	rows, err := l.db.Query("SELECT id FROM information_schema.processlist WHERE user = ?", user)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return err
		}
		_, _ = l.db.Exec(fmt.Sprintf("KILL CONNECTION %d", id)) // it may be gone already
	}
	return rows.Err()
}

// kill ends the server's process at once, and waits until nothing of it is left.
func kill(server *services.Server, flavor string) error {
	text, err := os.ReadFile(filepath.Join(server.Dir, flavor, "pid"))
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.Fields(string(text))[0])
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return err
	}
	for range 200 {
		if ended(pid) && !answers(server.Port) {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("the server of process %d is not dead", pid)
}

// ended is whether a process has no leader any more. Its other threads may still hold its port.
func ended(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || bytes.Contains(stat, []byte(") Z "))
}

func answers(port int) bool {
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}
