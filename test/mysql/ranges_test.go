package mysql_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/zclconf/go-cty/cty"
)

// grown is enough rows for several connections.
const grown = 60_000

// fill inserts rows of the given columns, many at a time.
func (l *lab) fill(table string, n int, row func(i int) string) {
	l.t.Helper()
	for from := 0; from < n; from += 5000 {
		rows := make([]string, 0, 5000)
		for i := from; i < min(from+5000, n); i++ {
			rows = append(rows, "("+row(i)+")")
		}
		l.exec("INSERT INTO " + table + " VALUES " + strings.Join(rows, ", "))
	}
	l.exec("ANALYZE TABLE " + table)
}

// TestRanges reads tables whose keys are cut in different ways: each row arrives once, in the key's order, with numbers
// that leave nothing out.
func TestRanges(t *testing.T) {
	shuffled := rand.New(rand.NewPCG(1, 2)).Perm(grown)
	tables := []struct {
		name, create, order string
		row                 func(i int) string
	}{
		{"dense", "id int primary key, v int", "id", func(i int) string { return fmt.Sprintf("%d, %d", i*2-1000, i) }},
		{"wide", "id bigint unsigned primary key, v int", "id", func(i int) string { return fmt.Sprintf("%d, %d", uint64(i)*307_445_734_561_825, i) }},
		{"whole", "id bigint primary key, v int", "id", func(i int) string {
			return fmt.Sprintf("%d, %d", -9_223_372_036_854_775_808+int64(i)*2, i)
		}},
		{"words", "id varchar(40) character set latin1 primary key, v int", "id", func(i int) string { return fmt.Sprintf("'k%d-é', %d", shuffled[i], i) }},
		{"pair", "a varchar(9), b date, c decimal(30,10), v int, primary key (a, b, c)", "a, b, c", func(i int) string {
			return fmt.Sprintf("'%c', '2024-01-01' + interval %d day, 12345678901234567890.%05d, %d", 'a'+i%3, i%40, i, i)
		}},
		{"bytes", "id binary(16) primary key, v int", "id", func(i int) string { return fmt.Sprintf("unhex(md5('%d')), %d", i, i) }},
		{"moments", "at datetime(6) not null, k int unsigned not null, v int, unique key u (at, k), key (at)", "at, k", func(i int) string {
			return fmt.Sprintf("'2024-01-01' + interval %d microsecond, %d, %d", i%100, i, i)
		}},
		{"unnamed", "id enum('a', 'b'), k int, v int, primary key (id, k)", "id, k", func(i int) string { return fmt.Sprintf("%d, %d, %d", 1+i%2, i, i) }},
	}
	each(t, func(t *testing.T, l *lab) {
		for _, table := range tables {
			l.exec("CREATE TABLE " + table.name + " (" + table.create + ")")
			l.fill(table.name, grown, table.row)
			l.compareOrder(table.name, table.order)
		}
	})
}

func (l *lab) compareOrder(name, order string) {
	l.t.Helper()
	rows, err := l.db.Query("SELECT v FROM " + name + " ORDER BY " + order)
	if err != nil {
		l.t.Fatal(err)
	}
	defer rows.Close()
	source := table(name)
	source["columns"] = cty.ListVal([]cty.Value{cty.StringVal("v")})
	got := l.load(l.source(source), true)
	i := 0
	for ; rows.Next(); i++ {
		var v string
		if err := rows.Scan(&v); err != nil {
			l.t.Fatal(err)
		}
		if i >= len(got.Rows) || fmt.Sprint(got.Rows[i].Values[0]) != v || got.Rows[i].Number != int64(i+1) {
			l.t.Fatalf("%s: row %d is not %s; there are %d rows", name, i+1, v, len(got.Rows))
		}
	}
	if i != len(got.Rows) || i != grown || rows.Err() != nil {
		l.t.Errorf("%s: %d rows instead of %d, %v", name, len(got.Rows), i, rows.Err())
	}
}

// TestConsistent reads a table on several connections while transactions move amounts between distant rows: the sum of
// one moment never changes.
func TestConsistent(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE accounts (id int primary key, amount int)")
		l.fill("accounts", grown, func(i int) string { return fmt.Sprintf("%d, 100", i) })
		for _, user := range []string{"etl", "reader"} { // the reader may not lock the table
			cfg := l.source(table("accounts"))
			cfg.Connection = l.connection(map[string]cty.Value{"user": cty.StringVal(user)})
			if user == "reader" {
				l.exec("GRANT SELECT ON `" + l.database + "`.* TO reader@'%'")
			}
			for range 3 {
				stop := l.move()
				got := l.load(cfg, false)
				stop()
				sum := int64(0)
				for _, row := range got.Rows {
					sum += parseInt(t, fmt.Sprint(row.Values[1]))
				}
				if len(got.Rows) != grown || sum != grown*100 {
					t.Fatalf("%s: %d rows with a sum of %d", user, len(got.Rows), sum)
				}
			}
		}
	})
}

func parseInt(t *testing.T, text string) (n int64) {
	if _, err := fmt.Sscan(text, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// move moves amounts from one end of the table to the other until it is stopped.
func (l *lab) move() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	for w := range 2 {
		group.Go(func() {
			for i := w; ctx.Err() == nil; i += 2 {
				tx, err := l.db.Begin()
				if err != nil {
					l.t.Error(err)
					return
				}
				_, err1 := tx.Exec("UPDATE accounts SET amount = amount - 1 WHERE id = ?", i%1000)
				_, err2 := tx.Exec("UPDATE accounts SET amount = amount + 1 WHERE id = ?", grown-1-i%1000)
				if err := tx.Commit(); err != nil || err1 != nil || err2 != nil {
					l.t.Error(err, err1, err2)
					return
				}
			}
		})
	}
	return func() { cancel(); group.Wait() }
}
