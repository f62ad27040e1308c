package state

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tree is every file below a folder, with its content and time.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		content := ""
		if !d.IsDir() {
			bytes, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			content = string(bytes)
		}
		files[path] = info.ModTime().String() + content
		return nil
	}))
	return files
}

func sameTree(t testing.TB, before, after map[string]string) {
	t.Helper()
	for path := range after {
		if _, there := before[path]; !there {
			t.Errorf("%s appeared", path)
		}
	}
	for path, content := range before {
		if after[path] != content {
			t.Errorf("%s changed", path)
		}
	}
}

func readEverything(t testing.TB, o Options) []*Table {
	t.Helper()
	o.ReadOnly, o.CacheDir = true, ""
	l, err := Open(t.Context(), o)
	must(t, err)
	tables, err := l.Tables(t.Context())
	must(t, err)
	for _, table := range tables {
		_, err := l.Files(t.Context(), table, table.Main)
		must(t, err)
		_, err = l.History(t.Context(), table.Ident)
		must(t, err)
	}
	_, err = l.Locks(t.Context())
	must(t, err)
	_, err = l.Runs(t.Context(), 0)
	must(t, err)
	if _, err := l.Commit(t.Context(), Change{}); !errors.Is(err, ErrReadOnly) {
		t.Fatalf("a commit on a lakehouse opened for reading said %v", err)
	}
	if _, err := l.Claim(t.Context(), claim("r", orders)); !errors.Is(err, ErrReadOnly) {
		t.Fatalf("a claim on a lakehouse opened for reading said %v", err)
	}
	must(t, l.Close())
	return tables
}

func TestReadingLeavesNoTrace(t *testing.T) {
	dir := t.TempDir()
	empty := tree(t, dir)
	if tables := readEverything(t, optionsIn(dir)); len(tables) != 0 {
		t.Fatalf("an empty folder has the tables %v", tables)
	}
	sameTree(t, empty, tree(t, dir))
	must(t, otherProcess(t, "", "apply", dir, "3").Run())
	before := tree(t, dir)
	if tables := readEverything(t, optionsIn(dir)); len(tables) != 5 {
		t.Fatalf("%d tables", len(tables))
	}
	sameTree(t, before, tree(t, dir))
	// The same while a writer has the catalog open, and in write-ahead mode, as another tool may have left it.
	l := openIn(t, dir)
	_, err := l.catalog.db.Exec("PRAGMA journal_mode=WAL")
	must(t, err)
	_, err = l.catalog.db.Exec("CREATE TABLE another (a)")
	must(t, err)
	before = tree(t, dir)
	if tables := readEverything(t, optionsIn(dir)); len(tables) != 5 {
		t.Fatalf("%d tables", len(tables))
	}
	sameTree(t, before, tree(t, dir))
}

// A process that was killed within SQLite's commit leaves a journal that must be played back; readers do so in a copy.
func TestReadingBehindAKilledCommit(t *testing.T) {
	dir := t.TempDir()
	must(t, otherProcess(t, "", "apply", dir, "3").Run())
	o := optionsIn(dir)
	db, err := sql.Open("sqlite", "file:"+o.CatalogPath+"?_pragma=cache_size(1)&_txlock=immediate")
	must(t, err)
	tx, err := db.Begin()
	must(t, err)
	_, err = tx.Exec("UPDATE iceberg_tables SET metadata_location = 'nowhere', previous_metadata_location = hex(zeroblob(400000))")
	must(t, err)
	crashed := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(crashed, ".etl"), 0o755))
	for _, suffix := range []string{"", "-journal"} {
		content, err := os.ReadFile(o.CatalogPath + suffix)
		must(t, err)
		must(t, os.WriteFile(filepath.Join(crashed, ".etl", "catalog.db"+suffix), content, 0o644))
	}
	must(t, tx.Rollback())
	must(t, db.Close())
	o.CatalogPath = filepath.Join(crashed, ".etl", "catalog.db")
	before := tree(t, crashed)
	if tables := readEverything(t, o); len(tables) != 5 || tables[3].Rows != 3 {
		t.Fatalf("%d tables", len(tables))
	}
	sameTree(t, before, tree(t, crashed))
}

