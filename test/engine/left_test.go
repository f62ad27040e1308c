package engine

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/automic-etl/etl/engine/apply"
	"github.com/automic-etl/etl/engine/planner"
	"github.com/automic-etl/etl/state"
)

const oneLog = `table "bronze" "a" { from = source.script.t }
`

const leftSomething = "A run left something at a source"

// sweeps plans, and does what a run does that has nothing else to do.
func (p *project) sweeps(options planner.Options) (plan, done string) {
	p.Helper()
	planned, diags := p.tryPlan(options)
	if diags.HasErrors() {
		p.Fatalf("planning: %s", spelled(diags))
	}
	p.with(func(ctx context.Context, lake *state.Lakehouse) {
		a := &apply.Applier{Project: p.now, Lakehouse: lake, Sources: p.sources(), Schema: p.schema, Log: slog.New(slog.DiscardHandler)}
		done = spelled(a.ReleaseLeft(ctx, planned))
	})
	return spelled(diags), done
}

// TestLeftAtASource fails the first read of a source that was prepared. What is there goes once nobody is going to read it, and no
// sooner.
func TestLeftAtASource(t *testing.T) {
	connection := "connection \"script\" \"c\" { host = \"h\" }\n"
	connected := connection + strings.Replace(followedSource, "table =", "connection = connection.script.c\n  table =", 1)
	for name, test := range map[string]struct {
		then    string
		options planner.Options
		plan    string // says so
		done    string
		calls   []string
	}{
		"the block stays":                 {connected + oneLog, planner.Options{}, "", "", nil},
		"its tables go":                   {connected, planner.Options{}, leftSomething, "", []string{"release"}},
		"the block goes":                  {connection, planner.Options{}, leftSomething, "", []string{"release"}},
		"its connection goes":             {"", planner.Options{}, leftSomething, "connection.script.c is no longer declared", nil},
		"all is destroyed":                {connected + oneLog, planner.Options{Destroy: true}, leftSomething, "", []string{"release"}},
		"it is read in another way":       {strings.ReplaceAll(connected, "delta", "batch") + oneLog, planner.Options{}, leftSomething, "", []string{"release"}},
		"another project shares the lake": {"etl { project = \"other\" }\n" + strings.TrimPrefix(connection, "etl"), planner.Options{}, "", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			p, table := followedProject(t, "")
			p.write("shop.etl.hcl", connected+oneLog)
			table.fail = errors.New("the connection was lost")
			if _, _, diags := p.tryApply(planner.Options{}); !diags.HasErrors() {
				t.Fatal("the first apply did not fail")
			}
			table.called(t, "prepare")
			table.fail = nil
			p.write("shop.etl.hcl", test.then)
			plan, done := p.sweeps(test.options)
			if strings.Contains(plan, leftSomething) != (test.plan != "") || !strings.Contains(done, test.done) || test.done == "" && done != "" {
				t.Errorf("the plan says %q, and then %q", plan, done)
			}
			table.called(t, test.calls...)
			if test.plan == "" {
				return
			}
			if plan, done := p.sweeps(test.options); plan != "" || done != "" {
				t.Errorf("the next plan says %q, and then %q", plan, done)
			}
			table.called(t)
		})
	}
}

// TestLeftIsTriedAgain drops what is left once the source can be reached, and forgets what a commit tells of.
func TestLeftIsTriedAgain(t *testing.T) {
	p, table := followedProject(t, oneLog)
	fails := func() {
		t.Helper()
		table.fail = errors.New("the connection was lost")
		if _, _, diags := p.tryApply(planner.Options{}); !diags.HasErrors() {
			t.Fatal("the first apply did not fail")
		}
		table.fail, table.calls = nil, nil
	}
	fails()
	p.write("shop.etl.hcl", "")
	table.deaf = true
	if plan, done := p.sweeps(planner.Options{}); !strings.Contains(plan, leftSomething) || !strings.Contains(done, "Connection lost") {
		t.Errorf("of a source that hears nothing the plan says %q, and then %q", plan, done)
	}
	table.called(t, "unheard release")
	table.deaf = false
	if plan, done := p.sweeps(planner.Options{}); !strings.Contains(plan, leftSomething) || done != "" {
		t.Errorf("the plan says %q, and then %q", plan, done)
	}
	table.called(t, "release")

	p.write("shop.etl.hcl", followedSource+oneLog)
	fails()
	p.apply()
	table.called(t, "prepare", "acknowledge 0")
	p.write("shop.etl.hcl", "")
	if _, _, diags := p.tryApply(planner.Options{}); len(diags) > 0 {
		t.Errorf("apply says %q", spelled(diags))
	}
	table.called(t, "release")
	if plan, done := p.sweeps(planner.Options{}); plan != "" || done != "" {
		t.Errorf("in the end the plan says %q, and then %q", plan, done)
	}
}
