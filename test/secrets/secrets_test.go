package secrets

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// project is a folder with a source that leaks, and where its secret comes from.
type project struct {
	canary
	dir, temp string
	environ   []string
	holding   []string // files that the user wrote the secret into
}

// origins are the ways of a secret into a project: the connection's expression, and what else it takes.
func origins() map[string]func(t *testing.T, p *project) (dsn, more string) {
	return map[string]func(t *testing.T, p *project) (string, string){
		"of a file": func(t *testing.T, p *project) (string, string) {
			return fmt.Sprintf("secret(\"file://%s\")", p.keep(t)), ""
		},
		"of a variable's default": func(t *testing.T, p *project) (string, string) {
			return "var.dsn", fmt.Sprintf("variable \"dsn\" {\n  default   = secret(\"file://%s\")\n  sensitive = true\n}\n", p.keep(t))
		},
		"of the environment": func(_ *testing.T, p *project) (string, string) {
			p.environ = append(p.environ, "SHOP_DSN="+p.dsn())
			return `env("SHOP_DSN")`, ""
		},
		"of a URL that is the secret": func(_ *testing.T, p *project) (string, string) {
			p.holding = []string{"shop.etl.hcl"}
			return fmt.Sprintf("secret(\"constant://?val=%s\")", url.QueryEscape(p.dsn())), ""
		},
		"put together": func(t *testing.T, p *project) (string, string) {
			return "local.dsn", fmt.Sprintf("locals { dsn = \"${secret(\"file://%s\")}\" }\n", p.keep(t))
		},
	}
}

// keep writes the secret into a file that isn't searched.
func (p *project) keep(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(p.dsn()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, origin func(*testing.T, *project) (string, string), leak string) *project {
	t.Helper()
	p := &project{canary: canary{core: strings.ReplaceAll(uuid.NewString(), "-", "")}, dir: t.TempDir(), temp: t.TempDir()}
	dsn, more := origin(t, p)
	text := more + fmt.Sprintf(`connection "leaky" "main" { dsn = %s }
source "leaky" "orders" {
  connection = connection.leaky.main
  table      = "orders"
  leak       = %q
  token      = %[1]s
}
source "csv" "other" { path = "other.csv" }
table "bronze" "orders" { from = source.leaky.orders }
table "bronze" "other" { from = source.csv.other }
table "silver" "orders" {
  from = table.bronze.orders
  expect "quarantine" "small" { that = n < 3 }
}
output "dsn" {
  value     = %[1]s
  sensitive = true
}
`, dsn, leak)
	p.write(t, "shop.etl.hcl", text)
	p.write(t, "other.csv", "id\n1\n")
	return p
}

func (p *project) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p *project) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], append([]string{"-chdir=" + p.dir, "-log-level=debug"}, args...)...)
	cmd.Env = append([]string{asCLI + "=1", "HOME=" + p.temp, "TMPDIR=" + p.temp, "PATH=" + os.Getenv("PATH")}, p.environ...)
	return cmd
}

// searched looks through all that was written.
func (p *project) searched(t *testing.T) {
	t.Helper()
	p.notBelow(t, p.dir, p.holding...)
	p.notBelow(t, p.temp)
}

// etl runs a command, searches what it prints, and returns that.
func (p *project) etl(t *testing.T, args ...string) string {
	t.Helper()
	cmd := p.command(t.Context(), args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	p.notIn(t, "etl "+strings.Join(args, " "), out.Bytes())
	if strings.Contains(out.String(), "This is a bug in etl") {
		t.Errorf("etl %s: %v\n%s", args, err, &out)
	}
	return out.String()
}

// TestNothingTells runs every command on a source that leaks through the words of its plan.
func TestNothingTells(t *testing.T) {
	p := open(t, origins()["of a file"], inWords)
	p.planned(t, "text", "json", "markdown", "html")
	p.applied(t)
	for _, args := range [][]string{
		{"validate"}, {"validate", "-json"}, {"graph"}, {"show", "table.bronze.orders"}, {"show", "shop.plan", "-format=json"},
		{"state", "list"}, {"state", "show", "table.bronze.orders"}, {"state", "locks"}, {"history", "table.bronze.orders"},
		{"run"}, {"apply", "-auto-approve", "-json"}, {"query", "SELECT * FROM silver.orders__quarantine"},
		{"discover", "leaky", "connection.leaky.main"}, {"discover", "leaky", "connection.leaky.main", "-format=json"},
		{"plan", "-destroy"}, {"destroy", "-auto-approve"},
	} {
		p.etl(t, args...)
	}
	p.searched(t)
}

// TestEachOrigin plans and applies with secrets from everywhere else.
func TestEachOrigin(t *testing.T) {
	for name, origin := range origins() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, origin, inWords)
			p.planned(t, "text")
			p.applied(t)
		})
	}
}

