package engine

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// logSteps are steps that take rows away, over a log.
const logSteps = `
table "bronze" "log" { from = source.script.t }
table "silver" "sides" { sql = "SELECT CAST(id AS BIGINT) AS id, w FROM (VALUES (1, 'one'), (7, 'seven')) AS sides(id, w)" }
table "silver" "inner" {
  from = table.bronze.log
  join "inner" {
    with    = table.silver.sides
    as      = s
    on      = v == s.id
    columns = { w = s.w }
  }
  write "merge" { key = [id] }
}
table "silver" "semi" {
  from = table.bronze.log
  join "semi" {
    with = table.silver.sides
    as   = s
    on   = v == s.id
  }
  write "append" {}
}
table "silver" "semi_now" {
  from = table.silver.semi
  write "merge" { key = [id] }
}
table "silver" "anti" {
  from = table.bronze.log
  join "anti" {
    with = table.silver.sides
    as   = s
    on   = v == s.id
  }
  write "history" { key = [id] }
}
table "silver" "dropped" {
  from = table.bronze.log
  rename { number = v }
  expect "drop" "positive" { that = number > 0 }
  write "append" {}
}
table "silver" "dropped_now" {
  from = table.silver.dropped
  derive { key = cast(id, string) }
  select { except = [id] }
  write "merge" { key = [key] }
}
table "silver" "counted" {
  from = table.bronze.log
  dedupe {
    key  = [id]
    keep = latest(_etl_position)
  }
  filter { where = _etl_op != "delete" && _etl_op != "truncate" }
}
`

// TestStepsOfChanges takes rows away in every way on their way from a log, and compares what is left with the source.
func TestStepsOfChanges(t *testing.T) {
	engine := compute(t)
	rapid.Check(t, func(rt *rapid.T) {
		table := newFollowed()
		p := &project{failer: rt, dir: t.TempDir(), compute: engine, script: &script{streams: map[string]stream{"t": table}}}
		p.write("shop.etl.hcl", followedSource+logSteps)
		for range rapid.IntRange(2, 4).Draw(rt, "rounds") {
			for range rapid.IntRange(0, 3).Draw(rt, "transactions") {
				table.drawTransaction(rt)
			}
			p.apply()
			p.settled()
			with := func(keep func(v string) bool, more string) []string {
				var lines []string
				for _, line := range table.state() {
					if cells := strings.Split(line, "|"); keep(cells[2]) {
						lines = append(lines, line+more)
					}
				}
				return lines
			}
			one := func(v string) bool { return v == "1" }
			p.same("SELECT id, a, v, w FROM silver.inner", with(one, "|one")...)
			p.same("SELECT id, a, v FROM silver.semi_now", with(one, "")...)
			p.same("SELECT id, a, v FROM silver.anti WHERE is_current", with(func(v string) bool { return v != "1" }, "")...)
			p.same("SELECT key, a, number FROM silver.dropped_now", with(func(v string) bool { return v == "1" || v == "2" }, "")...)
			p.same("SELECT id, a, v FROM silver.counted", p.rows(`SELECT id, a, v FROM bronze.log
				QUALIFY row_number() OVER (PARTITION BY id ORDER BY _etl_position DESC) = 1 AND _etl_op NOT IN ('delete', 'truncate')`)...)
		}
	})
}
