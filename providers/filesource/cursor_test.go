package filesource

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

func manyFiles(n int) []File {
	files := make([]File, n)
	for i := range files {
		path := fmt.Sprintf("data/day-%06d/events.csv.gz", i)
		sha := sha256.Sum256([]byte(path))
		files[i] = File{Path: path, Size: int64(i), MtimeNS: 1_700_000_000_000_000_000 + int64(i), SHA256: string(sha[:])}
	}
	return files
}

func TestCursorComesBack(t *testing.T) {
	for _, n := range []int{0, 1, 100_000} {
		want := cursor{fingerprint: "f", files: manyFiles(n)}
		encoded, err := want.encode()
		if err != nil {
			t.Fatal(err)
		}
		got, diags := decodeCursor(encoded)
		if diags.HasErrors() || got.fingerprint != "f" || !slices.Equal(got.files, want.files) {
			t.Errorf("%d files come back as %d: %v", n, len(got.files), diags)
		}
		if perFile := len(encoded) / max(n, 1); n > 1 && perFile > 48 {
			t.Errorf("%d bytes a file", perFile)
		}
	}
}

func TestCursorMerges(t *testing.T) {
	old := cursor{files: manyFiles(3)}
	changed := old.files[1]
	changed.Size = 77
	added := File{Path: "a.csv", SHA256: changed.SHA256}
	got := old.with([]File{changed, added})
	want := []File{added, old.files[0], changed, old.files[2]}
	if !slices.Equal(got.files, want) {
		t.Errorf("got %v", got.files)
	}
}

func TestCursorRefuses(t *testing.T) {
	packed, err := cursor{files: manyFiles(1000)}.encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ data, want string }{
		"newer":     {`{"v":2}`, "Cursor of a newer version"},
		"no JSON":   {`{"v":`, "Unreadable cursor"},
		"unequal":   {`{"v":1,"path":["a"],"size":[],"mtime_ns":[1],"sha256":""}`, "Unreadable cursor"},
		"truncated": {string(packed[:len(packed)/2]), "Unreadable cursor"},
	} {
		if _, diags := decodeCursor([]byte(test.data)); !strings.Contains(diags.Error(), test.want) {
			t.Errorf("%s: got %v", name, diags)
		}
	}
}

func TestIndexComesBack(t *testing.T) {
	dir := t.TempDir()
	columns := coltype.Schema{{Name: "n", Type: coltype.Of(coltype.Long)}}
	files := manyFiles(3)
	for i := range files {
		files[i].Inode = uint64(i + 1)
	}
	x := openIndex(dir, "key")
	for _, f := range files {
		x.hashed(f)
		x.inferred(f, Evidence{Columns: columns, Rows: f.Size, Sampled: true})
	}
	if err := x.save(files[:2]); err != nil {
		t.Fatal(err)
	}
	again := openIndex(dir, "key")
	for i, f := range files {
		found, ok := again.evidence(f)
		if ok != (i < 2) || ok && (!found.Columns.Equal(columns) || found.Rows != f.Size || !found.Sampled) {
			t.Errorf("file %d: %v, %t", i, found, ok)
		}
		f.MtimeNS++
		if _, ok := again.find(f); ok {
			t.Errorf("file %d is known after it changed", i)
		}
	}
	if other := openIndex(dir, "other key"); len(other.entries) > 0 {
		t.Error("another source's files are known")
	}
	damage(t, dir)
	if x := openIndex(dir, "key"); len(x.entries) > 0 {
		t.Error("a damaged index is believed")
	}
}

func damage(t *testing.T, dir string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*.idx"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	if err := os.WriteFile(found[0], []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
}
