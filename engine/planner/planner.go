// Package planner makes the plan: desired configuration against recorded state. It changes nothing, anywhere.
package planner

import (
	"context"
	"log/slog"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/engine/duckdb"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/state"
)

// Sources asks providers what a read would do. Implementations are safe for concurrent use.
type Sources interface {
	Plan(ctx context.Context, provider string, cfg sdk.Config, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics, error)
}

// Options narrow a plan.
type Options struct {
	Targets     []string // addresses; with what they need
	Exclude     []string // addresses; and what needs them
	Destroy     bool     // drop everything that the project owns
	Resnapshot  []string // addresses of tables whose source is read anew
	RefreshOnly bool     // `etl run`: no change of definition is allowed
	// Tolerate is told of sources that can't be planned. Their tables, and what reads them, are left out. Where it is nil, they
	// are mistakes of the plan.
	Tolerate func(address string, said hcl.Diagnostics)
}

// Planner has all that planning needs.
type Planner struct {
	Project *config.Project
	// Doubtful says that the project has mistakes: others are looked for, and no plan is made.
	Doubtful bool
	// Lakehouse is nil where it can't be opened: what is recorded isn't known then.
	Lakehouse *state.Lakehouse
	Sources   Sources
	// Compute opens the compute engine; it is called only if something must be bound anew.
	Compute  func(ctx context.Context) (*duckdb.Engine, error)
	CacheDir string
	Options  Options
	Log      *slog.Logger
}

// planning is one run of the planner.
type planning struct {
	*Planner
	memo     *memo
	recorded map[addr.Ident]*state.Table // what the catalog has
	blind    bool                        // what the catalog has isn't known
	prepared []string                    // what runs may have left at sources
	nodes    map[addr.Address]*node
	byIdent  map[addr.Ident]*node
	order    []*node         // dependencies first
	nameless []*node         // that are only checked
	dropped  map[string]bool // addresses that are recorded and no longer declared
	doomed   map[*node]bool  // what -destroy drops of the declared
	diags    hcl.Diagnostics
	plan     *plan.Plan
	session  *duckdb.Session
}

// node is one declared table on its way to a plan.
type node struct {
	table    *config.Table
	recorded *state.Table // nil: not in the catalog
	source   *config.Source
	response *sdk.PlanResponse
	inputs   []input // tables it reads, sorted by address
	compiled *compiled
	planned  plan.Table
	work     *plan.Work
	readers  []*node
	moves    []move         // of its inputs, where it is otherwise as recorded
	encoded  []byte         // the declared definition as it is recorded
	columns  string         // the planned columns, as part of its readers' binding keys
	failed   bool           // a mistake was reported, or something of it isn't known: it is checked and not planned
	known    *compile.Shape // of what failed, once it was checked
	// unresolved says that the SQL can't be read, or names what isn't there.
	unresolved bool
	changes    bool     // its rows are changes
	key        []string // what identifies a row at the source, where its rows are changes
}

// input is an edge: a table that a node reads, declared here or found in the catalog.
type input struct {
	node    *node        // nil: a table of another owner
	foreign *state.Table // set where node is nil
	audit   bool         // read by checks only
	takes   bool         // read by a check that takes rows out, so that its rows decide over this table's
}

// Plan reads configuration, sources and state, and says what apply would do. The plan is nil where a mistake was found.
func (p *Planner) Plan(ctx context.Context) (*plan.Plan, hcl.Diagnostics) {
	run := &planning{Planner: p, plan: &plan.Plan{FormatVersion: plan.FormatVersion, Project: p.Project.Name}}
	defer run.close()
	run.plan.Lakehouse = plan.Lakehouse{Catalog: p.Project.Lakehouse.CatalogPath, Warehouse: p.Project.Lakehouse.Warehouse}
	run.plan.ConfigHash = ConfigHash(p.Project)
	for _, step := range []func(context.Context){
		run.readState, run.resolve, run.selectTables, run.planSources, run.decide, run.drops,
	} {
		step(ctx)
		if err := ctx.Err(); err != nil {
			return nil, hcl.Diagnostics{interrupted()} // what else was said is only the interruption's echo
		}
		if run.plan == nil {
			return nil, diag.Unique(run.diags)
		}
	}
	if run.diags = diag.Unique(append(run.diags, run.unsaid()...)); run.diags.HasErrors() || p.Doubtful {
		return nil, run.diags
	}
	run.left()
	run.finish()
	run.releases()
	run.memo.save(p.Log, len(p.Options.Targets)+len(p.Options.Exclude) > 0 || p.Options.Destroy)
	return run.plan, run.diags
}

func (r *planning) close() {
	if r.session != nil {
		r.session.Close()
	}
}

func (r *planning) readState(ctx context.Context) {
	r.memo = openMemo(r.CacheDir)
	r.recorded = map[addr.Ident]*state.Table{}
	if r.Lakehouse == nil {
		r.blind = true
		return
	}
	tables, err := r.Lakehouse.Tables(ctx)
	if err != nil {
		r.blind, r.diags = true, append(r.diags, stateUnreadable(r.Project, err))
		return
	}
	for _, t := range tables {
		r.recorded[t.Ident] = t
	}
	if r.plan.Lakehouse.ID = state.Identity(tables); r.plan.Lakehouse.ID == "" { // no run has prepared a source
		r.plan.Lakehouse.ID = proposed(r.Project)
		return
	}
	if r.prepared, err = r.Lakehouse.Prepared(ctx, ""); err != nil {
		r.diags = append(r.diags, stateUnreadable(r.Project, err))
	}
}

// abort reports a mistake that makes planning the rest pointless.
func (r *planning) abort(d *hcl.Diagnostic) {
	r.diags = append(r.diags, d)
	r.plan = nil
}

// bind opens the compute session that type checks run in.
func (r *planning) bind(ctx context.Context) (*duckdb.Session, error) {
	if r.session != nil {
		return r.session, nil
	}
	engine, err := r.Compute(ctx)
	if err != nil {
		return nil, err
	}
	r.session, err = engine.Session(ctx)
	return r.session, err
}
