package test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

type verb = func(ts *testscript.TestScript, neg bool, args []string)

// verbs are the commands that scripts have beyond testscript's own:
//
//	etl ARG...                      runs etl; with ! it must fail
//	exitcode N etl ARG...           runs etl, which must end with N
//	unprivileged N etl ARG...       the same as a user who is not root
//	mistake SUMMARY PLACE HINT...   the last etl printed this diagnostic; PLACE is FILE:LINE, or - for none
//	mistakes FILE                   writes all that the last etl printed as wrong into a file: place, summary, marked characters
//	query_json SQL JSON             a query's rows are equal to these
//	until_json SQL JSON             waits until they are
//	planned FILE ARG...             writes a plan as text into a file, without sizes
//	sha_tree [-tables] NAME         remembers catalog and warehouse; the second time they must be the same
//	pyiceberg SCRIPT ARG...         runs a Python script that has PyIceberg and test/lake.py
func verbs() map[string]verb {
	return map[string]verb{
		"etl": etl, "exitcode": exitcode, "unprivileged": unprivileged, "mistake": mistake, "mistakes": mistakes,
		"query_json": queryJSON, "until_json": untilJSON, "sha_tree": shaTree, "planned": planned, "pyiceberg": pyiceberg,
	}
}

func etl(ts *testscript.TestScript, neg bool, args []string) {
	code := run(ts, binary, args...)
	if neg && code == 0 {
		ts.Fatalf("etl %s should have failed", strings.Join(args, " "))
	}
	if !neg && code != 0 {
		ts.Fatalf("etl %s ended with %d", strings.Join(args, " "), code)
	}
}

func exitcode(ts *testscript.TestScript, neg bool, args []string) {
	want, rest := wanted(ts, neg, "exitcode", args)
	if got := run(ts, binary, rest...); got != want {
		ts.Fatalf("etl %s ended with %d instead of %d", strings.Join(rest, " "), got, want)
	}
}

// unprivileged runs etl as nobody if the tests run as root, whom no permission stops.
func unprivileged(ts *testscript.TestScript, neg bool, args []string) {
	want, rest := wanted(ts, neg, "unprivileged", args)
	command := append([]string{binary}, rest...)
	if os.Geteuid() == 0 {
		command = append([]string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}, command...)
	}
	if got := run(ts, command[0], command[1:]...); got != want {
		ts.Fatalf("etl %s ended with %d instead of %d", strings.Join(rest, " "), got, want)
	}
}

// wanted reads `N etl ARG...`.
func wanted(ts *testscript.TestScript, neg bool, name string, args []string) (code int, rest []string) {
	if neg || len(args) < 2 || args[1] != "etl" {
		ts.Fatalf("usage: %s N etl ARG...", name)
	}
	code, err := strconv.Atoi(args[0])
	ts.Check(err)
	return code, args[2:]
}

// run executes a command and gives its exit code. Whatever goes wrong, a user never sees the inside of a Go program.
func run(ts *testscript.TestScript, command string, args ...string) int {
	err := ts.Exec(command, args...)
	output := ts.ReadFile("stdout") + ts.ReadFile("stderr")
	for _, trace := range []string{"goroutine ", "panic:", "runtime error", "SIGSEGV", ".go:", "This is a bug in etl"} {
		if strings.Contains(output, trace) {
			ts.Fatalf("the output has %q", trace)
		}
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	ts.Check(err)
	return 0
}

func mistake(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: mistake SUMMARY FILE:LINE HINT...")
	}
	output := words(ts.ReadFile("stderr") + ts.ReadFile("stdout"))
	parts := append([]string{"Error: " + args[0]}, args[2:]...)
	if file, line, found := strings.Cut(args[1], ":"); found {
		parts = append(parts, "on "+file+" line "+line)
	}
	for _, part := range parts {
		if !strings.Contains(output, words(part)) {
			ts.Fatalf("the output lacks %q", part)
		}
	}
}

// words drops what depends on the width of the terminal.
func words(text string) string { return strings.Join(strings.Fields(text), " ") }

func queryJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: query_json SQL JSON [ARG...]")
	}
	etl(ts, false, append([]string{"query", "-format=json", args[0]}, args[2:]...))
	var got, want any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &got))
	ts.Check(json.Unmarshal([]byte(args[1]), &want))
	if !reflect.DeepEqual(got, want) {
		ts.Fatalf("the rows are %v instead of %v", got, want)
	}
}

// untilJSON asks again and again: another process is at work.
func untilJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: until_json SQL JSON")
	}
	var got, want any
	ts.Check(json.Unmarshal([]byte(args[1]), &want))
	for tries := 0; ; tries++ {
		etl(ts, false, []string{"query", "-format=json", args[0]})
		ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &got))
		if reflect.DeepEqual(got, want) {
			return
		}
		if tries == 300 {
			ts.Fatalf("the rows are still %v instead of %v", got, want)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func pyiceberg(ts *testscript.TestScript, neg bool, args []string) {
	python, err := filepath.Abs(".tools/venv/bin/python")
	ts.Check(err)
	if _, err := os.Stat(python); err != nil {
		ts.Fatalf("PyIceberg is not installed: run `make test-tools` (%v)", err)
	}
	if neg || len(args) == 0 {
		ts.Fatalf("usage: pyiceberg SCRIPT ARG...")
	}
	folder, err := filepath.Abs(".")
	ts.Check(err)
	ts.Setenv("PYTHONPATH", folder)
	ts.Setenv("PYTHONDONTWRITEBYTECODE", "1")
	ts.Check(ts.Exec(python, args...))
}
