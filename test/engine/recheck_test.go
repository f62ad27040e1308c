package engine

import (
	"context"
	"strings"
	"testing"

	"github.com/automic-etl/etl/engine/planner"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/state"
)

// lookedUp is a pipeline in which orders must have a region of a computed table: ACTION, EXTRACT and WHERE are replaced.
const lookedUp = `
source "csv" "orders" {
  path  = "in/*.csv"
  types = { region = string }
  extract "incremental" {}
}
source "csv" "regions" {
  path = "regions*.csv"
  EXTRACT
}
table "bronze" "regions" { from = source.csv.regions }
table "silver" "regions" {
  from = table.bronze.regions
  filter { where = WHERE }
}
table "bronze" "orders" { from = source.csv.orders }
table "bronze" "checked" {
  from = source.csv.orders
  expect "ACTION" "known region" { references = { region = table.silver.regions.id } }
}
table "silver" "orders" {
  from = table.bronze.orders
  expect "ACTION" "known region" { references = { region = table.silver.regions.id } }
  expect "fail" "positive" { that = amount > 0 }
}
`

func lookedUpText(action, extract, where string) string {
	return strings.NewReplacer("ACTION", action, "EXTRACT", extract, "WHERE", where).Replace(lookedUp)
}

func lookedUpProject(t *testing.T, action, extract string) *project {
	t.Helper()
	p := newProject(t, map[string]string{"shop.etl.hcl": lookedUpText(action, extract, "id != null"),
		"in/1.csv": "id,amount,region\n1,2,eu\n2,1,us\n3,5,us\n4,1,\n", "regions.csv": "id,name\neu,Europe\nus,States\nasia,Asia\n"})
	p.apply()
	p.quiet()
	return p
}

// quiet checks that the next apply has nothing to do and nothing to look at.
func (p *project) quiet() {
	p.Helper()
	p.settled()
	if planned := p.plan(); planned.Checks() {
		for _, t := range planned.Tables {
			if len(t.Work) > 0 {
				p.Errorf("%s is still to be checked: %v", t.Address, t.Reasons)
			}
		}
	}
}

// main is the snapshot that readers of a table see.
func (p *project) main(ident addr.Ident) (id int64) {
	p.Helper()
	p.with(func(ctx context.Context, lake *state.Lakehouse) {
		table, err := lake.Table(ctx, ident)
		if err != nil {
			p.Fatalf("%v", err)
		}
		id = table.Main
	})
	return id
}

// TestReferencesLost takes away what published rows refer to, in all the ways in which a table can lose rows.
func TestReferencesLost(t *testing.T) {
	ways := map[string]struct {
		lose, restore func(p *project)
		why           string
	}{
		"replaced": {func(p *project) { p.write("regions.csv", "id,name\neu,Europe\nasia,Asia\n") },
			func(p *project) { p.write("regions.csv", "id,name\neu,Europe\nus,U.S.\n") }, "is refreshed"},
		"rebuilt": {func(p *project) { p.write("shop.etl.hcl", lookedUpText("fail", "", `id != "us"`)) },
			func(p *project) { p.write("shop.etl.hcl", lookedUpText("fail", "", `id != "asia"`)) }, "is rebuilt"},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			p := lookedUpProject(t, "fail", "")
			before := map[addr.Ident]int64{{Namespace: "bronze", Name: "checked"}: 0, {Namespace: "silver", Name: "orders"}: 0}
			for ident := range before {
				before[ident] = p.main(ident)
			}
			way.lose(p)
			for range 2 { // it fails until it is mended
				planned, _, diags := p.tryApply(planner.Options{})
				for ident, main := range before {
					table := p.expect(planned, "table."+ident.String(), "none - -")
					if want := `table.silver.regions, which the check "known region" reads, `; len(table.Reasons) != 1 || !strings.HasPrefix(table.Reasons[0].Text, want) {
						t.Errorf("the reasons are %v", table.Reasons)
					}
					if p.main(ident) != main {
						t.Errorf("%s was changed", ident)
					}
				}
				said := spelled(diags)
				if strings.Count(said, `"known region" fails for 2 rows`) != 2 || !strings.Contains(said, "published before") || !strings.Contains(said, "region = us") {
					t.Errorf("it said %s", said)
				}
				if reasons := p.table(planned, "table.silver.orders").Reasons; len(reasons) == 1 && !strings.HasSuffix(reasons[0].Text, way.why) && !strings.HasSuffix(reasons[0].Text, "changed") {
					t.Errorf("the reason is %q", reasons[0].Text)
				}
			}
			p.same("SELECT id FROM silver.orders", "1", "2", "3", "4")
			way.restore(p)
			p.apply()
			p.quiet()
			for ident, main := range before {
				if p.main(ident) == main {
					t.Errorf("that the check of %s passed was not recorded", ident)
				}
			}
			p.same("SELECT id FROM silver.orders", "1", "2", "3", "4")
		})
	}
}

// TestReferencesGained looks up nothing again where rows were only added.
func TestReferencesGained(t *testing.T) {
	p := lookedUpProject(t, "fail", `extract "incremental" {}`)
	p.write("regions-2.csv", "id,name\nmars,Mars\n")
	planned := p.apply()
	p.expect(planned, "table.silver.regions", "refresh - append")
	if planned := p.expect(planned, "table.silver.orders", "none - -"); len(planned.Work) > 0 {
		t.Errorf("the check runs again: %v", planned.Reasons)
	}
	p.quiet()
	// New rows may refer to what was added.
	p.write("in/2.csv", "id,amount,region\n5,2,mars\n")
	p.apply()
	p.quiet()
}

// TestReferencesWarned says once that rows refer to nothing, and then only of what changes.
func TestReferencesWarned(t *testing.T) {
	p := lookedUpProject(t, "warn", "")
	p.write("regions.csv", "id,name\neu,Europe\n")
	_, _, diags := p.tryApply(planner.Options{})
	if diags.HasErrors() || strings.Count(spelled(diags), `"known region" fails for 2 rows`) != 2 {
		t.Errorf("it said %s", spelled(diags))
	}
	p.quiet()
}

// TestReferencesOfAnotherRun changes what is referred to in a run that leaves out the table with the check.
func TestReferencesOfAnotherRun(t *testing.T) {
	p := lookedUpProject(t, "fail", "")
	p.write("regions.csv", "id,name\neu,Europe\n")
	if _, _, diags := p.tryApply(planner.Options{Targets: []string{"table.silver.regions"}}); diags.HasErrors() {
		t.Fatal(spelled(diags))
	}
	planned, _, diags := p.tryApply(planner.Options{})
	if planned.Changes() || !planned.Checks() || !strings.Contains(spelled(diags), `"known region" fails for 2 rows`) {
		t.Errorf("changes %v, checks %v, said %s", planned.Changes(), planned.Checks(), spelled(diags))
	}
}
