package engine

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/automic-etl/etl/engine/planner"
)

// rekeyedProject keeps a log, and what it tells in all ways, by a key.
func rekeyedProject(key string) string {
	return fmt.Sprintf(followedSource+`
table "bronze" "log" { from = source.script.t }
table "silver" "kept" {
  from = table.bronze.log
  derive { b = v }
  write "append" {}
}
table "silver" "now" {
  from = table.silver.kept
  write "merge" { key = [%[1]s] }
}
table "silver" "soft" {
  from = table.bronze.log
  write "merge" {
    key     = [%[1]s]
    deletes = "soft"
  }
}
table "silver" "past" {
  from = table.silver.kept
  write "history" { key = [%[1]s] }
}
`, key)
}

// unique gives each row an a of its own, by which it can be told from then on.
func (f *followed) unique() {
	var changes []change
	for _, id := range slices.Sorted(maps.Keys(f.rows)) {
		changes = append(changes, f.update(id, fmt.Sprintf("k%d", id), f.rows[id]["v"], false))
	}
	if len(changes) > 0 {
		f.transaction(changes...)
	}
}

// drawUnique changes rows that are told by a.
func (f *followed) drawUnique(t *rapid.T) {
	f.clock += 1_000_000
	var changes []change
	for range rapid.IntRange(1, 4).Draw(t, "changes") {
		id := rapid.Int64Range(1, 4).Draw(t, "id")
		v := rapid.Int64Range(1, 2).Draw(t, "v")
		row, there := f.rows[id]
		switch kind := rapid.SampledFrom([]string{"write", "delete", "move"}).Draw(t, "kind"); {
		case !there:
			changes = append(changes, f.insert(id, fmt.Sprintf("k%d", id), v))
		case kind == "delete":
			changes = append(changes, f.remove(id))
		case kind == "move":
			changes = append(changes, f.remove(id), f.insert(id, fmt.Sprint(row["a"])+"+", v))
		default:
			changes = append(changes, f.update(id, row["a"], v, false))
		}
	}
	f.transaction(changes...)
}

// compareRekeyed holds what the log tells against the source.
func compareRekeyed(p *project, table *followed) {
	p.Helper()
	p.same("SELECT id, a, v FROM silver.now", table.state()...)
	p.same("SELECT id, a, v FROM silver.soft WHERE NOT _etl_deleted", table.state()...)
	p.same("SELECT id, a, v FROM silver.past WHERE is_current", table.state()...)
}

// TestSourcesThatChangeTheirKey lets other columns identify a source's rows than before: nothing is computed of changes by the
// one and the other until a snapshot lies between them.
func TestSourcesThatChangeTheirKey(t *testing.T) {
	engine := compute(t)
	rapid.Check(t, func(rt *rapid.T) {
		table := newFollowed()
		p := &project{failer: rt, dir: t.TempDir(), compute: engine, script: &script{streams: map[string]stream{"t": table}}}
		byA, anew := false, planner.Options{}
		for round := range rapid.IntRange(2, 5).Draw(rt, "rounds") {
			p.write("shop.etl.hcl", rekeyedProject(table.key[0]))
			if round > 0 && byA != (table.key[0] == "a") {
				if _, diags := p.tryPlan(planner.Options{}); !strings.Contains(spelled(diags), "The source's key changed") {
					rt.Fatalf("of another key the plan says %q", spelled(diags))
				}
				anew.Resnapshot = []string{"table.bronze.log"}
			}
			if _, _, diags := p.tryApply(anew); diags.HasErrors() {
				rt.Fatal(spelled(diags))
			}
			byA, anew = table.key[0] == "a", planner.Options{}
			p.settled()
			compareRekeyed(p, table)
			for range rapid.IntRange(0, 3).Draw(rt, "transactions") {
				if byA {
					table.drawUnique(rt)
				} else {
					table.drawTransaction(rt)
				}
			}
			if rapid.Bool().Draw(rt, "another key") {
				table.unique()
				table.key = map[bool][]string{true: {"id"}, false: {"a"}}[byA]
			}
			for range rapid.IntRange(1, 2).Draw(rt, "transactions") {
				table.drawUnique(rt)
			}
		}
	})
}

// TestChangedKeyIsTold says what a plan does about it.
func TestChangedKeyIsTold(t *testing.T) {
	p, table := followedProject(t, "")
	p.write("shop.etl.hcl", rekeyedProject("id"))
	table.transaction(table.insert(1, "x", int64(1)), table.insert(2, "y", int64(1)))
	p.apply()
	table.clock += 1_000_000
	table.transaction(table.remove(1))
	p.apply()
	table.clock += 1_000_000
	table.key = []string{"a"}
	p.write("shop.etl.hcl", rekeyedProject("a"))
	_, diags := p.tryPlan(planner.Options{})
	for _, want := range []string{"Rows of source.script.t are identified by a now, and were by id", "`etl apply -resnapshot=table.bronze.log`"} {
		if !strings.Contains(spelled(diags), want) {
			t.Errorf("the plan doesn't say %q: %s", want, spelled(diags))
		}
	}
	anew := planner.Options{Resnapshot: []string{"table.bronze.log"}}
	planned, _, diags := p.tryApply(anew)
	if diags.HasErrors() {
		t.Fatal(spelled(diags))
	}
	for name, want := range map[string]int{"now": 0, "soft": 1, "past": 1} {
		if got := p.table(planned, "table.silver."+name).Warnings; len(got) != want || want == 1 && !strings.Contains(got[0], "by a now, and did by id before") {
			t.Errorf("of table.silver.%s the plan warns %q", name, got)
		}
	}
	p.settled()
	compareRekeyed(p, table)
	table.transaction(table.insert(3, "z", int64(1)))
	p.expect(p.apply(), "table.silver.past", "refresh - append")
	compareRekeyed(p, table)
	p.rollback("bronze", "log", 2)
	table.lost = 0
	if _, diags := p.tryPlan(planner.Options{}); !strings.Contains(spelled(diags), "The source's key changed") {
		t.Errorf("of a log that was rolled back to before the plan says %q", spelled(diags))
	}
}
