package apply

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/user"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/automic-etl/etl/engine/graph"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/state"
)

// run is one application of a plan.
type run struct {
	*Applier
	id        string
	planID    string
	started   time.Time
	plan      *plan.Plan
	graph     *graph.Graph
	tables    map[string]*plan.Table
	work      map[string]*plan.Work
	byAddress map[string]*Outcome
	outcomes  []Outcome
	lease     *state.Lease
	published published
	listing   listing
	preparing turns
}

// published are the tables as this run found or left them.
type published struct {
	mu     sync.Mutex
	tables map[addr.Ident]*state.Table
}

func (p *published) get(i addr.Ident) *state.Table {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tables[i]
}

func (p *published) set(t *state.Table) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tables[t.Ident] = t
}

// all are the tables, sorted.
func (p *published) all() []*state.Table {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.SortedFunc(maps.Values(p.tables), func(a, b *state.Table) int { return strings.Compare(a.Ident.String(), b.Ident.String()) })
}

func newRun(a *Applier, p *plan.Plan, planID string) (*run, error) {
	r := &run{Applier: a, id: newRunID(), planID: planID, started: time.Now().UTC(), plan: p, graph: graph.New(),
		tables: map[string]*plan.Table{}, work: map[string]*plan.Work{}, byAddress: map[string]*Outcome{},
		published: published{tables: map[addr.Ident]*state.Table{}}, listing: listing{lists: map[listed][]state.DataFile{}},
		preparing: turns{taken: map[string]*sync.Mutex{}}}
	for i := range p.Tables {
		t := &p.Tables[i]
		if len(t.Work) == 0 {
			continue
		}
		var w plan.Work
		if err := json.Unmarshal(t.Work, &w); err != nil {
			return nil, fmt.Errorf("reading the plan's work on %s: %w", t.Address, err)
		}
		r.tables[t.Address], r.work[t.Address] = t, &w
		r.byAddress[t.Address] = &Outcome{Address: t.Address, Action: t.Action, Mode: w.Compute}
		r.graph.Add(t.Address)
	}
	return r, r.connect()
}

// commits says whether any of the work ends in a commit.
func (r *run) commits() bool {
	for _, w := range r.work {
		if w.Commits() {
			return true
		}
	}
	return false
}

func (r *run) connect() error {
	for _, t := range r.plan.Tables {
		if r.work[t.Address] == nil {
			continue
		}
		for _, up := range t.DependsOn {
			if r.work[up] == nil {
				continue
			}
			if err := r.graph.Depend(t.Address, up); err != nil {
				return err
			}
		}
	}
	return nil
}

// newRunID sorts by time and is unique: 20261123T101502-9f3a61c2.
func newRunID() string {
	return time.Now().UTC().Format("20060102T150405") + "-" + strings.ToLower(rand.Text()[:8])
}

// record writes the run's rows to etl.runs and etl.results. The tables themselves say all of it in their summaries, so a
// failure here is logged and loses nothing: the next run fills it in.
func (r *run) record() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	row := state.Run{ID: r.id, PlanID: r.planID, Project: r.plan.Project, Command: r.Command, Outcome: "done", Version: r.Version,
		Started: r.started, Ended: time.Now().UTC(), Tables: len(r.outcomes)}
	row.Host, _ = os.Hostname()
	if u, err := user.Current(); err == nil {
		row.User = u.Username
	}
	var results []state.Result
	for _, o := range r.outcomes {
		count(&row, o)
		results = append(results, r.results(o)...)
	}
	if row.Failed > 0 {
		row.Outcome = "failed"
	}
	if err := r.Lakehouse.RecordRun(ctx, row, results); err != nil {
		r.Log.Warn("the run's rows in etl.runs were not written; the next run fills them in", "error", err)
	}
}

func count(row *state.Run, o Outcome) {
	switch o.State {
	case "failed":
		row.Failed++
	case "skipped", "canceled":
		row.Skipped++
	}
	row.RowsRead += o.Rows.Read
	row.RowsWritten += o.Rows.Written
	row.RowsBad += o.Rows.Bad
}

// results are a table's rows of etl.results: one for the table, one for each check.
func (r *run) results(o Outcome) []state.Result {
	t := r.tables[o.Address]
	base := state.Result{RunID: r.id, Address: o.Address, Table: t.Ident.String(), Action: string(o.Action), Outcome: o.State, Mode: o.Mode,
		Snapshot: o.Snapshot, RowsRead: o.Rows.Read, RowsWritten: o.Rows.Written, RowsBad: o.Rows.Bad, Started: o.Started, Ended: o.Ended}
	for _, d := range o.diags {
		if base.Message == "" {
			base.Message = d.Summary
		}
	}
	rows := []state.Result{base}
	for _, c := range o.Checks {
		check := base
		check.Check, check.RowsFailed, check.Message, check.Outcome = c.Name, c.Failed, c.Action, "passed"
		if c.Failed > 0 {
			check.Outcome = "failed"
		}
		rows = append(rows, check)
	}
	return rows
}
