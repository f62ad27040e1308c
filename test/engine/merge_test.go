package engine

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// mergedRow is a row of the tables that are merged; nil is null.
type mergedRow struct{ id, x, y *int }

func cell(v *int) string {
	if v == nil {
		return ""
	}
	return strconv.Itoa(*v)
}

func (r mergedRow) String() string { return cell(r.id) + "|" + cell(r.x) + "|" + cell(r.y) }

// mergeCheck is a check, and what it says of a row among those that the table would have.
type mergeCheck struct {
	text string
	good func(r mergedRow, whole []mergedRow) bool
}

func count1(whole []mergedRow, same func(mergedRow) bool) bool {
	n := 0
	for _, other := range whole {
		if same(other) {
			n++
		}
	}
	return n <= 1
}

func equal(a, b *int) bool { return a != nil && b != nil && *a == *b }

func mergeChecks(table string) []mergeCheck {
	return []mergeCheck{
		{"{ unique = [x] }", func(r mergedRow, whole []mergedRow) bool {
			return count1(whole, func(o mergedRow) bool { return equal(o.x, r.x) })
		}},
		{"{ unique = [x, y] }", func(r mergedRow, whole []mergedRow) bool {
			return count1(whole, func(o mergedRow) bool { return equal(o.x, r.x) && equal(o.y, r.y) })
		}},
		{"{ unique = [id] }", func(r mergedRow, whole []mergedRow) bool {
			return count1(whole, func(o mergedRow) bool { return equal(o.id, r.id) })
		}},
		{"{ not_null = [x] }", func(r mergedRow, _ []mergedRow) bool { return r.x != nil }},
		{"{ that = y > 1 }", func(r mergedRow, _ []mergedRow) bool { return r.y != nil && *r.y > 1 }},
		{"{ references = { x = " + table + ".y } }", func(r mergedRow, whole []mergedRow) bool {
			return r.x == nil || slices.ContainsFunc(whole, func(o mergedRow) bool { return equal(o.y, r.x) })
		}},
	}
}

// merged is what a merge makes of a table: bad rows don't come in, so that the rows stay that they would have replaced.
func merged(old map[string]mergedRow, computed []mergedRow, check mergeCheck) (now map[string]mergedRow, bad int) {
	for {
		whole := slices.Clone(computed)
		for key, row := range old {
			if !slices.ContainsFunc(computed, func(r mergedRow) bool { return cell(r.id) == key }) {
				whole = append(whole, row)
			}
		}
		var left []mergedRow
		for _, r := range computed {
			if check.good(r, whole) {
				left = append(left, r)
			}
		}
		if len(left) == len(computed) {
			break
		}
		bad, computed = bad+len(computed)-len(left), left
	}
	now = maps.Clone(old)
	for _, r := range computed {
		now[cell(r.id)] = r
	}
	return now, bad
}

func drawMerged(t *rapid.T, twice bool) []mergedRow {
	value := func(name string, most int) *int {
		v := rapid.IntRange(0, most).Draw(t, name)
		if v == 0 {
			return nil
		}
		return &v
	}
	var rows []mergedRow
	for range rapid.IntRange(0, 5).Draw(t, "rows") {
		r := mergedRow{value("id", 6), value("x", 4), value("y", 4)}
		if twice && r.id != nil || !slices.ContainsFunc(rows, func(o mergedRow) bool { return cell(o.id) == cell(r.id) }) {
			rows = append(rows, r)
		}
	}
	return rows
}

const mergedText = `
source "csv" "loaded" {
  path  = "in/*.csv"
  types = { id = long, x = long, y = long, seq = long }
  extract "incremental" {}
}
table "bronze" "m" {
  from = source.csv.loaded
  write "merge" { key = [id] }
  expect "ACTION" "good" LOADED
}
table "bronze" "raw" { from = source.csv.loaded }
table "silver" "m" {
  from = table.bronze.raw
  dedupe {
    key  = [id]
    keep = latest(seq)
  }
  write "merge" { key = [id] }
  expect "ACTION" "good" COMPUTED
}
`

// TestMergesHoldTheirChecks merges rows of which checks take some out: no check fails in the table that is published, whatever
// was taken out before, and each row that was taken out is in quarantine.
func TestMergesHoldTheirChecks(t *testing.T) {
	engine := compute(t)
	rapid.Check(t, func(rt *rapid.T) {
		i := rapid.IntRange(0, len(mergeChecks(""))-1).Draw(rt, "check")
		loaded, computed := mergeChecks("table.bronze.m")[i], mergeChecks("table.silver.m")[i]
		action := rapid.SampledFrom([]string{"drop", "quarantine"}).Draw(rt, "action")
		p := &project{failer: rt, dir: t.TempDir(), compute: engine}
		p.write("shop.etl.hcl", strings.NewReplacer("ACTION", action, "LOADED", loaded.text, "COMPUTED", computed.text).Replace(mergedText))
		bronze, silver := map[string]mergedRow{}, map[string]mergedRow{}
		latest := map[string]mergedRow{}
		bad, seq := 0, 0
		for round := range rapid.IntRange(1, 4).Draw(rt, "rounds") {
			rows := drawMerged(rt, loaded.text == "{ unique = [id] }")
			text := "id,x,y,seq\n"
			for _, r := range rows {
				seq++
				text += fmt.Sprintf("%s,%s,%s,%d\n", cell(r.id), cell(r.x), cell(r.y), seq)
				latest[cell(r.id)] = r
			}
			p.write(fmt.Sprintf("in/%d.csv", round), text)
			var more int
			bronze, more = merged(bronze, rows, loaded)
			bad += more
			silver, _ = merged(silver, slices.Collect(maps.Values(latest)), computed)
			p.apply()
			p.settled()
			for table, want := range map[string]map[string]mergedRow{"bronze.m": bronze, "silver.m": silver} {
				var lines []string
				for row := range maps.Values(want) {
					lines = append(lines, row.String())
				}
				p.same("SELECT coalesce(id::VARCHAR, ''), coalesce(x::VARCHAR, ''), coalesce(y::VARCHAR, '') FROM "+table, lines...)
			}
		}
		if action == "quarantine" && bad > 0 {
			p.same("SELECT count(*) FROM bronze.m__quarantine", fmt.Sprint(bad))
		}
	})
}