// planned makes plans, of which each must have had something to hide, and saves one.
func (p *project) planned(t *testing.T, formats ...string) {
	t.Helper()
	for _, format := range formats {
		if out := p.etl(t, "plan", "-format="+format, "-out=shop.plan"); !strings.Contains(out, "(sensitive)") {
			t.Errorf("the plan as %s tells nothing that would have to be hidden:\n%s", format, out)
		}
	}
	p.searched(t)
}

// applied does the saved plan.
func (p *project) applied(t *testing.T) {
	t.Helper()
	if out := p.etl(t, "apply", "shop.plan"); !strings.Contains(out, "rows") {
		t.Fatalf("the apply did nothing:\n%s", out)
	}
	p.searched(t)
	p.contents(t, "bronze.orders", "silver.orders", "etl.runs", "etl.results")
}

// contents reads tables, which are compressed where they lie.
func (p *project) contents(t *testing.T, tables ...string) (said string) {
	t.Helper()
	for _, table := range tables {
		said += p.etl(t, "query", "SELECT * FROM "+table, "-format=json")
	}
	return said
}

// TestFailuresTellNothing makes the provider fail in every way while it has the secret on its lips.
func TestFailuresTellNothing(t *testing.T) {
	file := origins()["of a file"]
	for _, leak := range []string{inValidate, inPlan, inPanic, inCrash, inLog, inBad, inRead, inLastWord} {
		t.Run(leak, func(t *testing.T) {
			t.Parallel()
			p := open(t, file, leak)
			said := p.etl(t, "plan") + p.etl(t, "apply", "-auto-approve") + p.etl(t, "apply", "-auto-approve", "-json")
			said += p.contents(t, "bronze.orders__quarantine", "etl.results")
			if !strings.Contains(said, "(sensitive)") {
				t.Errorf("nothing had to be hidden:\n%s", said)
			}
			p.searched(t)
		})
	}
}

// TestProcesses looks at all processes while a provider reads.
func TestProcesses(t *testing.T) {
	for name, origin := range origins() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, origin, inWaiting)
			cmd := p.command(t.Context(), "apply", "-auto-approve")
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			p.await(t, "waiting")
			var but []string
			if len(p.environ) > 0 { // whoever sets a variable gives it to etl, and to nobody else
				but = []string{strconv.Itoa(cmd.Process.Pid)}
			}
			p.notInProcesses(t, but...)
			p.searched(t)
			p.write(t, "go on", "")
			if err := cmd.Wait(); err != nil {
				t.Errorf("%v\n%s", err, &out)
			}
			p.notIn(t, "etl apply", out.Bytes())
		})
	}
}

func (p *project) await(t *testing.T, name string) {
	t.Helper()
	for range 3000 {
		if _, err := os.Stat(filepath.Join(p.dir, name)); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the provider never read")
}

// TestTheSearchFinds keeps the tests above honest.
func TestTheSearchFinds(t *testing.T) {
	c := canary{core: strings.ReplaceAll(uuid.NewString(), "-", "")}
	for _, text := range []string{c.dsn(), c.password(), "x" + c.password(), fmt.Sprintf("%q", c.password()), fmt.Sprintf("%x", c.core)} {
		if c.in([]byte(text)) == "" {
			t.Errorf("not found in %q", text)
		}
	}
}
