package engine

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/automic-etl/etl/engine/apply"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/engine/planner"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/state"
)

// rollback returns a table to its n-th newest snapshot.
func (p *project) rollback(namespace, name string, n int) {
	p.Helper()
	p.with(func(ctx context.Context, lake *state.Lakehouse) {
		ident := addr.Ident{Namespace: namespace, Name: name}
		table, err := lake.Table(ctx, ident)
		if err != nil {
			p.Fatalf("%v", err)
		}
		history, err := lake.History(ctx, ident)
		if err != nil {
			p.Fatalf("%v", err)
		}
		a := &apply.Applier{Project: p.now, Lakehouse: lake, Log: slog.New(slog.DiscardHandler), Command: "test"}
		if _, err := a.Rollback(ctx, table, history[n].ID); err != nil {
			p.Fatalf("%v", err)
		}
	})
}

// TestRollback returns a loaded and a computed table; the next apply moves forward from there.
func TestRollback(t *testing.T) {
	p := newProject(t, shopFiles())
	p.apply()
	p.write("in/2.csv", "id,amount,region\n4,7,us\n")
	p.apply()
	all := p.rows("SELECT id FROM silver.orders")
	p.rollback("bronze", "orders", 1)
	p.same("SELECT id FROM bronze.orders", "1", "2", "3")
	planned := p.apply()
	bronze := p.expect(planned, "table.bronze.orders", "refresh - load")
	if last := bronze.Reasons[len(bronze.Reasons)-1].Text; last != "it was rolled back, and goes forward again" {
		t.Errorf("the table that was rolled back says %q", last)
	}
	silver := p.expect(planned, "table.silver.orders", "refresh - full")
	if silver.Reasons[0].Text != "table.bronze.orders was rolled back" || !strings.Contains(silver.Why, "taken back") {
		t.Errorf("the reasons are %q, %q", silver.Reasons, silver.Why)
	}
	p.settled()
	p.same("SELECT id FROM silver.orders", all...)
	p.rollback("silver", "orders", 1)
	p.expect(p.plan(), "table.bronze.orders", "none - -")
	p.apply()
	p.settled()
	p.same("SELECT id FROM silver.orders", all...)
	p.same("SELECT id FROM silver.named", all...)
}

func TestSelection(t *testing.T) {
	p := newProject(t, shopFiles())
	all := []string{"table.bronze.orders", "table.bronze.regions", "table.gold.sales", "table.silver.latest", "table.silver.named", "table.silver.orders"}
	tests := map[string]struct {
		options planner.Options
		want    []string
	}{
		"all":                 {planner.Options{}, all},
		"with what it reads":  {planner.Options{Targets: []string{"table.gold.sales"}}, []string{"table.bronze.orders", "table.gold.sales", "table.silver.orders"}},
		"without its readers": {planner.Options{Exclude: []string{"table.silver.orders"}}, []string{"table.bronze.orders", "table.bronze.regions", "table.silver.latest"}},
		"both": {planner.Options{Targets: []string{"table.gold.sales", "table.silver.named"}, Exclude: []string{"table.bronze.regions"}},
			[]string{"table.bronze.orders", "table.gold.sales", "table.silver.orders"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			planned, diags := p.tryPlan(test.options)
			if diags.HasErrors() {
				t.Fatal(spelled(diags))
			}
			if got := addresses(planned, plan.Create); strings.Join(got, " ") != strings.Join(test.want, " ") {
				t.Errorf("%v instead of %v", got, test.want)
			}
		})
	}
}

func addresses(planned *plan.Plan, action plan.Action) []string {
	var found []string
	for _, t := range planned.Tables {
		if t.Action == action {
			found = append(found, t.Address)
		}
	}
	return found
}

// TestDestroy drops what was made, all of it or a part with all that reads it.
func TestDestroy(t *testing.T) {
	p := newProject(t, checkedFiles("expect \"quarantine\" \"region\" { not_null = [region] }", ""))
	p.apply()
	tests := map[string]struct {
		options planner.Options
		want    []string
	}{
		"part":    {planner.Options{Targets: []string{"table.bronze.orders"}}, []string{"table.bronze.orders", "table.bronze.orders__quarantine", "table.silver.orders"}},
		"leaf":    {planner.Options{Targets: []string{"table.silver.orders"}}, []string{"table.silver.orders"}},
		"exclude": {planner.Options{Exclude: []string{"table.bronze.orders"}}, []string{"table.bronze.regions", "table.silver.orders"}},
		"all":     {planner.Options{}, []string{"table.bronze.orders", "table.bronze.orders__quarantine", "table.bronze.regions", "table.silver.orders"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.options.Destroy = true
			planned, diags := p.tryPlan(test.options)
			if diags.HasErrors() {
				t.Fatal(spelled(diags))
			}
			if got := addresses(planned, plan.Drop); strings.Join(got, " ") != strings.Join(test.want, " ") {
				t.Errorf("%v instead of %v", got, test.want)
			}
		})
	}
	if _, _, diags := p.tryApply(planner.Options{Destroy: true}); diags.HasErrors() {
		t.Fatal(spelled(diags))
	}
	if got := addresses(p.plan(), plan.Create); len(got) != 3 {
		t.Errorf("after destroy only %v are to be made", got)
	}
	p.apply()
	p.settled()
}

// TestDiamonds plans many layers, each table of which is read by two of the next: walks visit each table once.
func TestDiamonds(t *testing.T) {
	text := shop + "table \"silver\" \"a0\" { from = table.bronze.orders }\ntable \"silver\" \"b0\" { from = table.bronze.orders }\n"
	for i := range 40 {
		now, before := string(rune('A'+i/10))+string(rune('0'+i%10)), string(rune('A'+(i-1)/10))+string(rune('0'+(i-1)%10))
		now, before = strings.ToLower(now), strings.ToLower(before)
		if i == 0 {
			before = "0"
		}
		for _, side := range []string{"a", "b"} {
			text += "table \"silver\" \"" + side + now + "\" {\n from = table.silver.a" + before + "\n union { with = [table.silver.b" + before + "] }\n}\n"
		}
	}
	p := newProject(t, shopFiles())
	p.write("shop.etl.hcl", text)
	planned, diags := p.tryPlan(planner.Options{Exclude: []string{"table.silver.a0"}})
	if diags.HasErrors() || len(planned.Tables) != 7 {
		t.Errorf("%d tables are planned: %s", len(planned.Tables), spelled(diags))
	}
	if planned, diags = p.tryPlan(planner.Options{Targets: []string{"table.silver.ad9"}}); diags.HasErrors() || len(planned.Tables) != 2+2*39+2 {
		t.Errorf("%d tables are planned: %s", len(planned.Tables), spelled(diags))
	}
}