func TestDamagedCatalogs(t *testing.T) {
	for name, content := range map[string]string{
		"no database": strings.Repeat("this is no database ", 100), "short": "x", "header only": "SQLite format 3\x00" + strings.Repeat("\xff", 4000),
	} {
		for _, readOnly := range []bool{true, false} {
			o := optionsIn(t.TempDir())
			o.ReadOnly = readOnly
			must(t, os.MkdirAll(filepath.Dir(o.CatalogPath), 0o755))
			must(t, os.WriteFile(o.CatalogPath, []byte(content), 0o644))
			_, err := Open(t.Context(), o)
			var corrupt *CorruptError
			if !errors.As(err, &corrupt) || corrupt.Path != o.CatalogPath {
				t.Errorf("%s, readOnly %v: %v", name, readOnly, err)
			}
		}
	}
}

func TestDamagedMetadata(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	columns := assigned(t, nil, plainColumns())
	made := commit(t, l, change(nil, columns, Append, stage(t, l, nil, columns, 1)))
	path := mustPath(made.MetadataLocation)
	must(t, os.WriteFile(path, []byte(`{"format-version": 2`), 0o644))
	var corrupt *CorruptError
	if _, err := openIn(t, dir).Tables(t.Context()); !errors.As(err, &corrupt) || corrupt.Path != path {
		t.Errorf("broken metadata: %v", err)
	}
	must(t, os.Remove(path))
	if _, err := openIn(t, dir).Tables(t.Context()); !errors.As(err, &corrupt) {
		t.Errorf("missing metadata: %v", err)
	}
}

func TestNetworkFileSystems(t *testing.T) {
	for magic, want := range map[int64]string{0x6969: "NFS", 0xff534d42: "SMB", 0xef53: "", 0x01021994: ""} {
		if got := networkFileSystem(magic); got != want {
			t.Errorf("%x is %q, want %q", magic, got, want)
		}
	}
	err := &NetworkFileSystemError{Path: "/x", FileSystem: "NFS"}
	if !strings.Contains(err.Error(), "PostgreSQL or REST") {
		t.Error(err)
	}
}

func TestCacheIsOnlyAShortcut(t *testing.T) {
	dir := t.TempDir()
	must(t, otherProcess(t, "", "apply", dir, "3").Run())
	cold, err := openIn(t, dir).Tables(t.Context())
	must(t, err)
	// Warm, it needs of the metadata files no more than that they are there.
	for _, table := range cold {
		must(t, os.Rename(mustPath(table.MetadataLocation), mustPath(table.MetadataLocation)+".away"))
		must(t, os.WriteFile(mustPath(table.MetadataLocation), nil, 0o644))
	}
	warm, err := openIn(t, dir).Tables(t.Context())
	must(t, err)
	for i, table := range warm {
		if !sameTable(table, cold[i]) {
			t.Errorf("%s out of the cache is\n%+v, read it is\n%+v", table.Ident, table, cold[i])
		}
		must(t, os.Rename(mustPath(table.MetadataLocation)+".away", mustPath(table.MetadataLocation)))
	}
	cache, err := filepath.Glob(filepath.Join(optionsIn(dir).CacheDir, "*"))
	must(t, err)
	if len(cache) != 1 {
		t.Fatalf("the cache is %v", cache)
	}
	// Broken, it is as good as empty.
	must(t, os.WriteFile(cache[0], []byte("broken"), 0o644))
	if _, err := openIn(t, dir).Tables(t.Context()); err != nil {
		t.Fatal(err)
	}
	// It follows commits.
	must(t, otherProcess(t, "", "apply", dir, "4").Run())
	tables, err := openIn(t, dir).Tables(t.Context())
	must(t, err)
	if tables[len(tables)-1].Rows != 4 {
		t.Fatalf("%d rows after a commit", tables[len(tables)-1].Rows)
	}
}

func TestClockBehindTheLastSnapshot(t *testing.T) {
	l := openIn(t, t.TempDir())
	columns := assigned(t, nil, plainColumns())
	base := commit(t, l, change(nil, columns, Append, stage(t, l, nil, columns, 1)))
	current, err := l.load(context.Background(), orders)
	must(t, err)
	content, err := os.ReadFile(mustPath(current.location))
	must(t, err)
	// The last snapshot is from an hour ahead.
	ahead := time.Now().Add(time.Hour).UnixMilli()
	s := current.meta.CurrentSnapshot()
	text := strings.ReplaceAll(string(content), formatMillis(s.TimestampMs), formatMillis(ahead))
	must(t, os.WriteFile(mustPath(current.location), []byte(text), 0o644))
	l.parsed = newParsed()
	_, err = l.Commit(t.Context(), change(base, columns, Empty))
	var clock *ClockError
	if !errors.As(err, &clock) || !strings.Contains(err.Error(), "Set the clock") {
		t.Fatalf("a clock that is behind said %v", err)
	}
}
