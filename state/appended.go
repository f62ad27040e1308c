package state

import (
	"context"
	"fmt"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

// Appended are the data files that were added between two snapshots of a table, if that is all that happened: from is an
// ancestor of to, and every snapshot since only appended rows or moved them to other files. If not, why says what
// else happened. The files of an append are returned even if compacted away since, as long as they are there.
func (l *Lakehouse) Appended(ctx context.Context, t *Table, from, to int64) (files []DataFile, ok bool, why string, err error) {
	if from == to {
		return nil, true, "", nil
	}
	m, err := l.metadataWith(ctx, t, to)
	if err != nil {
		return nil, false, "", err
	}
	appends, why := appendsBetween(lineageOf(m), from, to)
	if why != "" {
		return nil, false, why, nil
	}
	for _, s := range appends {
		if err := ctx.Err(); err != nil {
			return nil, false, "", err
		}
		added, why, err := addedBy(t, m, s)
		if why != "" || err != nil {
			return nil, false, why, err
		}
		files = append(files, added...)
	}
	return files, true, "", nil
}

// appendsBetween are the snapshots since from that appended, oldest first, or why there were others.
func appendsBetween(line lineage, from, to int64) (appends []*table.Snapshot, why string) {
	found := from == 0
	for s := range line.ancestors(to) {
		if s.SnapshotID == from {
			found = true
			break
		}
		if s.Summary == nil {
			return nil, fmt.Sprintf("snapshot %d doesn't say what it did", s.SnapshotID)
		}
		switch s.Summary.Operation {
		case table.OpAppend:
			appends = append([]*table.Snapshot{s}, appends...)
		case table.OpReplace:
		default:
			return nil, fmt.Sprintf("snapshot %d changed rows (%s)", s.SnapshotID, s.Summary.Operation)
		}
		if from == 0 && s.ParentSnapshotID != nil && line.byID[*s.ParentSnapshotID] == nil {
			return nil, "its earliest snapshots have expired"
		}
	}
	if !found {
		if line.byID[from] == nil {
			return nil, fmt.Sprintf("snapshot %d, which was read last, has expired", from)
		}
		return nil, fmt.Sprintf("snapshot %d, which was read last, is no longer in its history", from)
	}
	return appends, ""
}

// addedBy are the files that one append added.
func addedBy(t *Table, m table.Metadata, s *table.Snapshot) (files []DataFile, why string, err error) {
	r := newReading(t.Ident, m, m.SnapshotByID(t.Main))
	all, err := manifestsOf(s)
	if err != nil {
		return nil, "", err
	}
	for _, manifest := range all {
		if manifest.SnapshotID() != s.SnapshotID {
			continue
		}
		if manifest.ManifestContent() != iceberg.ManifestContentData {
			return nil, fmt.Sprintf("snapshot %d deleted rows", s.SnapshotID), nil
		}
		for e, err := range manifest.Entries(disk{}, true) {
			if err != nil {
				return nil, "", damagedFile(manifest.FilePath(), err)
			}
			if e.Status() != iceberg.EntryStatusADDED {
				continue
			}
			f, err := r.file(e)
			if err != nil {
				return nil, "", err
			}
			if !exists(f.Path) {
				return nil, fmt.Sprintf("the files that snapshot %d added are gone", s.SnapshotID), nil
			}
			files = append(files, f)
		}
	}
	return files, "", nil
}
