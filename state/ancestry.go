package state

import (
	"strconv"
	"time"

	"github.com/apache/iceberg-go/table"
)

// Tag is the tag that we keep on our last snapshot, so that another writer's expiry doesn't take our last state.
const Tag = "etl"

// lineage are a table's snapshots by id.
type lineage struct {
	byID map[int64]*table.Snapshot
	main int64
	tag  int64
}

func lineageOf(m table.Metadata) lineage {
	snapshots := m.Snapshots()
	l := lineage{byID: make(map[int64]*table.Snapshot, len(snapshots))}
	for i := range snapshots {
		l.byID[snapshots[i].SnapshotID] = &snapshots[i]
	}
	if current := m.CurrentSnapshot(); current != nil {
		l.main = current.SnapshotID
	}
	for name, ref := range m.Refs() {
		if name == Tag {
			l.tag = ref.SnapshotID
		}
	}
	return l
}

// ancestors yields the snapshot and its ancestors, newest first, as far as they are kept.
func (l lineage) ancestors(id int64) func(func(*table.Snapshot) bool) {
	return func(yield func(*table.Snapshot) bool) {
		for s := l.byID[id]; s != nil; {
			if !yield(s) || s.ParentSnapshotID == nil {
				return
			}
			s = l.byID[*s.ParentSnapshotID]
		}
	}
}

// landed finds the snapshot of a commit in the ancestry of main.
func (l lineage) landed(commitID string) (int64, bool) {
	for s := range l.ancestors(l.main) {
		if s.Summary != nil && s.Summary.Properties[KeyCommit] == commitID {
			return s.SnapshotID, true
		}
	}
	return 0, false
}

// written is the nearest ancestor of main by which we wrote, rather than passed on what was written.
func (l lineage) written() *table.Snapshot {
	for s := range l.ancestors(l.main) {
		if s.Summary != nil && ours(s.Summary.Properties) && !carries(s.Summary.Properties[KeyMode]) {
			return s
		}
	}
	return nil
}

// state finds the nearest ancestor of main that carries our state, and what other writers did since the rows that it is about.
func (l lineage) state() (at *table.Snapshot, foreign []*table.Snapshot) {
	for s := range l.ancestors(l.main) {
		if s.Summary == nil || !ours(s.Summary.Properties) {
			foreign = append(foreign, s)
			continue
		}
		if carries(s.Summary.Properties[KeyMode]) && s.Summary.Properties[KeyDataHash] == "" {
			continue // a fence where there was nothing to carry on
		}
		if at == nil {
			at = s
		}
		if !carries(s.Summary.Properties[KeyMode]) {
			return at, foreign
		}
	}
	if at != nil {
		return at, foreign
	}
	return l.taggedState(), foreign
}

// taggedState is our last snapshot, kept by its tag, if an expiry by another writer took it out of the ancestry of main. That it
// was in there is told by its files: the oldest ancestor that is kept is younger, and has them all.
func (l lineage) taggedState() *table.Snapshot {
	tagged := l.byID[l.tag]
	var oldest *table.Snapshot
	for s := range l.ancestors(l.main) {
		oldest = s
	}
	if tagged == nil || tagged.Summary == nil || !ours(tagged.Summary.Properties) || oldest == nil ||
		oldest.SequenceNumber <= tagged.SequenceNumber {
		return nil
	}
	before, err := liveFiles(tagged)
	if err != nil {
		return nil
	}
	since, err := liveFiles(oldest)
	if err != nil {
		return nil
	}
	for file := range before {
		if !since[file] {
			return nil
		}
	}
	return tagged
}

// liveFiles are the locations of a snapshot's data and delete files.
func liveFiles(s *table.Snapshot) (map[string]bool, error) {
	all, err := manifestsOf(s)
	if err != nil {
		return nil, err
	}
	files := map[string]bool{}
	note := func(location string) error { files[location] = true; return nil }
	for _, m := range all {
		if err := noteEntries(m, note); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// snapshotOf is a snapshot as history shows it; its summary is filled in by who can read spilled values.
func snapshotOf(s *table.Snapshot) Snapshot {
	out := Snapshot{ID: s.SnapshotID, Sequence: s.SequenceNumber, At: time.UnixMilli(s.TimestampMs).UTC(), Rows: -1}
	if s.ParentSnapshotID != nil {
		out.Parent = *s.ParentSnapshotID
	}
	if s.Summary == nil {
		return out
	}
	out.Operation = string(s.Summary.Operation)
	out.Rows = rowsOf(s.Summary)
	out.Added, _ = count(s.Summary, "added-records")
	out.Removed, _ = count(s.Summary, "deleted-records")
	return out
}

// rowsOf are the rows that readers see: those of data files, less the ones deleted by position.
func rowsOf(s *table.Summary) int64 {
	rows, known := count(s, "total-records")
	if equality, _ := count(s, "total-equality-deletes"); !known || equality > 0 {
		return -1
	}
	deleted, _ := count(s, "total-position-deletes")
	return rows - deleted
}

func count(s *table.Summary, key string) (int64, bool) {
	if s == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(s.Properties[key], 10, 64)
	return n, err == nil
}

// countOr is a total of a snapshot's summary, or -1 where it isn't recorded.
func countOr(s *table.Summary, key string) int64 {
	if n, known := count(s, key); known {
		return n
	}
	return -1
}
