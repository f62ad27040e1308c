package mysql_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	etl "github.com/automic-etl/etl/test/crash/lab"
)

// binary is where TestMain built etl; root is the repository.
var binary, root string

// canary is a password that must never be seen.
const canary = "canary-4f1b"

// project is a project on the test's database, with the password of a user made for it in the environment.
type project struct {
	*etl.Lab
	lab  *lab
	t    testing.TB
	env  []string
	user string
}

func (l *lab) open(blocks string) *project {
	l.t.Helper()
	user := strings.TrimPrefix(l.database, "t_")
	if len(user) > 30 {
		user = user[len(user)-30:]
	}
	l.exec("DROP USER IF EXISTS `"+user+"`@'%'", "CREATE USER `"+user+"`@'%' IDENTIFIED BY '"+canary+"'", "GRANT ALL ON *.* TO `"+user+"`@'%'")
	l.t.Cleanup(func() {
		l.retry(func() error { _, err := l.db.Exec("DROP USER IF EXISTS `" + user + "`@'%'"); return err })
	})
	p := &project{Lab: etl.New(l.t, binary), lab: l, t: l.t, user: user, env: []string{"SHOP_PASSWORD=" + canary}}
	p.Write(l.t, map[string]string{"connection.etl.hcl": p.connection(), "tables.etl.hcl": blocks})
	return p
}

// connection is the block of the connection, as `etl fmt` lays it out.
func (p *project) connection() string {
	host, port, _ := strings.Cut(p.lab.config.Addr, ":")
	return fmt.Sprintf(`connection "mysql" "shop" {
  host     = %q
  port     = %s
  database = %q
  user     = %q
  password = env("SHOP_PASSWORD")
}
`, host, port, p.lab.database, p.user)
}

func (p *project) run(code int, args ...string) etl.Result {
	p.t.Helper()
	r := p.RunWith(p.t, p.env, args...)
	r.Check(p.t, code, args...)
	if strings.Contains(r.Output(), canary) {
		p.t.Fatalf("etl %v shows the password:\n%s", args, r.Output())
	}
	return r
}

// query gives the lines of a query's result as CSV, without the header.
func (p *project) query(sql string) []string { return p.queryWith(nil, sql) }

func (p *project) queryWith(flags []string, sql string) []string {
	p.t.Helper()
	args := append(append([]string{"query", "-format=csv"}, flags...), sql)
	lines := strings.Split(strings.TrimSpace(p.run(0, args...).Stdout), "\n")
	return lines[1:]
}

const readBack = `
import base64, datetime, decimal, json, lake
def spell(v):
    if isinstance(v, bool): return str(v).lower()
    if isinstance(v, bytes): return base64.b64encode(v).decode()
    if isinstance(v, datetime.datetime):
        text = v.replace(tzinfo=None).isoformat(timespec="microseconds").rstrip("0").rstrip(".")
        return text + ("Z" if v.tzinfo else "")
    if isinstance(v, datetime.time): return v.isoformat(timespec="microseconds")
    if isinstance(v, list): return json.dumps(v, ensure_ascii=False, separators=(",", ":"))
    return str(v)
table = lake.catalog(".").load_table("bronze.typed")
lake.scan((engine := lake.engine()), table, "typed")
for found in (table.scan().to_arrow(), engine.sql("SELECT * FROM typed").to_arrow_table()):
    rows = sorted(found.to_pylist(), key=lambda row: row["id"])
    print(json.dumps([{k: None if v is None else spell(v) for k, v in row.items()} for row in rows], ensure_ascii=False))
`

// TestLake loads each type through etl, and reads it with PyIceberg and with DuckDB.
func TestLake(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		all := append(values(), own(l.flavor)...)
		l.exec(createTyped("typed", all), insertTyped("typed", 1, all), "INSERT INTO typed (id) VALUES (2)")
		p := l.open(`
source "mysql" "typed" {
  connection = connection.mysql.shop
  table      = "typed"
}
table "bronze" "typed" { from = source.mysql.typed }
`)
		if r := p.run(0, "plan"); !r.Says("table.bronze.typed", "about 2 rows", "Decimal read as text") {
			t.Error(r.Output())
		}
		p.run(0, "apply", "-auto-approve")
		for engine, line := range strings.Split(strings.TrimSpace(p.Python(t, root, readBack)), "\n") {
			var rows []map[string]*string
			if err := json.Unmarshal([]byte(line), &rows); err != nil || len(rows) != 2 {
				t.Fatalf("%v: %s", err, line)
			}
			for i, v := range all {
				name := fmt.Sprintf("c%d", i)
				if got := rows[0][name]; got == nil || !sameText(*got, v.want) {
					t.Errorf("reader %d: %s %s is %v instead of %s", engine, v.declared, v.write, got, v.want)
				}
				if rows[1][name] != nil {
					t.Errorf("reader %d: a null %s is %s", engine, v.declared, *rows[1][name])
				}
			}
		}
	})
}

