package state

import (
	"strconv"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

// totals are the counts that Iceberg wants in a snapshot's summary.
type totals struct {
	added, removed tally
}

// tally counts files and rows of each kind.
type tally struct {
	files, rows, size                  int64
	positionFiles, positions           int64
	equalityFiles, equalities, vectors int64
}

func (t *totals) add(f iceberg.DataFile)    { t.added.take(f) }
func (t *totals) remove(f iceberg.DataFile) { t.removed.take(f) }

func (t *tally) take(f iceberg.DataFile) {
	t.size += f.FileSizeBytes()
	switch f.ContentType() {
	case iceberg.EntryContentPosDeletes:
		if table.IsDeletionVector(f) {
			t.vectors++
		} else {
			t.positionFiles++
		}
		t.positions += f.Count()
	case iceberg.EntryContentEqDeletes:
		t.equalityFiles++
		t.equalities += f.Count()
	default:
		t.files++
		t.rows += f.Count()
	}
}

func (t tally) deleteFiles() int64 { return t.positionFiles + t.equalityFiles + t.vectors }

// operation is what Iceberg calls such a change.
func (t totals) operation() table.Operation {
	gone := t.removed.files > 0 || t.added.positions > t.removed.positions
	switch {
	case t.added.files > 0 && gone:
		return table.OpOverwrite
	case t.added.files > 0:
		return table.OpAppend
	case gone:
		return table.OpDelete
	default:
		return table.OpReplace // no row changed
	}
}

// properties are the summary's counts, on top of the parent's totals.
func (t totals) properties(parent *table.Snapshot) iceberg.Properties {
	props := iceberg.Properties{}
	positive(props, map[string]int64{
		"added-data-files": t.added.files, "added-records": t.added.rows, "added-files-size": t.added.size,
		"added-delete-files": t.added.deleteFiles(), "added-position-delete-files": t.added.positionFiles, "added-position-deletes": t.added.positions,
		"deleted-data-files": t.removed.files, "deleted-records": t.removed.rows, "removed-files-size": t.removed.size,
		"removed-delete-files": t.removed.deleteFiles(), "removed-position-delete-files": t.removed.positionFiles,
		"removed-position-deletes": t.removed.positions, "removed-equality-delete-files": t.removed.equalityFiles,
		"removed-equality-deletes": t.removed.equalities, "removed-dvs": t.removed.vectors,
	})
	for key, change := range map[string]int64{
		"total-data-files":       t.added.files - t.removed.files,
		"total-records":          t.added.rows - t.removed.rows,
		"total-files-size":       t.added.size - t.removed.size,
		"total-delete-files":     t.added.deleteFiles() - t.removed.deleteFiles(),
		"total-position-deletes": t.added.positions - t.removed.positions,
		"total-equality-deletes": -t.removed.equalities,
	} {
		before, known := int64(0), true
		if parent != nil {
			before, known = count(parent.Summary, key)
		}
		if known {
			props[key] = strconv.FormatInt(before+change, 10)
		}
	}
	return props
}

func positive(props iceberg.Properties, counts map[string]int64) {
	for key, n := range counts {
		if n > 0 {
			props[key] = strconv.FormatInt(n, 10)
		}
	}
}
