package apply

import (
	"context"
	"fmt"
	"strings"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/state"
)

// outdatedBad are the files of the quarantine that no longer count: all, where all rows were looked at anew; else those of
// runs whose commit of the table never landed or was rolled back.
func (t *task) outdatedBad(ctx context.Context) ([]state.DataFile, error) {
	q := t.published.get(t.work.Quarantine)
	if q == nil || q.Main == 0 {
		return nil, nil
	}
	files, err := t.Lakehouse.Files(ctx, q, q.Main)
	if err != nil {
		return nil, fmt.Errorf("reading the quarantine %s: %w", q.Ident, err)
	}
	if t.sawAll() {
		return files, nil
	}
	runs, oldest, err := t.landedRuns(ctx)
	if err != nil {
		return nil, err
	}
	var outdated []state.DataFile
	for _, f := range files {
		if run := runOf(f.Path); run > oldest && !runs[run] {
			outdated = append(outdated, f)
		}
	}
	return outdated, nil
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

// landedRuns are the runs whose commits the table's rows come from, and the oldest of them that the history still tells
// of: what is older landed, or the newer ones could not have.
func (t *task) landedRuns(ctx context.Context) (runs map[string]bool, oldest string, err error) {
	history, err := t.Lakehouse.History(ctx, t.plan.Ident)
	if err != nil {
		return nil, "", fmt.Errorf("reading the history of %s: %w", t.plan.Ident, err)
	}
	byID := make(map[int64]state.Snapshot, len(history))
	for _, s := range history {
		byID[s.ID] = s
	}
	runs = map[string]bool{}
	for id := t.base.Main; id != 0; {
		s, ok := byID[id]
		if !ok {
			break
		}
		if s.Summary != nil && s.Summary.Mode != "rollback" {
			runs[s.Summary.RunID] = true
			oldest = s.Summary.RunID
		}
		id = s.Parent
	}
	return runs, oldest, nil
}

// runOf is the run that found the rows of a quarantine's file, empty for another writer's: runs write under data/<run id>/, and
// what they write again of another run's rows under data/<run id>/<other run id>/.
func runOf(path string) string {
	at := strings.LastIndex(path, "/data/")
	folders := strings.Split(path[at+1:], "/")
	if at < 0 || len(folders) < 3 {
		return ""
	}
	return folders[len(folders)-2]
}
