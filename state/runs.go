package state

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/state/failpoint"
)

// Died is the outcome of a run that didn't live to record one.
const Died = "died"

// compactAt is the number of files from which a record table is written anew as one.
const compactAt = 50

func runs() records[Run] {
	count := func(name string, of func(*Run) *int64) part[Run] { return part[Run]{name: name, long: of} }
	return records[Run]{ident: addr.Ident{Namespace: Namespace, Name: "runs"}, parts: []part[Run]{
		{name: "id", text: func(r *Run) *string { return &r.ID }},
		{name: "plan_id", text: func(r *Run) *string { return &r.PlanID }},
		{name: "project", text: func(r *Run) *string { return &r.Project }},
		{name: "command", text: func(r *Run) *string { return &r.Command }},
		{name: "outcome", text: func(r *Run) *string { return &r.Outcome }},
		{name: "user", text: func(r *Run) *string { return &r.User }},
		{name: "host", text: func(r *Run) *string { return &r.Host }},
		{name: "version", text: func(r *Run) *string { return &r.Version }},
		{name: "started", at: func(r *Run) *time.Time { return &r.Started }},
		{name: "ended", at: func(r *Run) *time.Time { return &r.Ended }},
		{name: "tables", size: func(r *Run) *int { return &r.Tables }},
		{name: "failed", size: func(r *Run) *int { return &r.Failed }},
		{name: "skipped", size: func(r *Run) *int { return &r.Skipped }},
		count("rows_read", func(r *Run) *int64 { return &r.RowsRead }),
		count("rows_written", func(r *Run) *int64 { return &r.RowsWritten }),
		count("rows_bad", func(r *Run) *int64 { return &r.RowsBad }),
	}}
}

func results() records[Result] {
	text := func(name string, of func(*Result) *string) part[Result] { return part[Result]{name: name, text: of} }
	count := func(name string, of func(*Result) *int64) part[Result] { return part[Result]{name: name, long: of} }
	return records[Result]{ident: addr.Ident{Namespace: Namespace, Name: "results"}, parts: []part[Result]{
		text("run_id", func(r *Result) *string { return &r.RunID }),
		text("address", func(r *Result) *string { return &r.Address }),
		text("table", func(r *Result) *string { return &r.Table }),
		text("action", func(r *Result) *string { return &r.Action }),
		text("outcome", func(r *Result) *string { return &r.Outcome }),
		text("mode", func(r *Result) *string { return &r.Mode }),
		text("check", func(r *Result) *string { return &r.Check }),
		text("message", func(r *Result) *string { return &r.Message }),
		count("snapshot", func(r *Result) *int64 { return &r.Snapshot }),
		count("rows_read", func(r *Result) *int64 { return &r.RowsRead }),
		count("rows_written", func(r *Result) *int64 { return &r.RowsWritten }),
		count("rows_bad", func(r *Result) *int64 { return &r.RowsBad }),
		count("rows_failed", func(r *Result) *int64 { return &r.RowsFailed }),
		{name: "started", at: func(r *Result) *time.Time { return &r.Started }},
		{name: "ended", at: func(r *Result) *time.Time { return &r.Ended }},
	}}
}

// RecordRun writes a run and its results to etl.runs and etl.results, once.
func (l *Lakehouse) RecordRun(ctx context.Context, run Run, all []Result) error {
	if err := l.writable(); err != nil {
		return err
	}
	failpoint.Hit(failpoint.RunsBefore)
	// Results first: a run that is listed has all of its results.
	if err := results().append(ctx, l, run.ID, all); err != nil {
		return fmt.Errorf("recording run %s: %w", run.ID, err)
	}
	failpoint.Hit(failpoint.RunsBetween)
	if err := runs().append(ctx, l, run.ID, []Run{run}); err != nil {
		return fmt.Errorf("recording run %s: %w", run.ID, err)
	}
	failpoint.Hit(failpoint.RunsAfter)
	return nil
}

