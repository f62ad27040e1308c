package engine

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// takenOutOf are the inputs of the tables below: one whose rows are replaced, one to which rows are added, and one that is merged.
const takenOutOf = `
source "script" "now" { table = "now" }
source "script" "grows" {
  table = "grows"
  extract "incremental" { cursor = u }
}
table "bronze" "now" { from = source.script.now }
table "bronze" "grows" { from = source.script.grows }
table "silver" "mid" {
  from = table.bronze.now
  select { columns = [id, a, v] }
  write "merge" { key = [id] }
}
`

// takenOut are tables of every kind that put rows into their quarantine.
const takenOut = `
table "silver" "merged" {
  from = table.bronze.now
  expect "quarantine" "small" { that = v < 2 }
  write "merge" { key = [id] }
}
table "silver" "past" {
  from = table.bronze.now
  expect "quarantine" "small" { that = v < 2 }
  write "history" { key = [id] }
}
table "silver" "counted" {
  from = table.silver.mid
  aggregate {
    by = [a]
    n  = count()
  }
  expect "quarantine" "few" { that = n < 2 }
}
table "gold" "merged" {
  from = table.silver.mid
  expect "quarantine" "small" { that = v < 2 }
  write "merge" { key = [id] }
}
table "silver" "parts" {
  from = table.bronze.grows
  select { columns = [note, id] }
  expect "quarantine" "first" { that = id < 3 }
  write "partitions" { by = [note] }
}
table "silver" "added" {
  from = table.bronze.grows
  select { columns = [id, u, note] }
  expect "quarantine" "noted" { not_null = [note] }
  write "append" {}
}
table "silver" "latest" {
  from = table.bronze.grows
  dedupe {
    key  = [id]
    keep = latest(u)
  }
  select { columns = [id, u, note] }
  expect "quarantine" "noted" { not_null = [note] }
  write "merge" { key = [id] }
}
table "silver" "versions" {
  from = table.bronze.grows
  select { columns = [id, u, note, at] }
  expect "quarantine" "noted" { not_null = [note] }
  write "history" {
    key        = [id]
    valid_from = at
  }
}
`

// tablesTakenOut are those of them that have a quarantine.
var tablesTakenOut = []string{"silver.merged", "silver.past", "silver.counted", "gold.merged", "silver.parts", "silver.added", "silver.latest", "silver.versions"}

// TestQuarantineIsWhatFailsNow changes rows, takes them away and returns tables to what they were, and compares what is in
// quarantine with what is there when all is computed at once.
func TestQuarantineIsWhatFailsNow(t *testing.T) {
	engine := compute(t)
	computes := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		now := &whole{columns: newFollowed().columns, rows: map[int64]map[string]any{}}
		grows := &cursored{columns: append(cursoredColumns(), coltype.Field{Name: "at", Type: coltype.Of(coltype.Timestamp)})}
		p := &project{failer: rt, dir: t.TempDir(), compute: engine, script: &script{streams: map[string]stream{"now": now, "grows": grows}}}
		p.write("shop.etl.hcl", takenOutOf+takenOut)
		for round := range rapid.IntRange(2, 4).Draw(rt, "rounds") {
			for range rapid.IntRange(0, 3).Draw(rt, "changes") {
				now.draw(rt)
				row := drawArrival(rt, max(10, grows.highest("u")))
				row["at"] = rapid.Int64Range(0, 4).Draw(rt, "at") * 1_000_000
				grows.rows = append(grows.rows, row)
			}
			if round > 0 {
				p.goBack(rt)
			}
			count(computes, p.apply())
		}
		before := p.allQuarantined()
		p.write("shop.etl.hcl", takenOutOf)
		p.apply()
		p.write("shop.etl.hcl", takenOutOf+takenOut)
		p.apply()
		for name, want := range p.allQuarantined() {
			if got := before[name]; !slices.Equal(got, want) {
				rt.Errorf("in quarantine of %s are\n  %s\ncomputed at once there are\n  %s", name, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
			}
		}
	})
	for _, way := range []string{plan.ComputeKeys, plan.ComputeFull, plan.ComputeAppend, plan.ComputeParts} {
		if computes[way] == 0 && !testing.Short() {
			t.Errorf("nothing was refreshed by %s: %v", way, computes)
		}
	}
}

// draw changes a row, or takes it away.
func (w *whole) draw(t *rapid.T) {
	id := rapid.Int64Range(1, 4).Draw(t, "id")
	if rapid.IntRange(0, 2).Draw(t, "goes") == 0 {
		delete(w.rows, id)
		return
	}
	w.rows[id] = map[string]any{"id": id, "a": rapid.SampledFrom([]any{nil, "x"}).Draw(t, "a"), "v": rapid.SampledFrom([]any{nil, int64(1), int64(3)}).Draw(t, "v")}
}

// goBack returns one table to an earlier snapshot, now and then.
func (p *project) goBack(t *rapid.T) {
	p.Helper()
	name := rapid.SampledFrom([]string{"", "bronze.now", "bronze.grows", "silver.mid", "silver.merged", "silver.added", "silver.latest", "silver.versions"}).Draw(t, "goes back")
	if name == "" {
		return
	}
	layer, name, _ := strings.Cut(name, ".")
	if n := p.snapshotsOf(layer, name); n > 1 {
		p.rollback(layer, name, rapid.IntRange(1, n-1).Draw(t, "by"))
	}
}

// withoutVersion takes out when a version of what is read as it is now was first seen.
var withoutVersion = regexp.MustCompile(`,"valid_from":"20[^"]*"`)

// allQuarantined are the rows in quarantine, without when they came.
func (p *project) allQuarantined() map[string][]string {
	p.Helper()
	found := map[string][]string{}
	for _, name := range tablesTakenOut {
		for _, line := range p.quarantined(name) {
			found[name] = append(found[name], withoutVersion.ReplaceAllString(line, ""))
		}
		slices.Sort(found[name])
		if found[name] == nil {
			found[name] = []string{fmt.Sprint("none of ", name)}
		}
	}
	return found
}
