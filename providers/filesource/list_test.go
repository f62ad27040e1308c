package filesource

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestList(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "pro[ject]")
	for _, name := range []string{
		"pro[ject]/a.csv", "pro[ject]/b.csv", "pro[ject]/.hidden.csv", "pro[ject]/deep/er/c.csv", "pro[ject]/x[1].csv", "pro[ject]/x1.csv", "outside.csv",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "dangling.csv")); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		paths []string
		want  []string
	}{
		{[]string{"a.csv"}, []string{"a.csv"}},
		{[]string{"./a.csv", "a.csv", "*.csv"}, []string{"a.csv", "b.csv", "x1.csv", "x[1].csv"}},
		{[]string{"**/*.csv"}, []string{"a.csv", "b.csv", "deep/er/c.csv", "x1.csv", "x[1].csv"}},
		{[]string{"{a,b}.csv"}, []string{"a.csv", "b.csv"}},
		{[]string{"x[1].csv"}, []string{"x[1].csv"}},
		{[]string{".hidden*"}, []string{".hidden.csv"}},
		{[]string{"../*.csv"}, []string{"../outside.csv"}},
		{[]string{filepath.Join(dir, "a.csv")}, []string{"a.csv"}},
		{[]string{filepath.Join(root, "outside.csv")}, []string{filepath.Join(root, "outside.csv")}},
	} {
		found, diags := list(context.Background(), Options{Dir: dir, Paths: test.paths})
		var got []string
		for _, f := range found.files {
			got = append(got, f.Path)
		}
		if diags.HasErrors() || len(found.missing) > 0 || !slices.Equal(got, test.want) {
			t.Errorf("%q finds %q instead of %q; %v %v", test.paths, got, test.want, diags, found.missing)
		}
	}
}
