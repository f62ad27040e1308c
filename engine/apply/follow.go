package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/planner"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/state"
)

// turns lets tables that read one source prepare it one after the other.
type turns struct {
	mu    sync.Mutex
	taken map[string]*sync.Mutex
}

func (t *turns) of(source string) *sync.Mutex {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.taken[source] == nil {
		t.taken[source] = &sync.Mutex{}
	}
	return t.taken[source]
}

// begun says whether anybody's turn came.
func (t *turns) begun(source string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.taken[source] != nil
}

// prepareSource makes, or finds, what following a source needs there.
func (t *task) prepareSource(ctx context.Context, source *config.Source, cfg sdk.Config) error {
	f := t.work.Load.Follow
	if f == nil {
		return nil
	}
	t.staged.keys = f.Keys
	if t.staged.keeps = f.Creates; len(f.Creates) == 0 && t.base != nil {
		t.staged.keeps = t.base.Summary.Keeps
	}
	if !f.Prepare {
		return nil
	}
	turn := t.preparing.of(t.work.Load.Source)
	turn.Lock()
	defer turn.Unlock()
	said, err := t.Sources.Prepare(ctx, source.Provider, cfg)
	if unserved(err) {
		return nil // it needs nothing there
	}
	if err == nil && said.HasErrors() {
		err = said
	}
	if err != nil {
		return &readError{source: source, err: err}
	}
	return nil
}

// unserved says whether a provider keeps nothing at its sources.
func unserved(err error) bool {
	var unsupported *host.UnsupportedError
	return errors.As(err, &unsupported)
}

// tellTime bounds what a source is told after the commits.
const tellTime = time.Minute

// tellSources tells the sources that were read how far everything is committed. What is not told now is told by the next run.
func (r *run) tellSources(ctx context.Context) hcl.Diagnostics {
	told := map[string]bool{}
	for address, o := range r.byAddress {
		if w := r.work[address]; o.State == "done" && w.Load != nil && w.Load.Follow != nil {
			told[w.Load.Source] = true
		}
	}
	return r.acknowledge(ctx, r.published.all(), func(s *config.Source) bool { return told[s.Addr.String()] })
}

// Acknowledge tells every source that is followed how far all is committed, for a run that had nothing to do: the one
// before may have died in between.
func (a *Applier) Acknowledge(ctx context.Context) hcl.Diagnostics {
	if !slices.ContainsFunc(a.Project.Sources, func(s *config.Source) bool { return s.Mode == schema.Delta }) {
		return nil
	}
	tables, err := a.Lakehouse.Tables(ctx)
	if err != nil {
		return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Recorded state is unreadable", Detail: err.Error() + "."}}
	}
	return a.acknowledge(ctx, tables, func(*config.Source) bool { return true })
}

func (a *Applier) acknowledge(ctx context.Context, tables []*state.Table, wanted func(*config.Source) bool) hcl.Diagnostics {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellTime)
	defer cancel()
	var diags hcl.Diagnostics
	for _, s := range a.Project.Sources {
		if s.Mode != schema.Delta || !wanted(s) {
			continue
		}
		least := leastCursor(tables, a.Project.Name, s)
		if least == nil || a.Told.knows(s, least) {
			continue
		}
		said, err := a.Sources.Acknowledge(ctx, s.Provider, planner.SourceConfig(a.Project, state.Identity(tables), s), least.Summary.Cursor)
		switch {
		case unserved(err):
		case err != nil:
			diags = append(diags, diag.Warning(s.Range, "The source was not told how far it is read",
				"%s. Nothing is lost: the next run tells it. Until then the source keeps what was read already.", err))
		default:
			diags = append(diags, planner.SourceDiagnostics(s, asWarnings(said))...)
		}
		if err == nil && !said.HasErrors() {
			a.Told.note(s, least)
		}
	}
	return diags
}

// asWarnings are a source's words on what the next run repeats.
func asWarnings(said sdk.Diagnostics) sdk.Diagnostics {
	mild := slices.Clone(said)
	for i := range mild {
		mild[i].Severity = "warning"
	}
	return mild
}

// leastCursor is the table that has read the least of a source: its cursor is as far as all of them have come.
func leastCursor(tables []*state.Table, project string, s *config.Source) *state.Table {
	var least *state.Table
	for _, t := range tables {
		if t.Project != project || len(t.Summary.Cursor) == 0 || planner.RecordedSource(t) != s.Addr.String() {
			continue
		}
		if least == nil || sortsBefore(t.Summary.Cursor[""], least.Summary.Cursor[""]) {
			least = t
		}
	}
	return least
}

// Told remembers what sources were told, so that a process that runs on doesn't tell them again and again.
type Told struct {
	mu  sync.Mutex
	all map[string]string
}

func (t *Told) knows(s *config.Source, least *state.Table) bool {
	if t == nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.all[s.Addr.String()] == spelledCursor(least)
}

func (t *Told) note(s *config.Source, least *state.Table) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all = map[string]string{}
	}
	t.all[s.Addr.String()] = spelledCursor(least)
}

func spelledCursor(t *state.Table) string { return fmt.Sprint(t.Summary.Cursor) }
