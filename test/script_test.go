// Package test runs etl as a user does: the real binary, on scripts that read as documentation.
package test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// tags are the build's; the same everywhere, so that the build cache is shared.
const tags = "duckdb_arrow,netgo,osusergo"

var updateScripts = flag.Bool("update", false, "write what `cmp` compares with anew")

// binary is where TestMain built etl.
var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(withBinary(m.Run))
}

// withBinary builds etl into a folder that any user may read, or takes the one that ETL_BINARY names.
func withBinary(run func() int) int {
	if binary = os.Getenv("ETL_BINARY"); binary != "" {
		return run()
	}
	folder, err := os.MkdirTemp("", "etl-test")
	if err == nil {
		defer os.RemoveAll(folder)
		err = os.Chmod(folder, 0o755)
	}
	if err == nil {
		binary = filepath.Join(folder, "etl")
		build := exec.Command("go", "build", "-tags", tags, "-o", binary, "..")
		build.Stdout, build.Stderr = os.Stderr, os.Stderr
		err = build.Run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "building etl for the scripts:", err)
		return 1
	}
	return run()
}

// TestScript runs each folder of scripts; -run TestScript/wrong/unknown_column runs one.
func TestScript(t *testing.T) {
	folders, err := filepath.Glob("testdata/script/*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no scripts under testdata/script: %v", err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			testscript.Run(t, testscript.Params{
				Dir:                 folder,
				Setup:               setup,
				Cmds:                verbs(),
				UpdateScripts:       *updateScripts,
				RequireExplicitExec: true,
				RequireUniqueNames:  true,
			})
		})
	}
}

// setup gives a script what etl needs of its environment, and nothing of the tester's.
func setup(env *testscript.Env) error {
	env.Setenv("NO_COLOR", "1")
	env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
	env.Setenv("PATH", filepath.Dir(binary)+string(os.PathListSeparator)+os.Getenv("PATH"))
	// Other users reach the script's files in the tests of missing permissions.
	for _, folder := range []string{filepath.Dir(env.WorkDir), env.WorkDir} {
		if err := os.Chmod(folder, 0o755); err != nil {
			return err
		}
	}
	return os.Chmod(env.Getenv("TMPDIR"), 0o777)
}
