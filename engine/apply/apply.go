// Package apply does what a plan says: it walks the plan's graph, and for each table writes files, audits the state that
// they would make, and publishes them with one commit.
package apply

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/duckdb"
	"github.com/automic-etl/etl/engine/graph"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/state"
	"github.com/automic-etl/etl/state/failpoint"
)

// Reader reads sources through their providers.
type Reader interface {
	Read(ctx context.Context, provider string, cfg sdk.Config, req sdk.ReadRequest, sink host.Sink) error
	// The calls of sdk.Follower.
	Prepare(ctx context.Context, provider string, cfg sdk.Config) (sdk.Diagnostics, error)
	Acknowledge(ctx context.Context, provider string, cfg sdk.Config, cursor map[string][]byte) (sdk.Diagnostics, error)
	Release(ctx context.Context, provider string, cfg sdk.Config) (sdk.Diagnostics, error)
}

// Progress is told how the tables get on. Its methods are called from several goroutines.
type Progress interface {
	Start(address string, action plan.Action)
	Update(address string, rows, bytes int64)
	Done(address string, outcome Outcome)
}

// Outcome is what became of one table.
type Outcome struct {
	Address  string
	Action   plan.Action
	State    string // done, failed, skipped, canceled
	Mode     string // how rows were computed
	Cause    string // of skipped: the address that failed
	Rows     Rows
	Snapshot int64
	Checks   []state.CheckResult
	Bad      []string // why rows are in quarantine, in words
	Started  time.Time
	Ended    time.Time
	diags    hcl.Diagnostics
}

// Rows counts what a table's work moved.
type Rows struct {
	Read    int64
	Written int64
	Bad     int64
}

// Applier has all that applying needs.
type Applier struct {
	Project     *config.Project
	Lakehouse   *state.Lakehouse
	Sources     Reader
	Compute     *duckdb.Engine
	Progress    Progress
	Log         *slog.Logger
	Parallelism int
	LockTimeout time.Duration
	Command     string
	Version     string
	// Schema describes a provider's blocks.
	Schema func(ctx context.Context, provider string) (schema.Provider, error)
	// Told remembers from one run to the next what sources were told; it may be nil.
	Told *Told
}

// Result is what an apply did.
type Result struct {
	RunID    string
	Outcomes []Outcome // in the order of the plan's graph
}

// Apply does the plan. planID is empty unless the plan was saved; a saved one is applied at most once.
func (a *Applier) Apply(ctx context.Context, p *plan.Plan, planID string) (*Result, hcl.Diagnostics) {
	run, err := newRun(a, p, planID)
	if err != nil {
		return nil, hcl.Diagnostics{bug(err)}
	}
	if len(run.work) == 0 {
		return &Result{RunID: run.id}, run.releaseLeft(ctx, p, run.id)
	}
	if planID != "" { // a stale plan is refused before even a lease is written
		if diags := run.verify(ctx); diags.HasErrors() {
			return nil, diags
		}
	}
	if run.commits() {
		if diags := run.claim(ctx); diags.HasErrors() {
			return nil, diags
		}
		defer run.release()
	}
	failpoint.Hit(failpoint.ApplyClaimed)
	if diags := run.verify(ctx); diags.HasErrors() {
		return nil, diags
	}
	diags := run.walk(ctx)
	diags = append(diags, run.tellSources(ctx)...)
	diags = append(diags, run.releaseSources(ctx)...)
	diags = append(diags, run.releaseLeft(ctx, p, run.id)...)
	failpoint.Hit(failpoint.ApplyDone)
	if run.commits() {
		run.record()
	}
	return &Result{RunID: run.id, Outcomes: run.outcomes}, diags
}

// walk visits the tables, dependencies first, independent ones side by side.
func (r *run) walk(ctx context.Context) hcl.Diagnostics {
	walker := graph.Walker{Parallelism: r.Parallelism, Skipped: r.skipped}
	results, err := walker.Walk(ctx, r.graph, r.visit)
	if err != nil {
		return hcl.Diagnostics{bug(err)}
	}
	var diags hcl.Diagnostics
	for _, result := range results {
		o := r.outcome(result)
		r.outcomes = append(r.outcomes, *o)
		diags = append(diags, o.diags...)
	}
	if ctx.Err() != nil {
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Interrupted",
			Detail: "The run was stopped. Tables that were published stay published; `etl apply` goes on from there."})
	}
	return diags
}

// visit does one table.
func (r *run) visit(ctx context.Context, address string) error {
	o := r.byAddress[address]
	o.Started = time.Now()
	r.Progress.Start(address, o.Action)
	t := &task{run: r, plan: r.tables[address], work: r.work[address], outcome: o, log: r.Log.With("address", address)}
	err := t.do(ctx)
	o.Ended = time.Now()
	o.State = "done"
	if err != nil {
		o.Rows.Written = 0 // nothing of it was published
	}
	switch {
	case err != nil && ctx.Err() != nil: // what it says is only the interruption's echo
		o.State = "canceled"
	case err != nil:
		o.State = "failed"
		o.diags = append(o.diags, r.explain(t, err)...)
	}
	r.Progress.Done(address, *o)
	return err
}

func (r *run) skipped(result graph.Result) {
	o := r.byAddress[result.Key]
	o.State, o.Cause = "skipped", result.Cause
	r.Progress.Done(result.Key, *o)
}

func (r *run) outcome(result graph.Result) *Outcome {
	o := r.byAddress[result.Key]
	if result.Outcome == graph.Canceled {
		o.State = "canceled"
	}
	return o
}

// bug is for what can't happen.
func bug(err error) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "This is a bug in etl",
		Detail: fmt.Sprintf("%s. Please report it with the command that you ran.", err)}
}
