package test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// project is a folder with a pipeline of every kind of write: loads, appends, replaces, a merge, quarantines.
type project struct {
	t   *testing.T
	dir string
}

const pipeline = `
source "csv" "orders" {
  path  = "in/*.csv"
  types = { amount = double }
  extract "incremental" {}
}
table "bronze" "orders" { from = source.csv.orders }
table "silver" "orders" {
  from = table.bronze.orders
  filter { where = amount > 1 }
  expect "quarantine" "region" { not_null = [region] }
}
table "silver" "latest" {
  from = table.bronze.orders
  dedupe {
    key  = [customer]
    keep = latest(id)
  }
  write "merge" { key = [customer] }
}
table "gold" "sales" {
  from = table.silver.orders
  aggregate {
    by     = [region]
    orders = count()
    total  = sum(amount)
  }
}
`

// tables are the pipeline's, with the columns that don't differ from run to run.
var tables = map[string]string{
	"bronze.orders": "id, customer, amount, region, _etl_source, _etl_row", "bronze.orders__quarantine": "count(*)",
	"silver.orders": "id, customer, amount, region", "silver.orders__quarantine": "count(*)",
	"silver.latest": "id, customer, amount, region", "gold.sales": "region, orders, total",
}

func newProject(t *testing.T) *project {
	t.Helper()
	p := &project{t, t.TempDir()}
	p.write("shop.etl.hcl", pipeline)
	return p
}

func (p *project) write(name, content string) {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// arrive puts the n-th file of orders where the source looks: ten rows, one that doesn't parse, one without a region.
func (p *project) arrive(n int) {
	var b strings.Builder
	b.WriteString("id,customer,amount,region\n")
	for i := range 10 {
		fmt.Fprintf(&b, "%d,c%d,%d.5,%s\n", n*100+i, (n+i)%7, i, []string{"eu", "us", "asia"}[i%3])
	}
	fmt.Fprintf(&b, "%d,c1,much,eu\n%d,c2,9,\n", n*100+10, n*100+11)
	p.write(fmt.Sprintf("in/orders-%03d.csv", n), b.String())
}

// command is etl in the project, with more of an environment.
func (p *project) command(environment []string, args ...string) *exec.Cmd {
	command := exec.Command(binary, append([]string{"-chdir=" + p.dir}, args...)...)
	command.Env = append(os.Environ(), environment...)
	return command
}

// etl runs a command to its end and gives exit code and output; -1 stands for killed.
func (p *project) etl(environment []string, args ...string) (code int, output string) {
	p.t.Helper()
	var both bytes.Buffer
	command := p.command(environment, args...)
	command.Stdout, command.Stderr = &both, &both
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	if strings.Contains(both.String(), "goroutine ") {
		p.t.Errorf("etl %v printed a trace:\n%s", args, both.String())
	}
	return command.ProcessState.ExitCode(), both.String()
}

// must runs a command that has to end with a code.
func (p *project) must(code int, args ...string) string {
	p.t.Helper()
	got, output := p.etl(nil, args...)
	if got != code {
		p.t.Fatalf("etl %s ended with %d instead of %d:\n%s", strings.Join(args, " "), got, code, output)
	}
	return output
}

// rows are all tables' rows, as one text.
func (p *project) rows() string {
	p.t.Helper()
	var b strings.Builder
	for _, name := range sortedKeys(tables) {
		command := p.command(nil, "query", "-format=csv", fmt.Sprintf("SELECT %s FROM %s ORDER BY ALL", tables[name], name))
		output, err := command.Output()
		if err != nil {
			p.t.Fatalf("reading %s: %v", name, err)
		}
		b.WriteString(name + "\n" + string(output))
	}
	return b.String()
}

// settled checks what must hold after an apply has ended, however the ones before it ended: no lease, nothing to do, and
// the rows that an uninterrupted run gives.
func (p *project) settled(want string) {
	p.t.Helper()
	if locks := p.must(0, "state", "locks", "-format=json"); strings.TrimSpace(locks) != "[]" {
		p.t.Errorf("leases are left:\n%s", locks)
	}
	p.must(0, "plan", "-detailed-exitcode")
	if got := p.rows(); got != want {
		p.t.Errorf("the rows are\n%s\ninstead of\n%s", got, want)
	}
}

// orphans waits until no process of this binary is left, at most the five seconds that a provider has.
func orphans(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		left := processes()
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("processes outlive their host by five seconds: %v", left)
			return
		}
	}
}

// processes are those that run this binary.
func processes() []string {
	var found []string
	links, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		return nil
	}
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && target == binary {
			found = append(found, filepath.Base(filepath.Dir(link)))
		}
	}
	return found
}
