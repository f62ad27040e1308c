// Package quarantine says which rows of a table's quarantine go with the table's rows.
package quarantine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/automic-etl/etl/state"
)

// Kept is a quarantine as it is found, held against what goes with the table's rows.
type Kept struct {
	Outdated []state.DataFile // files that no longer count
	Again    []state.DataFile // files that aren't there, and count again
	Counting []state.DataFile // files that count: those that stay, and those that come back
}

// Of compares a quarantine with what the last commit of the table's rows recorded of it. They differ where a run died between the
// commits of the two, and after a rollback of either. What other writers did meanwhile stays.
func Of(ctx context.Context, lake *state.Lakehouse, q *state.Table, was *state.Quarantine) (Kept, error) {
	files, err := lake.Files(ctx, q, q.Main)
	if err != nil {
		return Kept{}, fmt.Errorf("reading the quarantine %s: %w", q.Ident, err)
	}
	if Certain(q, was) {
		return Kept{Counting: files}, nil
	}
	counting, err := counting(ctx, lake, q, files, *was)
	if err != nil {
		return Kept{}, fmt.Errorf("reading the quarantine %s as it was: %w", q.Ident, err)
	}
	return Kept{Outdated: Without(files, counting), Again: Without(counting, files), Counting: counting}, nil
}

// Certain says without a look at any file that a quarantine is the one that goes with the rows: nothing was done to it since, or
// none was recorded, or another one that was dropped.
func Certain(q *state.Table, was *state.Quarantine) bool {
	return was == nil || was.Sequence >= q.Sequence
}

// counting are the quarantine's files as it was, with what other writers did to them since.
func counting(ctx context.Context, lake *state.Lakehouse, q *state.Table, files []state.DataFile, was state.Quarantine) ([]state.DataFile, error) {
	history, err := lake.History(ctx, q.Ident)
	if err != nil {
		return nil, err
	}
	from := int64(0)
	if i := slices.IndexFunc(history, func(s state.Snapshot) bool { return s.Sequence == was.Sequence }); i >= 0 {
		from = history[i].ID
	}
	since, whole := between(history, from, q.Main)
	if !whole || from == 0 && was.Sequence != 0 {
		return notSince(files, was), nil
	}
	counting, err := lake.Files(ctx, q, from)
	if err != nil {
		return nil, err
	}
	for _, s := range since {
		if s.Summary != nil || s.Operation == compacted {
			continue
		}
		before, err := lake.Files(ctx, q, s.Parent)
		if err != nil {
			return nil, err
		}
		after, err := lake.Files(ctx, q, s.ID)
		if err != nil {
			return nil, err
		}
		removed, added := Without(before, after), Without(after, before)
		if len(added) > 0 && len(Without(removed, counting)) > 0 { // it wrote rows again among which are such as no longer count
			return files, nil
		}
		counting = append(Without(counting, removed), added...)
	}
	return counting, nil
}

// notSince are the files that were there at a snapshot which expired: what came later is known by its number. All of them count
// where rows of then are missing, and may be among those that were written since.
func notSince(files []state.DataFile, was state.Quarantine) []state.DataFile {
	then := slices.DeleteFunc(slices.Clone(files), func(f state.DataFile) bool { return f.Sequence > was.Sequence && ownFile(f.Path) })
	rows := int64(0)
	for _, f := range then {
		rows += f.Rows
	}
	if rows < was.Rows || was.Rows < 0 {
		return files
	}
	return then
}

// compacted is Iceberg's word for a snapshot of other files with the same rows.
const compacted = "replace"

// ownFile says whether a run of ours wrote a file: under data/<run id>/, where other writers have none.
func ownFile(path string) bool {
	at := strings.LastIndex(path, "/data/")
	return at >= 0 && strings.Contains(path[at+len("/data/"):], "/")
}

// between are the snapshots that lead to one, oldest first, and not to another, which may stand on a branch that was left. They
// are whole unless some of them expired.
func between(history []state.Snapshot, from, to int64) (since []state.Snapshot, whole bool) {
	byID := make(map[int64]state.Snapshot, len(history))
	for _, s := range history {
		byID[s.ID] = s
	}
	shared := map[int64]bool{0: true}
	for id := from; !shared[id]; id = byID[id].Parent {
		shared[id] = true
	}
	for id := to; !shared[id]; id = byID[id].Parent {
		s, ok := byID[id]
		if !ok {
			return nil, false
		}
		since = append(since, s)
	}
	slices.Reverse(since)
	return since, true
}

// Without are the files that are not among others.
func Without(files, others []state.DataFile) []state.DataFile {
	gone := make(map[string]bool, len(others))
	for _, f := range others {
		gone[f.Path] = true
	}
	return slices.DeleteFunc(slices.Clone(files), func(f state.DataFile) bool { return gone[f.Path] })
}
