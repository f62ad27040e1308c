package mysql_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/automic-etl/etl/test/services"
)

const followedShop = `
source "mysql" "shop" {
  connection = connection.mysql.shop
  table      = "shop"
  extract "delta" {}
}
table "bronze" "changes" { from = source.mysql.shop }
table "bronze" "shop" {
  from = source.mysql.shop
  write "merge" { key = [a, b] }
}
`

// audited keeps count of what happens to each row: a change of the key is a deletion and an insertion, and what changes
// nothing is no change.
func audited() []string {
	same := "OLD.a <=> NEW.a AND OLD.b <=> NEW.b"
	return []string{
		randomTable, "CREATE TABLE audit (op varchar(9))",
		"CREATE TRIGGER inserted AFTER INSERT ON shop FOR EACH ROW INSERT INTO audit VALUES ('insert')",
		"CREATE TRIGGER deleted AFTER DELETE ON shop FOR EACH ROW INSERT INTO audit VALUES ('delete')",
		"CREATE TRIGGER updated AFTER UPDATE ON shop FOR EACH ROW INSERT INTO audit SELECT 'update' FROM (SELECT 1 AS one) AS d WHERE " + same +
			" AND NOT (BINARY OLD.v <=> BINARY NEW.v AND OLD.n <=> NEW.n)",
		"CREATE TRIGGER moved AFTER UPDATE ON shop FOR EACH ROW INSERT INTO audit SELECT op FROM (SELECT 'insert' AS op UNION SELECT 'delete') AS d WHERE NOT (" + same + ")",
	}
}

// TestCrashes kills etl, the provider's process and the server, restarts the server and ends connections at random
// moments, while a writer writes. In the end the lakehouse's rows are the table's, and its log has each change once.
func TestCrashes(t *testing.T) {
	for flavor, rounds := range map[string]int{"mariadb": 50, "mysql": 10} {
		t.Run(flavor, func(t *testing.T) {
			server, err := services.Start(flavor)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = server.Close() })
			l := newLab(t, flavor, server.Env["ETL_TEST_"+strings.ToUpper(flavor)+"_DSN"])
			l.exec(audited()...)
			p := l.open(followedShop)
			p.run(0, "apply", "-auto-approve")
			stop := l.write()
			ended := map[int]int{}
			for round := range rounds {
				ended[p.disturbed(l, server, round)]++
			}
			stop()
			l.retry(func() error { return l.db.Ping() })
			p.run(0, "apply", "-auto-approve")
			p.equal(l)
			p.NoOrphans(t)
			if ended[0] == 0 || len(ended) == 1 {
				t.Errorf("runs ended with %v: nothing was disturbed, or all was", ended)
			}
		})
	}
}

// disturbed runs etl while something happens, and gives its exit code.
func (p *project) disturbed(l *lab, server *services.Server, round int) int {
	p.t.Helper()
	random := rand.New(rand.NewPCG(uint64(round), 5))
	run := p.Start(p.t, p.env, "run")
	time.Sleep(time.Duration(random.IntN(1200)) * time.Millisecond)
	var err error
	switch round % 5 {
	case 0:
		run.Signal(p.t, syscall.SIGKILL)
	case 1:
		for _, process := range p.Processes() {
			if process.PID != run.PID() {
				_ = syscall.Kill(process.PID, syscall.SIGKILL) // it may have ended
			}
		}
	case 2:
		err = errors.Join(server.Stop(), server.Resume())
	case 3:
		err = errors.Join(kill(server, l.flavor), server.Resume())
	default:
		l.retry(func() error { return l.endConnections(p.user) })
	}
	if err != nil {
		p.t.Fatal(err)
	}
	result := run.Wait(p.t)
	if strings.Contains(result.Output(), canary) || strings.Contains(result.Output(), "goroutine ") {
		p.t.Errorf("round %d printed\n%s", round, result.Output())
	}
	return result.Code
}

// equal compares the table with the state, with what the log makes of it, and the log with the audit.
func (p *project) equal(l *lab) {
	p.t.Helper()
	want := l.texts("SELECT CONCAT_WS('|', a, b, COALESCE(v, '?'), COALESCE(n, '?')) FROM shop")
	spelled := "concat_ws('|', a, b, coalesce(v, '?'), coalesce(n::varchar, '?')) AS r"
	for name, sql := range map[string]string{
		"state": "SELECT " + spelled + " FROM bronze.shop",
		"log": "SELECT " + spelled + " FROM (SELECT *, row_number() OVER (PARTITION BY a, b ORDER BY _etl_position DESC) AS nth FROM bronze.changes " +
			"WHERE _etl_op <> 'truncate') WHERE nth = 1 AND _etl_op <> 'delete'",
	} {
		got := p.query(sql)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			p.t.Errorf("the %s has %d rows, the table %d:\n%s\n\n%s", name, len(got), len(want), strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if got := p.query("SELECT count(*) - count(DISTINCT _etl_position) FROM bronze.changes"); got[0] != "0" {
		p.t.Errorf("%s positions are there twice", got[0])
	}
	counted := p.query("SELECT concat(_etl_op, '|', count(*)) FROM bronze.changes WHERE _etl_op <> 'truncate' GROUP BY _etl_op")
	slices.Sort(counted)
	if audit := l.texts("SELECT CONCAT(op, '|', COUNT(*)) FROM audit GROUP BY op"); !slices.Equal(counted, audit) || len(audit) != 3 {
		p.t.Errorf("the log has %v, and there were %v", counted, audit)
	}
}

// texts are the sorted rows of a query of one column.
func (l *lab) texts(query string) []string {
	l.t.Helper()
	rows, err := l.db.Query(query)
	if err != nil {
		l.t.Fatal(err)
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			l.t.Fatal(err)
		}
		found = append(found, text)
	}
	if err := rows.Err(); err != nil {
		l.t.Fatal(err)
	}
	slices.Sort(found)
	return found
}
