package test

import (
	"os"
	"regexp"

	"github.com/rogpeppe/go-internal/testscript"
)

// sizes are what differs from run to run: files hold the run's id and times, which compress differently.
var sizes = regexp.MustCompile(`[0-9.]+ [kM]?B\b`)

// planned writes a plan as text into a file, with its sizes masked.
func planned(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: planned FILE ARG...")
	}
	etl(ts, false, append([]string{"plan"}, args[1:]...))
	text := sizes.ReplaceAllString(ts.ReadFile("stdout"), "N B")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644))
}
