package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/engine/planner"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// whole is a table that is read as it is now.
type whole struct {
	columns coltype.Schema
	rows    map[int64]map[string]any
}

func (w *whole) plan(sdk.Config, sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	return &sdk.PlanResponse{Columns: w.columns, Resumable: true, Changed: true, Rows: int64(len(w.rows)), Bytes: -1}, nil
}

func (w *whole) read(ctx context.Context, _ sdk.Config, req sdk.ReadRequest, out *output) error {
	var sent []map[string]any
	for _, id := range slices.Sorted(maps.Keys(w.rows)) {
		sent = append(sent, w.rows[id])
	}
	return out.send(ctx, req.Columns, sent, 3)
}

// TestHistoryOfState keeps the versions of a table that is read as it is now, time after time.
func TestHistoryOfState(t *testing.T) {
	engine := compute(t)
	rapid.Check(t, func(rt *rapid.T) {
		table := &whole{columns: newFollowed().columns, rows: map[int64]map[string]any{}}
		p := &project{failer: rt, dir: t.TempDir(), compute: engine, script: &script{streams: map[string]stream{"t": table}}}
		p.write("shop.etl.hcl", `
source "script" "t" { table = "t" }
table "bronze" "t" { from = source.script.t }
table "silver" "past" {
  from = table.bronze.t
  filter { where = v != 3 || v == null }
  write "history" { key = [id] }
}
table "silver" "of_sql" {
  sql = "SELECT id, a, v FROM bronze.t"
  write "history" { key = [id] }
}
`)
		filtered, all := map[int64]string{}, map[int64]string{}
		var endedFiltered, endedAll []string
		for range rapid.IntRange(1, 4).Draw(rt, "rounds") {
			for range rapid.IntRange(0, 3).Draw(rt, "changes") {
				id := rapid.Int64Range(1, 3).Draw(rt, "id")
				if rapid.IntRange(0, 2).Draw(rt, "goes") == 0 {
					delete(table.rows, id)
					continue
				}
				table.rows[id] = map[string]any{"id": id, "a": rapid.SampledFrom([]any{nil, "x"}).Draw(rt, "a"), "v": rapid.SampledFrom([]any{nil, int64(1), int64(3)}).Draw(rt, "v")}
			}
			p.apply()
			endedFiltered = append(endedFiltered, table.follow(filtered, func(row map[string]any) bool { return row["v"] != int64(3) })...)
			endedAll = append(endedAll, table.follow(all, func(map[string]any) bool { return true })...)
			p.same("SELECT id, a, v FROM silver.past WHERE is_current", slices.Collect(maps.Values(filtered))...)
			p.same("SELECT id, a, v FROM silver.past WHERE NOT is_current", endedFiltered...)
			p.same("SELECT id, a, v FROM silver.of_sql WHERE is_current", slices.Collect(maps.Values(all))...)
			p.same("SELECT id, a, v FROM silver.of_sql WHERE NOT is_current", endedAll...)
			p.same("SELECT id FROM silver.past WHERE valid_to <= valid_from OR is_current <> (valid_to IS NULL)")
		}
	})
}

// follow updates what is known of the rows, and gives the versions that ended.
func (w *whole) follow(known map[int64]string, keep func(map[string]any) bool) []string {
	var ended []string
	now := map[int64]string{}
	for id, row := range w.rows {
		if keep(row) {
			now[id] = fmt.Sprintf("%d|%v|%v", id, or(row["a"], "null"), or(row["v"], "null"))
		}
	}
	for id, was := range known {
		if now[id] != was {
			ended = append(ended, was)
			delete(known, id)
		}
	}
	maps.Copy(known, now)
	return ended
}

const historyOfVersions = `
source "script" "t" {
  table = "t"
  extract "incremental" {
    cursor   = u
    lookback = 2
  }
}
table "bronze" "t" { from = source.script.t }
`

const versionTables = `
table "silver" "loaded" {
  from = table.bronze.t
  write "history" { key = [id] }
}
table "silver" "dated" {
  from = table.bronze.t
  select { columns = [id, x, note, at] }
  write "history" {
    key        = [id]
    valid_from = at
  }
}
table "silver" "positive" {
  from = table.bronze.t
  filter { where = x > 1.7 }
  write "history" {
    key        = [id]
    valid_from = at
  }
}
`

// TestHistoryOfVersions makes histories of rows that are read bit by bit, late ones among them, and compares them with what all
// the rows give at once.
func TestHistoryOfVersions(t *testing.T) {
	engine := compute(t)
	computes := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		table := &cursored{columns: append(cursoredColumns(), coltype.Field{Name: "at", Type: coltype.Of(coltype.Timestamp)})}
		p := &project{failer: rt, dir: t.TempDir(), compute: engine, script: &script{streams: map[string]stream{"t": table}}}
		p.write("shop.etl.hcl", historyOfVersions+versionTables)
		for range rapid.IntRange(2, 4).Draw(rt, "rounds") {
			for range rapid.IntRange(0, 4).Draw(rt, "arrivals") {
				row := drawArrival(rt, max(10, table.highest("u")))
				if rapid.IntRange(0, 5).Draw(rt, "no time") > 0 {
					row["at"] = rapid.Int64Range(0, 4).Draw(rt, "at") * 1_000_000
				}
				table.rows = append(table.rows, row)
			}
			count(computes, p.apply())
		}
		before := map[string][]string{}
		for _, name := range []string{"loaded", "dated", "positive"} {
			before[name] = p.rows("SELECT * FROM silver." + name)
		}
		p.write("shop.etl.hcl", historyOfVersions)
		p.apply()
		p.write("shop.etl.hcl", historyOfVersions+versionTables)
		p.apply()
		for _, name := range slices.Sorted(maps.Keys(before)) {
			if got := p.rows("SELECT * FROM silver." + name); !slices.Equal(got, before[name]) {
				rt.Fatalf("silver.%s holds\n  %s\ncomputed at once it holds\n  %s", name, strings.Join(before[name], "\n  "), strings.Join(got, "\n  "))
			}
		}
	})
	if computes[plan.ComputeKeys] == 0 && !testing.Short() {
		t.Errorf("no history was refreshed by its keys: %v", computes)
	}
}

