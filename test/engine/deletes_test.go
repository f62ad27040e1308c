package engine

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/automic-etl/etl/engine/planner"
)

const detecting = `
source "script" "t" {
  table = "t"
  extract "incremental" {
    cursor         = u
    lookback       = 1
    detect_deletes = true
  }
}
table "bronze" "t" {
  from = source.script.t
  write "merge" { key = [id, note] }
}
`

// TestDeletedRowsAreFound reads a table by a cursor that doesn't tell deletes; the keys do.
func TestDeletedRowsAreFound(t *testing.T) {
	engine := compute(t)
	rapid.Check(t, func(rt *rapid.T) {
		table := &cursored{columns: cursoredColumns()}
		p := &project{failer: rt, dir: t.TempDir(), compute: engine, script: &script{streams: map[string]stream{"t": table}}}
		p.write("shop.etl.hcl", detecting)
		clock := int64(0)
		for range rapid.IntRange(2, 5).Draw(rt, "rounds") {
			for range rapid.IntRange(0, 4).Draw(rt, "changes") {
				clock++
				row := drawArrival(rt, clock)
				row["u"] = clock
				table.rows = slices.DeleteFunc(table.rows, func(old map[string]any) bool { return old["id"] == row["id"] && old["note"] == row["note"] })
				if rapid.IntRange(0, 2).Draw(rt, "goes") > 0 {
					table.rows = append(table.rows, row)
				}
			}
			p.apply()
			p.same("SELECT id, u, x, note, words FROM bronze.t", spelledRows(table.rows)...)
		}
		before := p.snapshots("bronze", "t")
		p.apply()
		if after := p.snapshots("bronze", "t"); after != before {
			rt.Fatalf("an apply without anything new made %d snapshots", after-before)
		}
	})
}

// TestDeletesThatCantGo refuses tables that keep what they read.
func TestDeletesThatCantGo(t *testing.T) {
	table := &cursored{columns: cursoredColumns()}
	p := &project{failer: t, dir: t.TempDir(), compute: compute(t), script: &script{streams: map[string]stream{"t": table}}}
	for _, test := range [][2]string{{`write "append" {}`, "keeps every row"}, {`write "merge" { key = [id] }`, "leaves out \"note\""}} {
		p.write("shop.etl.hcl", strings.Replace(detecting, `write "merge" { key = [id, note] }`, test[0], 1))
		if _, diags := p.tryPlan(planner.Options{}); !strings.Contains(spelled(diags), test[1]) {
			t.Errorf("%s: the plan says %q", test[0], spelled(diags))
		}
	}
}

// TestRowsPassedOverAreTold changes a key, and brings a row late, where the cursor says nothing of either.
func TestRowsPassedOverAreTold(t *testing.T) {
	row := func(id, u int64) map[string]any {
		return map[string]any{"id": id, "u": u, "x": nil, "note": "n", "words": nil}
	}
	for name, test := range map[string]struct {
		then []map[string]any
		told string
	}{
		"nothing":       {[]map[string]any{row(1, 1), row(2, 9)}, ""},
		"a new row":     {[]map[string]any{row(1, 1), row(2, 9), row(3, 10)}, ""},
		"a deleted row": {[]map[string]any{row(2, 9)}, ""},
		"a changed key": {[]map[string]any{row(7, 1), row(2, 9)}, "1 row of source.script.t"},
		"late rows":     {[]map[string]any{row(1, 1), row(2, 9), row(3, 2), row(4, 3)}, "2 rows of source.script.t"},
	} {
		t.Run(name, func(t *testing.T) {
			table := &cursored{columns: cursoredColumns(), rows: []map[string]any{row(1, 1), row(2, 9)}}
			p := &project{failer: t, dir: t.TempDir(), compute: compute(t), script: &script{streams: map[string]stream{"t": table}}}
			p.write("shop.etl.hcl", detecting)
			p.apply()
			table.rows = test.then
			_, _, diags := p.tryApply(planner.Options{})
			if said := spelled(diags); diags.HasErrors() || strings.Contains(said, "not in the table") != (test.told != "") || !strings.Contains(said, test.told) {
				t.Errorf("it says %q", said)
			}
			if _, _, diags := p.tryApply(planner.Options{Resnapshot: []string{"table.bronze.t"}}); len(diags) > 0 {
				t.Errorf("read anew, it says %q", spelled(diags))
			}
			p.same("SELECT id, u, x, note, words FROM bronze.t", spelledRows(test.then)...)
		})
	}
}

// TestNothingBelowIsCommitted reads a source, time after time, whose table is to be read in each plan: where nothing comes, what
// is computed from it stays as it is, whatever it is.
func TestNothingBelowIsCommitted(t *testing.T) {
	table := &cursored{columns: cursoredColumns(), rows: []map[string]any{{"id": int64(1), "u": int64(1), "note": "n"}}}
	p := &project{failer: t, dir: t.TempDir(), compute: compute(t), script: &script{streams: map[string]stream{"t": table}}}
	p.write("shop.etl.hcl", detecting+`
table "silver" "all" { from = table.bronze.t }
table "silver" "merged" {
  from = table.bronze.t
  write "merge" { key = [id, note] }
}
table "silver" "past" {
  from = table.bronze.t
  write "history" { key = [id, note] }
}
table "gold" "sum" { sql = "SELECT count(*) AS n FROM silver.all" }
`)
	snapshots := func() (n int) {
		for _, name := range []string{"all", "merged", "past"} {
			n += p.snapshots("silver", name)
		}
		return n + p.snapshots("gold", "sum")
	}
	p.apply()
	before := snapshots()
	p.apply()
	p.apply()
	if after := snapshots(); after != before {
		t.Errorf("nothing new made %d snapshots", after-before)
	}
	table.rows = append(table.rows, map[string]any{"id": int64(2), "u": int64(2), "note": "n"})
	p.apply()
	p.same("SELECT n FROM gold.sum", "2")
	p.same("SELECT id FROM silver.past WHERE is_current", "1", "2")
}
