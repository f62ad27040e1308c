package state

import (
	"context"
	"reflect"

	"github.com/apache/iceberg-go/table"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Changed are the data files by which two snapshots of a table differ: before are those of from, after those of to; a file of
// which other rows are deleted is in both. It looks at the two alone, however one came of the other. Where it can't tell, why
// says so.
func (l *Lakehouse) Changed(ctx context.Context, t *Table, from, to int64) (before, after []DataFile, why string, err error) {
	if from == to {
		return nil, nil, "", nil
	}
	m, err := l.metadataWith(ctx, t, to)
	if err != nil {
		return nil, nil, "", err
	}
	if why = untold(m, from, to); why != "" {
		return nil, nil, why, nil
	}
	for _, side := range []struct {
		id    int64
		files *[]DataFile
	}{{from, &before}, {to, &after}} {
		if side.id == 0 {
			continue
		}
		if *side.files, err = filesOf(ctx, t.Ident, m, m.SnapshotByID(side.id)); err != nil {
			return nil, nil, "", err
		}
	}
	before, after = withoutCommon(before, after), withoutCommon(after, before)
	if gone(before) {
		return nil, nil, "files of the snapshot that was read last are gone", nil
	}
	return before, after, "", nil
}

// Untold says why it can't be told what changed between two snapshots of a table; empty: it can.
func (l *Lakehouse) Untold(ctx context.Context, t *Table, from, to int64) (why string, err error) {
	m, err := l.metadataWith(ctx, t, to)
	if err != nil {
		return "", err
	}
	return untold(m, from, to), nil
}

func untold(m table.Metadata, from, to int64) string {
	if from == 0 {
		return ""
	}
	old := m.SnapshotByID(from)
	switch {
	case old == nil:
		return "the snapshot that was read last has expired"
	case !alike(columnsOf(schemaAt(m, old).Fields()), columnsOf(schemaAt(m, m.SnapshotByID(to)).Fields())):
		return "its columns changed"
	}
	return ""
}

// alike says whether rows of two schemas are read in the same way.
func alike(a, b coltype.Schema) bool {
	if len(a) != len(b) {
		return false
	}
	for i, f := range a {
		if f.ID != b[i].ID || f.Name != b[i].Name || !f.Type.Equal(b[i].Type) {
			return false
		}
	}
	return true
}

// withoutCommon are the files that the others don't have with the same deletes.
func withoutCommon(files, others []DataFile) []DataFile {
	deletes := make(map[string][]DeleteFile, len(others))
	for _, f := range others {
		deletes[f.Path] = f.Deletes
	}
	var different []DataFile
	for _, f := range files {
		if other, ok := deletes[f.Path]; !ok || len(f.Deletes)+len(other) > 0 && !reflect.DeepEqual(f.Deletes, other) {
			different = append(different, f)
		}
	}
	return different
}

func gone(files []DataFile) bool {
	for _, f := range files {
		if !exists(f.Path) {
			return true
		}
		for _, d := range f.Deletes {
			if d.Path != "" && !exists(d.Path) {
				return true
			}
		}
	}
	return false
}