// TestVersions spells one history out.
func TestVersions(t *testing.T) {
	p, table := followedProject(t, `
table "bronze" "log" { from = source.script.t }
table "silver" "past" {
  from = table.bronze.log
  write "history" { key = [id] }
}
`)
	at := func(clock int64, changes ...change) {
		table.clock = clock * 1_000_000
		table.transaction(changes...)
	}
	at(1, table.insert(1, "x", int64(1)), table.insert(2, "x", int64(1)))
	at(2, table.update(1, "x", int64(2), false))
	at(3, table.update(1, "x", int64(2), false)) // nothing new
	p.apply()
	at(4, table.update(1, "x", int64(3), true), table.update(1, "x", int64(4), true)) // the last of a time
	at(5, table.remove(2))
	p.apply()
	at(6, table.insert(2, "y", int64(9)))
	at(6, table.move(1, 3, true)...)
	p.apply()
	// The snapshot at 3 was the first that the table knew.
	p.same("SELECT id, a, v, valid_from, valid_to, is_current FROM silver.past",
		"1|x|2|1970-01-01 00:00:03Z|1970-01-01 00:00:04Z|false",
		"1|x|4|1970-01-01 00:00:04Z|1970-01-01 00:00:06Z|false",
		"2|x|1|1970-01-01 00:00:03Z|1970-01-01 00:00:05Z|false",
		"2|y|9|1970-01-01 00:00:06Z|null|true",
		"3|x|4|1970-01-01 00:00:06Z|null|true")
	p.settled()
}

// TestHistoryIsLost says what a changed definition does to versions that can't be computed again.
func TestHistoryIsLost(t *testing.T) {
	table := &whole{columns: newFollowed().columns, rows: map[int64]map[string]any{1: {"id": int64(1)}}}
	p := &project{failer: t, dir: t.TempDir(), compute: compute(t), script: &script{streams: map[string]stream{"t": table}}}
	text := "source \"script\" \"t\" { table = \"t\" }\ntable \"bronze\" \"t\" { from = source.script.t }\ntable \"silver\" \"past\" {\n from = table.bronze.t\n%s write \"history\" { key = [id] }\n}\n"
	p.write("shop.etl.hcl", fmt.Sprintf(text, ""))
	p.apply()
	p.write("shop.etl.hcl", fmt.Sprintf(text, " derive { b = 1 }\n"))
	planned, diags := p.tryPlan(planner.Options{})
	if diags.HasErrors() {
		t.Fatal(spelled(diags))
	}
	past := p.expect(planned, "table.silver.past", "rebuild destructive full")
	if len(past.Warnings) != 1 {
		t.Errorf("the plan warns %q", past.Warnings)
	}
}

// TestPastOfFollowedIsLost says the same of tables that a followed source is loaded into.
func TestPastOfFollowedIsLost(t *testing.T) {
	p, table := followedProject(t, everyWay)
	p.script.streams["u"] = table
	table.transaction(table.insert(1, "x", int64(1)))
	p.apply()
	p.write("shop.etl.hcl", strings.Replace(p.read("shop.etl.hcl"), `table = "t"`, `table = "u"`, 1))
	planned := p.plan()
	for name, want := range map[string]string{
		"log": "rebuild destructive load", "past": "rebuild destructive load", "soft": "rebuild breaking load", "now": "rebuild breaking load",
	} {
		said := p.expect(planned, "table.bronze."+name, want).Warnings
		if lost := len(said) == 1 && strings.Contains(said[0], "are lost"); lost != strings.Contains(want, "destructive") {
			t.Errorf("of table.bronze.%s the plan warns %q", name, said)
		}
	}
}

// TestVersionsInTheirOrder makes versions of rows that say nothing of their time: the last row of what was loaded counts, in one
// load as in two, for a table of all columns and for one that selects some.
func TestVersionsInTheirOrder(t *testing.T) {
	text := `
source "csv" "d" {
  path  = "in/*.csv"
  types = { k = long, v = long, day = date }
  extract "incremental" {}
}
table "bronze" "d" { from = source.csv.d }
table "silver" "past" {
  from = table.bronze.d
  select { columns = [k, v] }
  write "history" { key = [k] }
}
table "silver" "by_day" {
  from = table.bronze.d
  filter { where = k > 0 }
  write "history" {
    key        = [k]
    valid_from = day
  }
}
`
	first, second := "k,v,day\n1,54,2026-01-01\n1,9,2026-01-01\n1,10,2026-01-01\n2,5,2026-01-02\n", "k,v,day\n2,4,2026-01-02\n2,40,2026-01-02\n2,30,2026-01-02\n"
	for name, between := range map[string]bool{"one load": false, "two loads": true} {
		t.Run(name, func(t *testing.T) {
			p := newProject(t, map[string]string{"shop.etl.hcl": text, "in/1.csv": first})
			if between {
				p.apply()
			}
			p.write("in/2.csv", second)
			p.apply()
			for _, table := range []string{"silver.past", "silver.by_day"} {
				p.same("SELECT k, v FROM "+table+" WHERE is_current", "1|10", "2|30")
			}
			p.settled()
		})
	}
}