// append adds a run's rows, unless they are there. Once there are many small files, all rows are written anew as one.
func (r records[T]) append(ctx context.Context, l *Lakehouse, runID string, rows []T) error {
	if len(rows) == 0 {
		return nil
	}
	s := Summary{CommitID: "rows-of-" + runID, RunID: runID, Mode: "record"}
	for attempt := 0; ; attempt++ {
		base, landed, err := r.appended(ctx, l, s.CommitID)
		if err != nil || landed {
			return err
		}
		op, all := Append, rows
		if base != nil && base.Files >= compactAt {
			earlier, err := r.read(ctx, l, base)
			if err != nil {
				return err
			}
			op, all = Replace, append(earlier, rows...)
		}
		id, err := l.idFor(ctx, base)
		if err != nil {
			return err
		}
		_, err = r.write(ctx, l, base, op, s, id, all)
		var conflict *ConflictError
		if !errors.As(err, &conflict) {
			return err
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
}

// appended is the table now, and whether a commit is in it.
func (r records[T]) appended(ctx context.Context, l *Lakehouse, commitID string) (*Table, bool, error) {
	current, err := l.load(ctx, r.ident)
	if errors.Is(err, ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if _, landed := lineageOf(current.meta).landed(commitID); landed {
		return nil, true, nil
	}
	base, err := describe(current)
	return base, false, err
}

// Runs are the last runs, newest first; all of them for a limit of 0.
func (l *Lakehouse) Runs(ctx context.Context, limit int) ([]Run, error) {
	base, err := runs().base(ctx, l)
	if err != nil {
		return nil, err
	}
	all, err := runs().read(ctx, l, base)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b Run) int {
		return cmp.Or(b.Started.Compare(a.Started), cmp.Compare(b.ID, a.ID))
	})
	if limit > 0 && len(all) > limit {
		all = all[:limit]
	}
	return all, nil
}

// FillRuns records the runs that died before they could, as far as the tables' summaries tell.
func (l *Lakehouse) FillRuns(ctx context.Context) error {
	if err := l.writable(); err != nil {
		return err
	}
	known, err := l.knownRuns(ctx)
	if err != nil {
		return err
	}
	tables, err := l.Tables(ctx)
	if err != nil {
		return err
	}
	died := map[string][]*Table{}
	var order []string
	for _, t := range tables {
		id := t.Summary.RunID
		if t.Address == "" || t.StateAt == 0 || known[id] {
			continue
		}
		if died[id] == nil {
			order = append(order, id)
		}
		died[id] = append(died[id], t)
	}
	for _, id := range order {
		run, all := obituary(id, l.options.Project, died[id])
		if err := l.RecordRun(ctx, run, all); err != nil {
			return err
		}
	}
	return nil
}

// knownRuns are those that are recorded, or still at work.
func (l *Lakehouse) knownRuns(ctx context.Context) (map[string]bool, error) {
	recorded, err := l.Runs(ctx, 0)
	if err != nil {
		return nil, err
	}
	holders, err := l.Locks(ctx)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, r := range recorded {
		known[r.ID] = true
	}
	for _, h := range holders {
		if h.Command != sweeping {
			known[h.RunID] = true
		}
	}
	return known, nil
}

// obituary is what the summaries of its tables tell of a run.
func obituary(id, project string, tables []*Table) (Run, []Result) {
	run := Run{ID: id, Project: project, Outcome: Died}
	var all []Result
	for _, t := range tables {
		s := t.Summary
		run.PlanID, run.Tables = s.PlanID, run.Tables+1
		run.RowsRead, run.RowsWritten, run.RowsBad = run.RowsRead+s.RowsRead, run.RowsWritten+s.RowsWritten, run.RowsBad+s.RowsBad
		if run.Started.IsZero() || s.At.Before(run.Started) {
			run.Started = s.At
		}
		if s.At.After(run.Ended) {
			run.Ended = s.At
		}
		all = append(all, Result{
			RunID: id, Address: t.Address, Table: t.Ident.String(), Outcome: "done", Mode: s.Mode, Snapshot: t.StateAt,
			RowsRead: s.RowsRead, RowsWritten: s.RowsWritten, RowsBad: s.RowsBad, Started: s.At, Ended: s.At,
		})
	}
	return run, all
}
