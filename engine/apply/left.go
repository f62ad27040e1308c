package apply

import (
	"context"
	"errors"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/engine/planner"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/state"
)

// ReleaseLeft drops what runs left at sources that ended before their first commit, for a run that has nothing else to do.
func (a *Applier) ReleaseLeft(ctx context.Context, p *plan.Plan) hcl.Diagnostics {
	return a.releaseLeft(ctx, p, newRunID())
}

// releaseLeft does so as far as the plan says it and nothing has changed since. What can't be dropped now is left to the next
// run, unless its connection is gone.
func (a *Applier) releaseLeft(ctx context.Context, p *plan.Plan, runID string) hcl.Diagnostics {
	left := slices.DeleteFunc(slices.Clone(p.Releases), func(r plan.Release) bool { return len(r.Prepared) == 0 })
	if len(left) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellTime)
	defer cancel()
	prepared, err := a.Lakehouse.Prepared(ctx, runID)
	if err == nil {
		left = slices.DeleteFunc(left, func(r plan.Release) bool { return !slices.Contains(prepared, r.Prepared[0]) })
	}
	tables, failed := a.Lakehouse.Tables(ctx)
	if err := errors.Join(err, failed); err != nil {
		return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Recorded state is unreadable", Detail: diag.Sentence(err)}}
	}
	var diags hcl.Diagnostics
	var gone []string
	for _, release := range left {
		if follows(tables, p.Project, release.Source) {
			continue
		}
		err := a.releaseSource(ctx, state.Identity(tables), release)
		if err != nil {
			diags = append(diags, remains(release, err))
		}
		if err == nil || errors.As(err, new(*undeclaredError)) {
			gone = append(gone, release.Prepared...)
		}
	}
	if err := a.Lakehouse.Forget(ctx, runID, gone); err != nil {
		a.Log.Warn("what was dropped at sources is not noted; the next run drops it again", "error", err)
	}
	return diags
}

func follows(tables []*state.Table, project, source string) bool {
	return slices.ContainsFunc(tables, func(t *state.Table) bool {
		return t.Project == project && len(t.Summary.Cursor) > 0 && planner.RecordedSource(t) == source
	})
}

// preparations are what this run is going to make at sources, sorted.
func (r *run) preparations() []string {
	var all []string
	for _, t := range r.Project.Tables {
		if w := r.work[t.Addr.String()]; w != nil && w.Load != nil && w.Load.Follow != nil && w.Load.Follow.Prepare {
			all = append(all, planner.Preparation(r.plan.Project, t, w.Load))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// leaves says what of it was begun and has no commit that tells of it, and what has one, of what earlier runs left too.
func (r *run) leaves(ctx context.Context) (left, told []string) {
	own := r.preparations()
	if len(own) == 0 {
		return nil, nil
	}
	earlier, err := r.Lakehouse.Prepared(ctx, r.id)
	if err != nil {
		r.Log.Warn("what earlier runs left at sources can't be read; the next run looks again", "error", err)
	}
	tables := r.published.all()
	for _, release := range planner.Preparations(r.plan.Project, append(earlier, own...)) {
		known := slices.ContainsFunc(release.Prepared, func(p string) bool { return slices.Contains(earlier, p) })
		switch mine := slices.ContainsFunc(release.Prepared, func(p string) bool { return slices.Contains(own, p) }); {
		case mine && follows(tables, r.plan.Project, release.Source):
			told = append(told, release.Prepared...)
		case mine && !known && r.preparing.begun(release.Source):
			left = append(left, release.Prepared...)
		}
	}
	return left, told
}

// undeclaredError says that nobody can tell a source anything, since its connection is gone.
type undeclaredError struct{ connection string }

func (e *undeclaredError) Error() string { return e.connection + " is no longer declared" }

func (a *Applier) connected(source *config.Source) error {
	if c := source.Connection; c != nil && !slices.ContainsFunc(a.Project.Connections, func(k *config.Connection) bool { return k.Addr == *c }) {
		return &undeclaredError{c.String()}
	}
	return nil
}
