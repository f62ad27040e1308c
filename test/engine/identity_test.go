package engine

import (
	"context"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/automic-etl/etl/engine/apply"
	"github.com/automic-etl/etl/engine/planner"
	"github.com/automic-etl/etl/state"
)

// told are the ids of the lakehouse that a source was told since the last time, each once.
func (s *script) told() []string {
	all := slices.Sorted(slices.Values(s.lakehouses))
	s.lakehouses = nil
	return slices.Compact(all)
}

// TestLakehouseIsTold tells a source that is followed one id of the lakehouse in every call, from the plan of the first apply on:
// through what is read later, runs with nothing to do, the end of all tables, and when they are made again.
func TestLakehouseIsTold(t *testing.T) {
	p, table := followedProject(t, twoLogs)
	id := p.apply().Lakehouse.ID
	steps := []struct {
		name string
		do   func()
		want []string // of the source
	}{
		{"the first apply", func() {}, []string{"prepare", "prepare", "acknowledge 0"}},
		{"more", func() { table.transaction(table.insert(1, "x", int64(1))); p.apply() }, []string{"acknowledge 1"}},
		{"nothing", func() { p.settled(); p.idle() }, []string{"acknowledge 1"}},
		{"destroyed", func() { p.tryApply(planner.Options{Destroy: true}) }, []string{"release"}},
		{"made again", func() { p.apply() }, []string{"prepare", "prepare", "acknowledge 1"}},
		{"no longer declared", func() { p.write("shop.etl.hcl", ""); p.apply() }, []string{"release"}},
	}
	for _, step := range steps {
		step.do()
		if told := p.script.told(); id == "" || !slices.Equal(told, []string{id}) {
			t.Errorf("%s: the lakehouse is %s, and its source was told %q", step.name, id, told)
		}
		table.called(t, step.want...)
	}
	if other, _ := followedProject(t, twoLogs); other.apply().Lakehouse.ID == id {
		t.Error("two lakehouses have one id")
	}
}

// TestLakehouseWithoutFollowers has no use for an id yet, and gets one once it has.
func TestLakehouseWithoutFollowers(t *testing.T) {
	p, _ := followedProject(t, "")
	p.write("shop.etl.hcl", `table "silver" "n" { sql = "SELECT 1 AS n" }`)
	if planned := p.apply(); planned.Lakehouse.ID != "" {
		t.Errorf("the plan has the id %s", planned.Lakehouse.ID)
	}
	p.write("shop.etl.hcl", followedSource+twoLogs)
	id := p.apply().Lakehouse.ID
	if told := p.script.told(); id == "" || !slices.Equal(told, []string{id}) || p.plan().Lakehouse.ID != id {
		t.Errorf("the lakehouse is %s, and its source was told %q", id, told)
	}
}

// TestPlanOfAnotherLakehouse makes plans before the first apply, which propose one id in one place. A plan of another place, or
// of a lakehouse that was here before, can't be applied.
func TestPlanOfAnotherLakehouse(t *testing.T) {
	p, table := followedProject(t, twoLogs)
	planned, again := p.plan(), p.plan()
	if !reflect.DeepEqual(planned, again) {
		t.Errorf("two plans differ: they propose %s and %s", planned.Lakehouse.ID, again.Lakehouse.ID)
	}
	if other, _ := followedProject(t, twoLogs); other.plan().Lakehouse.ID == planned.Lakehouse.ID {
		t.Error("in another place the same id is proposed")
	}
	p.apply()
	again.Lakehouse.ID = "another"
	p.with(func(ctx context.Context, lake *state.Lakehouse) {
		a := &apply.Applier{Project: p.now, Lakehouse: lake, Sources: p.sources(), Compute: p.compute, Progress: silence{}, Log: slog.New(slog.DiscardHandler),
			Parallelism: 1, Schema: p.schema}
		if _, diags := a.Apply(ctx, again, ""); !strings.Contains(spelled(diags), "The plan was made for another lakehouse") {
			t.Errorf("apply says %q", spelled(diags))
		}
	})
	table.called(t, "prepare", "prepare", "acknowledge 0")
}
