package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/planner"
)

// alone is a project that reads nothing.
func alone(t *testing.T, config string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	t.Chdir(dir)
	rewrite(t, dir, config)
	return dir
}

func rewrite(t *testing.T, dir, config string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "alone.etl.hcl"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestExitCodes(t *testing.T) {
	const one = `table "gold" "one" { sql = "SELECT 1 AS x" }` + "\n"
	const other = `table "gold" "one" { sql = "SELECT 2 AS x" }` + "\n"
	const kept = `table "gold" "one" {
  sql = "SELECT 1 AS x"
  lifecycle { prevent_destroy = true }
}
`
	dir := alone(t, one)
	for _, step := range []struct {
		config string // written anew before, if any
		line   string
		want   int
	}{
		{line: "validate", want: exitDone},
		{line: "plan", want: exitDone},
		{line: "plan -detailed-exitcode", want: exitChanges},
		{line: "apply", want: exitError}, // nobody to ask
		{line: "apply -auto-approve", want: exitDone},
		{line: "plan -detailed-exitcode", want: exitDone},
		{line: "run", want: exitDone},
		{config: other, line: "plan -detailed-exitcode", want: exitChanges},
		{line: "run", want: exitRefused}, // a changed definition
		{line: "plan -out=saved", want: exitDone},
		{config: one, line: "apply saved", want: exitError}, // stale
		{config: "table", line: "plan -detailed-exitcode", want: exitError},
		{config: kept, line: "apply -auto-approve", want: exitDone},
		{line: "destroy -auto-approve", want: exitRefused},
		{line: "show table.gold.one", want: exitDone},
		{line: "show table.gold.two", want: exitError},
		{line: "nonsense", want: exitError},
		{line: "help", want: exitDone},
		{line: "help plan", want: exitDone},
		{line: "state", want: exitDone}, // its help
		{line: "version", want: exitDone},
	} {
		if step.config != "" {
			rewrite(t, dir, step.config)
		}
		if code, out, errs := etl(t, dir, strings.Fields(step.line)...); code != step.want {
			t.Errorf("etl %s ended with %d instead of %d\n%s\n%s", step.line, code, step.want, out, errs)
		}
	}
}

// TestInterrupted: whatever a command says for itself, after Ctrl-C the code says that it was interrupted.
func TestInterrupted(t *testing.T) {
	dir := alone(t, `table "gold" "one" { sql = "SELECT 1 AS x" }`+"\n")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, command := range []string{"plan", "apply", "run"} {
		var out, errs bytes.Buffer
		env := &environment{builtIn: builtIn(), stdin: strings.NewReader(""), stdout: &out, stderr: &errs}
		if code := run(ctx, []string{"etl", "-chdir=" + dir, command}, env); code != exitInterrupted {
			t.Errorf("etl %s ended with %d\n%s\n%s", command, code, out.String(), errs.String())
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "warehouse")); err == nil {
		t.Error("an interrupted command has written")
	}
}

func TestPlanFailed(t *testing.T) {
	mistake := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "x"}
	refused := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "x", Extra: planner.Refused{}}
	for want, diags := range map[string]hcl.Diagnostics{
		"exit code 1": {mistake}, "exit code 3": {mistake, refused},
	} {
		if err := planFailed(diags); err == nil || err.Error() != want {
			t.Errorf("%v gave %v", diags, err)
		}
	}
	if exit(exitDone) != nil {
		t.Error("an end without a failure is an error")
	}
}
