package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tags are the build's; the same everywhere, so that the build cache is shared.
const tags = "duckdb_arrow,netgo,osusergo"

// Main builds etl once for a package's tests, or takes the binary that ETL_BINARY names, and runs them.
func Main(m *testing.M, root string, binary *string) int {
	if *binary = os.Getenv("ETL_BINARY"); *binary != "" {
		return m.Run()
	}
	folder, err := os.MkdirTemp("", "etl-test")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	*binary = filepath.Join(folder, "etl")
	if err := build(root, *binary); err != nil {
		fmt.Fprintln(os.Stderr, "building etl for the tests:", err)
		return 1
	}
	return m.Run()
}

// build takes the module file that `make build` takes, so that both share one cache.
func build(root, out string) error {
	modfile, err := exec.Command("sh", filepath.Join(root, "test", "modfile.sh")).Output()
	if err != nil {
		return fmt.Errorf("test/modfile.sh: %w", err)
	}
	cmd := exec.Command("go", "build", "-modfile="+strings.TrimSpace(string(modfile)), "-tags", tags, "-o", out, ".")
	cmd.Dir, cmd.Stdout, cmd.Stderr = root, os.Stderr, os.Stderr
	return cmd.Run()
}

// Python runs a script with PyIceberg and test/lake.py in the project's folder, and gives what it printed.
func (l *Lab) Python(t testing.TB, root, script string, args ...string) string {
	t.Helper()
	cmd := exec.Command(python(t, root), append([]string{"-c", script}, args...)...)
	cmd.Dir = l.Dir
	cmd.Env = append(l.environ(nil), "PYTHONPATH="+filepath.Join(root, "test"), "PYTHONDONTWRITEBYTECODE=1")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("Python: %v\n%s\n%s", err, stderr.String(), script)
	}
	return string(out)
}

func python(t testing.TB, root string) string {
	t.Helper()
	path := os.Getenv("ETL_TEST_PYTHON")
	if path == "" {
		path = filepath.Join(root, "test", ".tools", "venv", "bin", "python")
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("PyIceberg is not installed: run `make test-tools` (%v)", err)
	}
	return path
}
