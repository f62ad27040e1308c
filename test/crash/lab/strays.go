package lab

import (
	"context"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/iceberg-go"
	iceio "github.com/apache/iceberg-go/io"
	"github.com/apache/iceberg-go/table"

	"github.com/automic-etl/etl/state"
)

// NoStrays fails the test if a file lies in the warehouse that no table names: data, manifests, metadata, or what somebody was
// writing, of the project's tables and of etl's own. Definitions and cursors that are files of their own are left out: they are
// named by their content, and the next commit of the same takes them up.
func (l *Lab) NoStrays(t testing.TB) {
	t.Helper()
	named := l.namedFiles(t)
	warehouse := filepath.Join(l.Dir, "warehouse")
	err := filepath.WalkDir(warehouse, func(path string, entry fs.DirEntry, err error) error {
		spilled := strings.Contains(path, "/metadata/etl/") && !strings.HasPrefix(filepath.Base(path), "part-")
		if err == nil && !entry.IsDir() && !named[path] && !spilled {
			t.Errorf("%s is left lying about", strings.TrimPrefix(path, l.Dir))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// namedFiles are the files that the tables of the catalog name, as iceberg-go reads them.
func (l *Lab) namedFiles(t testing.TB) map[string]bool {
	t.Helper()
	ctx := context.Background()
	lake, err := state.Open(ctx, state.Options{CatalogPath: filepath.Join(l.Dir, ".etl", "catalog.db"), Warehouse: filepath.Join(l.Dir, "warehouse"), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer lake.Close()
	tables, err := lake.Tables(ctx)
	if err != nil {
		t.Fatal(err)
	}
	n := names{}
	for _, recorded := range tables {
		if err := n.table(ctx, recorded.MetadataLocation); err != nil {
			t.Fatalf("%s: %v", recorded.Ident, err)
		}
	}
	return n
}

// names are the files that tables name.
type names map[string]bool

func (n names) note(location string) { n[strings.TrimPrefix(location, "file://")] = true }

func (n names) table(ctx context.Context, location string) error {
	open := func(context.Context) (iceio.IO, error) { return iceio.LocalFS{}, nil }
	loaded, err := table.NewFromLocation(ctx, nil, location, open, nil)
	if err != nil {
		return err
	}
	n.note(location)
	for earlier := range loaded.Metadata().PreviousFiles() {
		n.note(earlier.MetadataFile)
	}
	for _, s := range loaded.Metadata().Snapshots() {
		n.note(s.ManifestList)
		manifests, err := s.Manifests(iceio.LocalFS{})
		if err != nil {
			return err
		}
		if err := n.manifests(manifests); err != nil {
			return err
		}
	}
	return nil
}

func (n names) manifests(all []iceberg.ManifestFile) error {
	for _, m := range all {
		if n[strings.TrimPrefix(m.FilePath(), "file://")] {
			continue
		}
		n.note(m.FilePath())
		for e, err := range m.Entries(iceio.LocalFS{}, true) {
			if err != nil {
				return err
			}
			n.note(e.DataFile().FilePath())
		}
	}
	return nil
}
