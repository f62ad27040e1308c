package postgres

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/automic-etl/etl/test/crash/lab"
)

// TestDiscoveredBlocksWork pastes what etl discover prints, and loads it all.
func TestDiscoveredBlocksWork(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, `CREATE TABLE orders (id bigint PRIMARY KEY, amount numeric(12, 2), updated_at timestamptz NOT NULL);
		CREATE INDEX ON orders (updated_at);
		INSERT INTO orders SELECT i, i / 4.0, now() - make_interval(secs => i) FROM generate_series(1, 1000) AS i;
		CREATE SCHEMA "Odd Schema";
		CREATE TABLE "Odd Schema"."Orders.2024 ""x"" ${y}" ("Odd Id" int, "select" text, PRIMARY KEY ("Odd Id", "select"));
		INSERT INTO "Odd Schema"."Orders.2024 ""x"" ${y}" VALUES (1, 'a'), (2, 'b');
		CREATE TABLE "Odd Schema".orders AS SELECT 1 AS n;
		CREATE TABLE no_key (a int, at timestamp);
		CREATE TABLE slow (id int PRIMARY KEY, changed_at timestamptz);
		CREATE VIEW paid AS SELECT * FROM orders WHERE id <= 10;
		ANALYZE`)
	l := lab.New(t, binary)
	secret := filepath.Join(t.TempDir(), "dsn")
	if err := os.WriteFile(secret, []byte(d.dsn("etl")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l.Write(t, map[string]string{"shop.etl.hcl": fmt.Sprintf("connection \"postgres\" \"main\" { dsn = secret(\"file://%s\") }\n", secret)})
	found := l.Must(t, 0, "discover", "postgres", "connection.postgres.main")
	if !strings.Contains(found.Stdout, "cursor = updated_at") || !strings.Contains(found.Stdout, "key    = [id]") ||
		!strings.Contains(found.Stdout, "# public.orders: 3 columns, about 1,000 rows") {
		t.Errorf("discovered\n%s", found.Stdout)
	}
	if !strings.Contains(found.Stdout, "# No index begins with changed_at: each read looks at all rows") || strings.Contains(found.Stdout, "begins with updated_at") || strings.Count(found.Stdout, "No index") != 1 {
		t.Errorf("an index is missed in\n%s", found.Stdout)
	}
	names := regexp.MustCompile(`(?m)^source "postgres" "([a-z0-9_]+)"`).FindAllStringSubmatch(found.Stdout, -1)
	if len(names) != 6 {
		t.Fatalf("discovered %d sources:\n%s", len(names), found.Stdout)
	}
	var tables strings.Builder
	for _, name := range names {
		fmt.Fprintf(&tables, "\ntable \"bronze\" %q { from = source.postgres.%s }\n", name[1], name[1])
	}
	l.Write(t, map[string]string{"found.etl.hcl": found.Stdout, "tables.etl.hcl": strings.TrimPrefix(tables.String(), "\n")})
	l.Must(t, 0, "fmt", "-check")
	l.Must(t, 0, "apply", "-auto-approve")
	for table, rows := range map[string]int{"public_orders": 1000, "odd_schema_orders": 1, "no_key": 0, "paid": 10} {
		r := l.Must(t, 0, "query", "-format=csv", "SELECT count(*) FROM bronze."+table)
		if got := strings.Fields(r.Stdout); got[len(got)-1] != fmt.Sprint(rows) {
			t.Errorf("bronze.%s has %s rows instead of %d", table, got[len(got)-1], rows)
		}
	}
	if again := l.Must(t, 0, "discover", "postgres", "connection.postgres.main", "*.orders"); strings.Count(again.Stdout, "reads it already") != 2 {
		t.Errorf("discovered again\n%s", again.Stdout)
	}
}

// TestPasswordIsNowhere looks for a role's password in all that etl prints and writes about a database that lets it in, and
// then doesn't any more.
func TestPasswordIsNowhere(t *testing.T) {
	d := newDatabase(t)
	core := strings.ReplaceAll(uuid.NewString(), "-", "")
	role, password := "canary_"+core[:8], "p w'%&<"+core
	d.asAdmin(t, d.name, fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", role, strings.ReplaceAll(password, "'", "''")))
	t.Cleanup(func() { d.asAdmin(t, d.name, fmt.Sprintf("DROP OWNED BY %s; DROP ROLE %[1]s", role)) })
	d.exec(t, `CREATE TABLE orders (id bigint PRIMARY KEY, at timestamptz); INSERT INTO orders SELECT i, now() FROM generate_series(1, 100) AS i;
		GRANT SELECT ON orders TO %s`, role)
	u, err := url.Parse(d.dsn("etl"))
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(role, password)
	settings := fmt.Sprintf("host=%s port=%d dbname=%s user=%s sslmode=disable password='%s'", d.host, d.port, d.name, role,
		strings.ReplaceAll(password, "'", "\\'"))
	for name, dsn := range map[string]string{"as a URL": u.String(), "as settings": settings} {
		t.Run(name, func(t *testing.T) {
			l := lab.New(t, binary)
			l.Write(t, map[string]string{"shop.etl.hcl": `connection "postgres" "main" { dsn = env("SHOP_DSN") }
source "postgres" "orders" {
  connection = connection.postgres.main
  table      = "orders"
  extract "incremental" { cursor = at }
}
table "bronze" "orders" { from = source.postgres.orders }
`})
			env := []string{"SHOP_DSN=" + dsn, "ETL_LOG=debug"}
			run := func(code int, args ...string) {
				t.Helper()
				r := l.RunWith(t, env, args...)
				r.Check(t, code, args...)
				if strings.Contains(r.Output(), core) {
					t.Errorf("etl %s tells:\n%s", strings.Join(args, " "), r.Output())
				}
			}
			for _, format := range []string{"text", "json", "markdown", "html"} {
				run(0, "plan", "-format="+format, "-out=shop.plan")
			}
			run(0, "apply", "shop.plan")
			run(0, "discover", "postgres", "connection.postgres.main")
			d.asAdmin(t, d.name, fmt.Sprintf("ALTER ROLE %s PASSWORD 'another'", role))
			defer d.asAdmin(t, d.name, fmt.Sprintf("ALTER ROLE %s PASSWORD '%s'", role, strings.ReplaceAll(password, "'", "''")))
			run(1, "plan")
			run(1, "apply", "-auto-approve")
			run(1, "discover", "postgres", "connection.postgres.main")
			nowhere(t, l.Dir, []byte(core))
		})
	}
}

// nowhere searches every byte of all files below a folder.
func nowhere(t *testing.T, dir string, text []byte) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, text) {
			t.Errorf("%s holds it", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
