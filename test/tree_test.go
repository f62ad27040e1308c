package test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// shaTree remembers a lakehouse under a name, and the next time compares: not a byte of catalog or warehouse may differ,
// and no file may have come or gone. The cache is no part of it; with -tables only the project's own tables are looked
// at: a refused apply may have claimed and released leases.
func shaTree(ts *testscript.TestScript, neg bool, args []string) {
	folders := []string{".etl", "warehouse"}
	if len(args) == 2 && args[0] == "-tables" {
		args, folders = args[1:], []string{"warehouse/bronze", "warehouse/silver", "warehouse/gold"}
	}
	if len(args) != 1 {
		ts.Fatalf("usage: sha_tree [-tables] NAME")
	}
	now, err := tree(ts.MkAbs("."), folders)
	ts.Check(err)
	key := "SHA_TREE_" + strings.ToUpper(args[0])
	before := ts.Getenv(key)
	ts.Setenv(key, now)
	same := before == now
	switch {
	case before == "":
		return
	case neg && same:
		ts.Fatalf("the lakehouse should have changed")
	case !neg && !same:
		ts.Fatalf("the lakehouse has changed:\n%s", changed(before, now))
	}
}

// tree is a line for each file: its hash and its name.
func tree(project string, folders []string) (string, error) {
	var b strings.Builder
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(project, folder), func(path string, entry fs.DirEntry, err error) error {
			switch {
			case os.IsNotExist(err):
				return nil
			case err != nil:
				return err
			case entry.IsDir() && entry.Name() == "cache" && folder == ".etl":
				return fs.SkipDir
			case entry.IsDir():
				return nil
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			sum := sha256.Sum256(content)
			fmt.Fprintf(&b, "%s %s;", hex.EncodeToString(sum[:8]), strings.TrimPrefix(path, project))
			return nil
		})
		if err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

// changed lists the files that differ.
func changed(before, now string) string {
	old := map[string]bool{}
	for line := range strings.SplitSeq(before, ";") {
		old[line] = true
	}
	var b strings.Builder
	for line := range strings.SplitSeq(now, ";") {
		if !old[line] {
			b.WriteString("now  " + line + "\n")
		}
		delete(old, line)
	}
	for line := range strings.SplitSeq(before, ";") {
		if old[line] {
			b.WriteString("then " + line + "\n")
		}
	}
	return b.String()
}
