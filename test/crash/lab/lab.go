// Package lab runs the real binary on projects that a test may break: it starts and kills runs, puts a project back to where
// it was, and compares what readers see.
package lab

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// Lab is a project in a folder of its own, with a binary of its own: its processes can be told from others'.
type Lab struct {
	Dir    string // the project
	root   string
	binary string
}

// New makes a lab around a built binary. It lies in memory where that is possible: the file system is not what is tested.
func New(t testing.TB, binary string) *Lab {
	t.Helper()
	root, err := os.MkdirTemp(memory(), "etl-lab")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() && os.Getenv("ETL_KEEP_LABS") != "" {
			t.Logf("the project is kept at %s", root)
			return
		}
		os.RemoveAll(root)
	})
	l := &Lab{Dir: filepath.Join(root, "project"), root: root, binary: filepath.Join(root, "etl")}
	for _, folder := range []string{l.Dir, filepath.Join(root, "tmp")} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := copyFile(binary, l.binary, 0o755); err != nil {
		t.Fatal(err)
	}
	return l
}

func memory() string {
	const shm = "/dev/shm"
	if info, err := os.Stat(shm); err == nil && info.IsDir() {
		return shm
	}
	return ""
}

// Write puts files into the project: name → content; an empty content removes the file.
func (l *Lab) Write(t testing.TB, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(l.Dir, name)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		switch {
		case err == nil && content == "":
			err = os.Remove(path)
		case err == nil:
			err = os.WriteFile(path, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Save remembers the project as it is, under a name.
func (l *Lab) Save(t testing.TB, name string) {
	t.Helper()
	l.copyTree(t, l.Dir, filepath.Join(l.root, "saved-"+name))
}

// Restore puts the project back to what was saved: at the same path, since tables name their files absolutely.
func (l *Lab) Restore(t testing.TB, name string) {
	t.Helper()
	l.copyTree(t, filepath.Join(l.root, "saved-"+name), l.Dir)
}

func (l *Lab) copyTree(t testing.TB, from, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	// Times are kept: a file's time is part of what a source has seen.
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("copying the project: %v\n%s", err, out)
	}
}

func copyFile(from, to string, mode fs.FileMode) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, mode)
}

// environ is what a run gets: nothing of the tester's own etl settings.
func (l *Lab) environ(extra []string) []string {
	own := slices.DeleteFunc(os.Environ(), func(s string) bool {
		return len(s) > 4 && s[:4] == "ETL_" || len(s) > 7 && s[:7] == "TMPDIR="
	})
	own = append(own, "NO_COLOR=1", "TMPDIR="+filepath.Join(l.root, "tmp"))
	return append(own, extra...)
}