// sameText compares floats as numbers: each language spells them its own way.
func sameText(got, want string) bool {
	if got == want {
		return true
	}
	a, err1 := strconv.ParseFloat(got, 64)
	b, err2 := strconv.ParseFloat(want, 64)
	return err1 == nil && err2 == nil && strings.ContainsAny(want, ".e") && float32(a) == float32(b)
}

// TestLakeIncremental refreshes through etl, with ties and lookback, and counts what is stored.
func TestLakeIncremental(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE orders (id int primary key, at timestamp null, day date, key (at))",
			"INSERT INTO orders VALUES (1, '2024-06-30 12:00:00', '2024-01-01'), (2, '2024-06-30 12:00:10', '2024-01-01'), (3, NULL, '2024-01-01')")
		p := l.open(`
source "mysql" "orders" {
  connection = connection.mysql.shop
  table      = "orders"
  extract "incremental" {
    cursor   = at
    key      = [id]
    lookback = "1m"
  }
}
table "bronze" "orders" { from = source.mysql.orders }
`)
		for step, c := range []struct{ statement, says, ids string }{
			{"INSERT INTO orders VALUES (4, '2024-06-30 12:00:10', '2024-01-01')", "up to at 2024-06-30 06:30:10Z", "1,2,3,4"},
			{"INSERT INTO orders VALUES (5, '2024-06-30 12:00:11', '2024-01-01')", "rows after at 2024-06-30 06:30:10Z", "1,2,3,4,5"},
			{"INSERT INTO orders VALUES (6, '2024-06-30 12:00:11', '2024-01-01'), (7, '2024-06-30 11:59:30', '2024-01-01'), (8, NULL, '2024-01-01')", "other rows at at", "1,2,3,4,5,6,7,8"},
			{"UPDATE orders SET id = 9 WHERE id = 8", "other rows at at", "1,2,3,4,5,6,7,8,9"}, // as many as there were
		} {
			l.exec(c.statement)
			if r := p.run(0, "plan"); !r.Says(c.says) {
				t.Errorf("step %d: %s", step, r.Output())
			}
			p.run(0, "apply", "-auto-approve")
			if got := strings.Join(p.query("SELECT id FROM bronze.orders ORDER BY id"), ","); got != c.ids {
				t.Errorf("step %d: %s instead of %s", step, got, c.ids)
			}
			if r := p.run(0, "plan", "-detailed-exitcode"); !r.Says("No changes") && !r.Says("0 to refresh") {
				t.Errorf("step %d: %s", step, r.Output())
			}
		}
	})
}

// TestLakeQuarantine finds what can't be represented by its key, and the password nowhere.
func TestLakeQuarantine(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE days (id int primary key, d date)", "INSERT INTO days VALUES (4710, '2024-01-01')")
		conn, err := l.db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		for _, statement := range []string{"SET sql_mode = ''", "INSERT INTO days VALUES (4711, '0000-00-00')"} {
			if _, err := conn.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		p := l.open(`
source "mysql" "days" {
  connection = connection.mysql.shop
  table      = "days"
}
table "bronze" "days" { from = source.mysql.days }
`)
		p.run(0, "-log-level=debug", "plan", "-out=saved.plan")
		p.run(0, "-log-level=debug", "apply", "saved.plan")
		if got := p.query("SELECT id FROM bronze.days"); strings.Join(got, ",") != "4710" {
			t.Errorf("%v", got)
		}
		if got := strings.Join(p.query("SELECT * FROM bronze.days__quarantine"), "\n"); !strings.Contains(got, "key id=4711") || !strings.Contains(got, "0000-00-00") {
			t.Errorf("%v", got)
		}
		p.env = []string{"SHOP_PASSWORD=wrong-" + canary}
		if r := p.run(1, "plan"); !r.Says("Login refused") {
			t.Error(r.Output())
		}
		p.noSecret()
	})
}

// noSecret looks through all that the project's folder has.
func (p *project) noSecret() {
	p.t.Helper()
	err := filepath.WalkDir(p.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(content), canary) {
			p.t.Errorf("the password is in %s", path)
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
}
