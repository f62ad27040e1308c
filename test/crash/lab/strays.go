package lab

import (
	"context"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/automic-etl/etl/state"
)

// NoStrays fails the test if a data file of the project's tables lies in the warehouse that no snapshot names. etl's own tables
// are left out: a run that dies while it claims or records leaves a small file there.
func (l *Lab) NoStrays(t testing.TB) {
	t.Helper()
	ctx := context.Background()
	lake, err := state.Open(ctx, state.Options{CatalogPath: filepath.Join(l.Dir, ".etl", "catalog.db"), Warehouse: filepath.Join(l.Dir, "warehouse"), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer lake.Close()
	named, err := namedFiles(ctx, lake)
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(filepath.Join(l.Dir, "warehouse"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.Contains(path, "/data/") && !named[path] && !strings.Contains(path, "/warehouse/etl/") {
			t.Errorf("%s is left lying about", strings.TrimPrefix(path, l.Dir))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// namedFiles are the data files of all snapshots of all tables.
func namedFiles(ctx context.Context, lake *state.Lakehouse) (map[string]bool, error) {
	tables, err := lake.Tables(ctx)
	if err != nil {
		return nil, err
	}
	named := map[string]bool{}
	for _, table := range tables {
		history, err := lake.History(ctx, table.Ident)
		if err != nil {
			return nil, err
		}
		for _, snapshot := range history {
			files, err := lake.Files(ctx, table, snapshot.ID)
			if err != nil {
				return nil, err
			}
			for _, f := range files {
				named[f.Path] = true
			}
		}
	}
	return named, nil
}
