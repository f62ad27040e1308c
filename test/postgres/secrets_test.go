package postgres

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/automic-etl/etl/plugins/proto"
	"github.com/automic-etl/etl/test/crash/lab"
)

// TestSecrets looks for a password, a canary, in all that etl writes and says: plans, saved plans, logs of every level,
// errors, recorded state, staged files, and the arguments and environments of processes.
func TestSecrets(t *testing.T) {
	d := newDatabase(t)
	d.moving(t)
	d.exec(t, "CREATE TABLE plain AS SELECT i AS id, 'infinity'::date AS day FROM generate_series(1, 3) i")
	d.asAdmin(t, d.name, "DO $$ BEGIN CREATE ROLE keeper_of_secrets LOGIN REPLICATION; EXCEPTION WHEN duplicate_object THEN END $$; ALTER ROLE keeper_of_secrets PASSWORD '"+canary+"'")
	d.asAdmin(t, d.name, "ALTER ROLE keeper_of_secrets SUPERUSER")
	t.Cleanup(func() { d.asAdmin(t, "postgres", "ALTER ROLE keeper_of_secrets NOSUPERUSER") })
	p := newProject(t, d, map[string]string{
		"shop.etl.hcl": shop + `
source "postgres" "plain" {
  connection = connection.postgres.shop
  table      = "plain"
}
table "bronze" "plain" { from = source.postgres.plain }
source "csv" "other" { path = "other.csv" }
table "bronze" "other" { from = source.csv.other }
`,
		"other.csv": "a\n1\n",
	})
	t.Cleanup(func() { d.dropSlots(t) })
	dsn := fmt.Sprintf("postgres://keeper_of_secrets:%s@%s:%d/%s", canary, d.host, d.port, d.name)
	silent := func(what string, text []byte) {
		t.Helper()
		if bytes.Contains(text, []byte(canary)) {
			t.Errorf("%s tells the password", what)
		}
	}
	for _, step := range []struct {
		code int
		dsn  string
		args []string
	}{
		{0, dsn, []string{"validate"}},
		{0, dsn, []string{"plan", "-out=plan.json"}},
		{0, dsn, []string{"show", "plan.json"}},
		{0, dsn, []string{"apply", "-auto-approve"}},
		{0, dsn, []string{"plan", "-format=json"}},
		{0, dsn, []string{"discover", "postgres", "connection.postgres.shop"}},
		{1, dsn + "x", []string{"plan"}},
		{1, strings.Replace(dsn, canary, canary+"x", 1), []string{"plan"}},
		{1, strings.Replace(dsn, "@", "@%zz", 1), []string{"plan"}},
		{1, strings.Replace(dsn, fmt.Sprint(d.port), "1", 1), []string{"apply", "-auto-approve"}},
	} {
		run := p.Start(t, []string{"SHOP_DSN=" + step.dsn, "ETL_LOG=debug"}, step.args...)
		for !run.Ended() {
			processesKeep(t, p.Lab, run, silent)
		}
		r := run.Wait(t)
		r.Check(t, step.code, step.args...)
		silent(fmt.Sprintf("etl %v", step.args), []byte(r.Output()))
	}
	if err := filepath.WalkDir(filepath.Dir(p.Dir), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		silent(path, content)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// processesKeep looks at the providers' processes. What etl itself was started with is the tester's doing.
func processesKeep(t *testing.T, l *lab.Lab, run *lab.Run, silent func(string, []byte)) {
	t.Helper()
	for _, process := range l.Processes() {
		silent("a command line", []byte(process.Command))
		if process.PID == run.PID() {
			continue
		}
		// Before it has become a provider, a process is etl's own copy.
		environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", process.PID))
		if err == nil && bytes.Contains(environ, []byte(proto.EnvPlugin+"=")) {
			silent("an environment", environ)
		}
	}
}

// TestMistakesInProjects checks that mistakes point at the project's lines.
func TestMistakesInProjects(t *testing.T) {
	d := newDatabase(t)
	d.moving(t)
	source := func(connection, source, extract string) string {
		return fmt.Sprintf(`
variable "dsn" {
  type      = string
  sensitive = true
  default   = env("SHOP_DSN")
}
connection "postgres" "shop" { %s }
source "postgres" "busy" {
  connection = connection.postgres.shop
  %s
  %s
}
table "bronze" "busy" { from = source.postgres.busy }
`, connection, source, extract)
	}
	for name, test := range map[string]struct {
		project string
		says    []string
	}{
		"unknown table":       {source("dsn = var.dsn", `table = "public.bussy"`, ""), []string{"Unknown table", "shop.etl.hcl line 10", `Did you mean "public.busy"?`}},
		"unknown column":      {source("dsn = var.dsn", `table = "public.busy"`, `extract "incremental" { cursor = changed }`), []string{"Unknown column", "line 11", `no column "changed"`}},
		"cursor of no order":  {source("dsn = var.dsn", `query = "SELECT id, n::float8 AS f FROM busy"`, `extract "incremental" { cursor = f }`), []string{"Column that can't be a cursor", "line 11"}},
		"view to follow":      {source("dsn = var.dsn", `table = "pg_catalog.pg_tables"`, `extract "delta" {}`), []string{"Not a table", "line 10"}},
		"query to follow":     {source("dsn = var.dsn", `query = "SELECT 1 AS one"`, `extract "delta" {}`), []string{"Part of a table", "line 10"}},
		"unknown publication": {source("dsn = var.dsn", `table = "busy"`, `extract "delta" { publication = "x" }`), []string{"Unknown publication", "line 11", "CREATE PUBLICATION"}},
		"unknown host":        {source(`host = "no-such-host.invalid"`, `table = "busy"`, ""), []string{"Unknown host", "no-such-host.invalid"}},
		"no connection":       {strings.Replace(source("dsn = var.dsn", `table = "busy"`, ""), "connection = connection.postgres.shop", "", 1), []string{"connection"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProject(t, d, map[string]string{"shop.etl.hcl": test.project})
			r := p.must(t, 1, "plan")
			for _, words := range test.says {
				if !r.Says(words) {
					t.Errorf("%q is missing in:\n%s", words, r.Output())
				}
			}
		})
	}
}
