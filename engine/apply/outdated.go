package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/state"
)

// badKept is what this commit finds in the quarantine.
type badKept struct {
	outdated []state.DataFile // files that no longer count
	again    []state.DataFile // files that aren't there, and count again
	counting []state.DataFile // files that count: those that stay, and those that come back
}

// keptBad compares the quarantine with what goes with the table's rows: none, where this run looked at all rows anew; else what
// the last commit of the rows recorded. It differs where a run died between the two commits, and after a rollback.
func (t *task) keptBad(ctx context.Context) (badKept, error) {
	q := t.published.get(t.work.Quarantine)
	if q == nil || q.Main == 0 {
		return badKept{}, nil
	}
	files, err := t.Lakehouse.Files(ctx, q, q.Main)
	if err != nil {
		return badKept{}, fmt.Errorf("reading the quarantine %s: %w", q.Ident, err)
	}
	if t.sawAll() {
		return badKept{outdated: files}, nil
	}
	was := t.base.Summary.Quarantine
	if was == nil || was.Sequence >= q.Sequence { // not recorded, or of a quarantine that was dropped since
		return badKept{counting: files}, nil
	}
	counting, err := t.countingBad(ctx, q, files, *was)
	if err != nil {
		return badKept{}, fmt.Errorf("reading the quarantine %s as it was: %w", q.Ident, err)
	}
	return badKept{outdated: without(files, counting), again: without(counting, files), counting: counting}, nil
}

// sawAll says whether this run looked at all rows that there are to compute the table from, or to load it: those that are bad
// were found again, also where the good ones went into rows that stayed.
func (t *task) sawAll() bool {
	switch {
	case t.staged.operation == state.Replace || t.base == nil:
		return true
	case t.work.Kind == plan.LoadWork:
		return t.work.Load.Follow == nil && len(t.work.Load.Cursor) == 0
	}
	return t.work.Kind == plan.QueryWork && t.work.Compute == plan.ComputeFull
}

// countingBad are the quarantine's files as it was, with what other writers did to them since.
func (t *task) countingBad(ctx context.Context, q *state.Table, files []state.DataFile, was state.Quarantine) ([]state.DataFile, error) {
	history, err := t.Lakehouse.History(ctx, q.Ident)
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
	counting, err := t.Lakehouse.Files(ctx, q, from)
	if err != nil {
		return nil, err
	}
	for _, s := range since {
		if s.Summary != nil || s.Operation == compacted {
			continue
		}
		before, err := t.Lakehouse.Files(ctx, q, s.Parent)
		if err != nil {
			return nil, err
		}
		after, err := t.Lakehouse.Files(ctx, q, s.ID)
		if err != nil {
			return nil, err
		}
		removed := without(before, after)
		if len(without(removed, counting)) > 0 { // it wrote rows again among which are such as no longer count
			return files, nil
		}
		counting = append(without(counting, removed), without(after, before)...)
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

// without are the files that are not among others.
func without(files, others []state.DataFile) []state.DataFile {
	gone := make(map[string]bool, len(others))
	for _, f := range others {
		gone[f.Path] = true
	}
	return slices.DeleteFunc(slices.Clone(files), func(f state.DataFile) bool { return gone[f.Path] })
}
