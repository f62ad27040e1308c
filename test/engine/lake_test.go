// Package engine holds the planner and apply to their promises, in process: real state, real DuckDB, the csv provider
// without a process of its own.
package engine

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/apply"
	"github.com/automic-etl/etl/engine/duckdb"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/engine/planner"
	"github.com/automic-etl/etl/engine/read"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/providers/csv"
	"github.com/automic-etl/etl/state"
)

// failer is what testing.T and rapid.T have in common.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
}

// project is a folder with a configuration and its lakehouse.
type project struct {
	failer
	dir     string
	compute *duckdb.Engine
	now     *config.Project
	script  *script // nil: the csv provider
}

// sources ask and read a project's sources.
type sources interface {
	planner.Sources
	apply.Reader
}

func (p *project) sources() sources {
	if p.script != nil {
		return p.script
	}
	return direct{}
}

func (p *project) schema(_ context.Context, provider string) (schema.Provider, error) {
	if provider == scripted {
		return p.script.Schema(), nil
	}
	return csv.New().Schema(), nil
}

// compute is the engine that tests share.
func compute(t testing.TB) *duckdb.Engine {
	t.Helper()
	engine, err := duckdb.Open(context.Background(), duckdb.Options{TempDir: t.TempDir(), MemoryLimit: "1GB"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	return engine
}

func newProject(t *testing.T, files map[string]string) *project {
	t.Helper()
	p := &project{failer: t, dir: t.TempDir(), compute: compute(t)}
	for name, content := range files {
		p.write(name, content)
	}
	return p
}

func (p *project) write(name, content string) {
	p.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.Fatalf("%v", err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		p.Fatalf("%v", err)
	}
}

// with opens the project as it is now for one command.
func (p *project) with(do func(ctx context.Context, lake *state.Lakehouse)) {
	p.Helper()
	ctx := context.Background()
	loaded, diags := config.Load(ctx, config.Options{Dir: p.dir, NeedSecrets: true, Plugin: p.schema})
	if diags.HasErrors() {
		p.Fatalf("loading: %s", spelled(diags))
	}
	p.now = loaded
	lake, err := state.Open(ctx, state.Options{CatalogPath: loaded.Lakehouse.CatalogPath, Warehouse: loaded.Lakehouse.Warehouse,
		CacheDir: filepath.Join(p.dir, ".etl", "cache"), Project: loaded.Name})
	if err != nil {
		p.Fatalf("opening: %v", err)
	}
	defer lake.Close()
	do(ctx, lake)
}

func (p *project) planner(lake *state.Lakehouse, options planner.Options) *planner.Planner {
	return &planner.Planner{Project: p.now, Lakehouse: lake, Sources: p.sources(), CacheDir: filepath.Join(p.dir, ".etl", "cache"), Options: options,
		Compute: func(context.Context) (*duckdb.Engine, error) { return p.compute, nil }, Log: slog.New(slog.DiscardHandler)}
}

// tryPlan plans and gives what was said.
func (p *project) tryPlan(options planner.Options) (planned *plan.Plan, diags hcl.Diagnostics) {
	p.Helper()
	p.with(func(ctx context.Context, lake *state.Lakehouse) { planned, diags = p.planner(lake, options).Plan(ctx) })
	return planned, diags
}

func (p *project) plan() *plan.Plan {
	p.Helper()
	planned, diags := p.tryPlan(planner.Options{})
	if diags.HasErrors() {
		p.Fatalf("planning: %s", spelled(diags))
	}
	return planned
}

// tryApply plans and applies, and gives what apply said.
func (p *project) tryApply(options planner.Options) (planned *plan.Plan, result *apply.Result, diags hcl.Diagnostics) {
	p.Helper()
	p.with(func(ctx context.Context, lake *state.Lakehouse) {
		if planned, diags = p.planner(lake, options).Plan(ctx); diags.HasErrors() {
			p.Fatalf("planning: %s", spelled(diags))
		}
		a := &apply.Applier{Project: p.now, Lakehouse: lake, Sources: p.sources(), Compute: p.compute, Progress: silence{}, Log: slog.New(slog.DiscardHandler),
			Parallelism: 4, Command: "test", Version: "test", Schema: p.schema}
		result, diags = a.Apply(ctx, planned, "")
	})
	return planned, result, diags
}

func (p *project) apply() *plan.Plan {
	p.Helper()
	planned, _, diags := p.tryApply(planner.Options{})
	if diags.HasErrors() {
		p.Fatalf("applying: %s", spelled(diags))
	}
	return planned
}

// settled checks that the next plan has nothing to do.
func (p *project) settled() {
	p.Helper()
	planned := p.plan()
	if planned.Changes() {
		for _, t := range planned.Tables {
			if t.Action != plan.None {
				p.Errorf("after apply, %s is still to be done: %s %v %v %v", t.Address, t.Action, t.Reasons, t.Changes, t.Columns)
			}
		}
	}
}

// rows are a query's rows as text, sorted.
func (p *project) rows(sql string) []string {
	p.Helper()
	var rows []string
	p.with(func(ctx context.Context, lake *state.Lakehouse) {
		session, text, err := read.Reader{Lakehouse: lake, Compute: p.compute}.Open(ctx, sql, "")
		if err != nil {
			p.Fatalf("reading %s: %v", sql, err)
		}
		defer session.Close()
		result, err := session.Rows(ctx, text, 1_000_000)
		if err != nil {
			p.Fatalf("reading %s: %v", sql, err)
		}
		for _, values := range result.Values {
			cells := make([]string, len(values))
			for i, v := range values {
				cells[i] = duckdb.Text(result.Columns[i].Type, v)
			}
			rows = append(rows, strings.Join(cells, "|"))
		}
	})
	sort.Strings(rows)
	return rows
}

// same compares a query's rows.
func (p *project) same(sql string, want ...string) {
	p.Helper()
	sort.Strings(want)
	if got := p.rows(sql); !slices.Equal(got, want) {
		p.Errorf("%s gives\n  %s\ninstead of\n  %s", sql, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// table is one table of a plan.
func (p *project) table(planned *plan.Plan, address string) plan.Table {
	p.Helper()
	for _, t := range planned.Tables {
		if t.Address == address {
			return t
		}
	}
	p.Fatalf("%s is not in the plan", address)
	return plan.Table{}
}

// expect compares what a plan does to a table with `action category compute`, - for what is empty.
func (p *project) expect(planned *plan.Plan, address, want string) plan.Table {
	p.Helper()
	t := p.table(planned, address)
	dash := func(s string) string {
		if s == "" {
			return "-"
		}
		return s
	}
	got := fmt.Sprintf("%s %s %s", t.Action, dash(string(t.Category)), dash(t.Compute))
	if got != want {
		p.Errorf("%s: %s instead of %s; reasons %v, why %q, changes %v, columns %v", address, got, want, t.Reasons, t.Why, t.Changes, t.Columns)
	}
	return t
}

func spelled(diags hcl.Diagnostics) string {
	lines := make([]string, len(diags))
	for i, d := range diags {
		lines[i] = d.Summary + ": " + d.Detail
	}
	return strings.Join(lines, "\n")
}

// silence is progress that nobody sees.
type silence struct{}

func (silence) Start(string, plan.Action)   {}
func (silence) Update(string, int64, int64) {}
func (silence) Done(string, apply.Outcome)  {}
