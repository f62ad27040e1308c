package postgres

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/automic-etl/etl/test/crash/lab"
)

// shopConnection is what every project over a database begins with.
const shopConnection = `
etl { project = "shop" }
variable "dsn" {
  type      = string
  sensitive = true
  default   = env("SHOP_DSN")
}
connection "postgres" "shop" { dsn = var.dsn }
`

// shop is a project over a database: one source that is followed, read by a log, a current state, and a merge of the log.
const shop = shopConnection + `source "postgres" "busy" {
  connection = connection.postgres.shop
  table      = "public.busy"
  extract "delta" {}
}
table "bronze" "log" { from = source.postgres.busy }
table "silver" "merged" {
  from = table.bronze.log
  write "merge" { key = [id] }
}
`

const current = `
table "bronze" "current" {
  from = source.postgres.busy
  write "merge" { key = [id] }
}
`

// project is a lab with files, whose runs find the database.
type project struct {
	*lab.Lab
	database *database
}

func newProject(t *testing.T, d *database, files map[string]string) *project {
	t.Helper()
	p := &project{lab.New(t, binary), d}
	p.Write(t, files)
	return p
}

func (p *project) env() []string { return []string{"SHOP_DSN=" + p.database.dsn("etl")} }

func (p *project) start(t *testing.T, args ...string) *lab.Run {
	t.Helper()
	return p.Start(t, p.env(), args...)
}

// must runs etl, which has to end with a code.
func (p *project) must(t *testing.T, code int, args ...string) lab.Result {
	t.Helper()
	r := p.start(t, args...).Wait(t)
	r.Check(t, code, args...)
	return r
}

// ask is what a query of the lakehouse prints, a line a row.
func (p *project) ask(t *testing.T, sql string) []string {
	t.Helper()
	r := p.must(t, 0, "query", "-format=csv", sql)
	records, err := csv.NewReader(strings.NewReader(r.Stdout)).ReadAll()
	if err != nil {
		t.Fatalf("reading what `etl query` printed: %v\n%s", err, r.Stdout)
	}
	var lines []string
	for _, record := range records[1:] {
		lines = append(lines, strings.Join(record, "|"))
	}
	return lines
}

// settle applies until nothing is new.
func (p *project) settle(t *testing.T) {
	t.Helper()
	for range 10 {
		if r := p.start(t, "plan", "-detailed-exitcode").Wait(t); r.Code == 0 {
			return
		}
		p.must(t, 0, "apply", "-auto-approve")
	}
	t.Fatalf("the plan finds ever more:\n%s", p.start(t, "plan").Wait(t).Output())
}

// equal compares tables of the lakehouse with the one at the source, row for row.
func (p *project) equal(t *testing.T, tables ...string) {
	t.Helper()
	want := p.database.query(t, "SELECT concat_ws('|', id, n, md5(big)) FROM busy ORDER BY id")
	for _, table := range tables {
		got := p.ask(t, fmt.Sprintf("SELECT id, n, md5(big) AS big FROM %s ORDER BY id", table))
		if d := lab.Difference(strings.Join(got, "\n"), strings.Join(want, "\n")); d != "" {
			t.Fatalf("%s has %d rows, the source %d:\n%s", table, len(got), len(want), d)
		}
	}
}

// whole checks a log: no position twice, and no change missing, which would leave a step out of the counter that each
// update of a row moves on.
func (p *project) whole(t *testing.T, log string) {
	t.Helper()
	if twice := p.ask(t, "SELECT _etl_position FROM "+log+" GROUP BY 1 HAVING count(*) > 1"); len(twice) > 0 {
		t.Fatalf("positions that are there twice: %v", twice)
	}
	n := map[string]string{}
	for _, line := range p.ask(t, "SELECT _etl_op, id, n, _etl_position FROM "+log+" ORDER BY _etl_position") {
		part := strings.Split(line, "|")
		op, id, now := part[0], part[1], part[2]
		before, there := n[id]
		switch {
		case op == "truncate":
			clear(n)
		case op == "delete" && there:
			delete(n, id)
		case op == "insert" && !there:
			n[id] = now
		case op == "update" && there && now == next(before):
			n[id] = now
		default:
			t.Fatalf("a change is missing before %q: the row was %q", line, before)
		}
	}
}

func next(n string) string {
	var number int
	if _, err := fmt.Sscan(n, &number); err != nil {
		return "no number: " + n
	}
	return fmt.Sprint(number + 1)
}
