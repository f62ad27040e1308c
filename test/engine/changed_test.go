package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/automic-etl/etl/engine/duckdb"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/engine/planner"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/state"
)

// changing is a table of which rows change and go, and what keeps its versions.
const changing = `
table "bronze" "now" {
  from = source.script.t
  write "merge" { key = [id] }
}
table "bronze" "past" {
  from = source.script.t
  write "history" { key = [id] }
}
`

// belowMerged are tables of every kind below it, of which a project has one group.
var belowMerged = []string{
	`table "silver" "plain" {
  from = table.bronze.now
  filter { where = v > 0 }
  derive { b = upper(a) }
  select { columns = [id, b, v] }
  rename { key = id }
}
table "silver" "appended" {
  from = table.bronze.now
  filter { where = v != 1 }
  select { columns = [v, id] }
  write "append" {}
}
table "silver" "keyless" {
  from = table.bronze.now
  select { columns = [v] }
}
table "gold" "below" {
  from = table.silver.plain
  derive { twice = v * 2 }
}
`,
	`table "silver" "parts" {
  from = table.bronze.now
  select { columns = [a, v] }
  write "partitions" { by = [v] }
}
table "silver" "words" {
  from = table.bronze.now
  derive { parts = split(a, " ") }
  unnest {
    column = parts
    as     = word
  }
  select { columns = [word, id] }
}
table "silver" "of_sql" {
  sql = "SELECT v, count(*) AS n FROM bronze.now GROUP BY v"
  write "partitions" { by = [v] }
}
table "gold" "of_parts" {
  from = table.silver.parts
  filter { where = a != null }
}
`,
	`table "silver" "merged" {
  from = table.bronze.now
  filter { where = v > 0 }
  select { columns = [id, a, v] }
  write "merge" { key = [id] }
}
table "silver" "counted" {
  from = table.bronze.now
  aggregate {
    by    = [a]
    n     = count()
    total = sum(v)
  }
}
table "silver" "both" {
  from = table.bronze.now
  select { columns = [id, a, v] }
  union { with = [table.silver.merged] }
  aggregate {
    by = [v]
    n  = count()
  }
}
table "gold" "frequent" {
  from = table.silver.counted
  filter { where = n > 1 }
}
`,
	`table "silver" "latest" {
  from = table.bronze.now
  dedupe {
    key  = [a]
    keep = latest(id)
  }
  select { columns = [id, a, v] }
}
table "silver" "checked" {
  from = table.bronze.now
  select { columns = [id, v] }
  expect "quarantine" "small" { that = v < 2 }
}
table "silver" "versions" {
  from = table.bronze.past
  select { columns = [id, v, is_current] }
}
`,
}

// saidBelow says in SQL what each of those tables holds.
var saidBelow = map[string]string{
	"silver.plain":    "SELECT upper(a), v, id FROM bronze.now WHERE v > 0",
	"silver.appended": "SELECT v, id FROM bronze.now WHERE v <> 1",
	"silver.parts":    "SELECT a, v FROM bronze.now",
	"silver.counted":  "SELECT a, count(*), CAST(sum(v) AS BIGINT) FROM bronze.now GROUP BY a",
	"silver.latest":   "SELECT id, a, v FROM bronze.now QUALIFY row_number() OVER (PARTITION BY a ORDER BY id DESC) = 1",
	"silver.words":    "SELECT unnest(string_split(a, ' ')), id FROM bronze.now",
	"silver.checked":  "SELECT id, v FROM bronze.now WHERE v < 2",
	"silver.both":     "SELECT v, count(*) FROM (SELECT v FROM bronze.now UNION ALL SELECT v FROM silver.merged) GROUP BY v",
	"silver.versions": "SELECT id, v, is_current FROM bronze.past",
	"silver.of_sql":   "SELECT v, count(*) FROM bronze.now GROUP BY v",
	"silver.keyless":  "SELECT v FROM bronze.now",
	"gold.below":      "SELECT upper(a), v, id, v * 2 FROM bronze.now WHERE v > 0",
	"gold.frequent":   "SELECT a, count(*), CAST(sum(v) AS BIGINT) FROM bronze.now GROUP BY a HAVING count(*) > 1",
	"gold.of_parts":   "SELECT a, v FROM bronze.now WHERE a IS NOT NULL",
}

// columnsBelow are the columns of those tables that are compared, where they are not all.
var columnsBelow = map[string]string{
	"silver.plain": "b, v, key", "silver.appended": "v, id", "silver.parts": "a, v", "silver.counted": "a, n, total", "silver.latest": "id, a, v",
	"silver.words": "word, id", "silver.checked": "id, v", "silver.both": "v, n", "silver.versions": "id, v, is_current", "silver.of_sql": "v, n",
	"silver.keyless": "v", "gold.below": "b, v, key, twice", "gold.frequent": "a, n, total", "gold.of_parts": "a, v",
}

// TestChangedRowsReachTheirReaders lets a merged table change in all ways, and compares what is below it with the same computed
// of all of its rows.
func TestChangedRowsReachTheirReaders(t *testing.T) {
	engine := compute(t)
	computes, rounds := map[string]int{}, 0
	rapid.Check(t, func(rt *rapid.T) {
		table := newFollowed()
		p := &project{failer: rt, dir: t.TempDir(), compute: engine, script: &script{streams: map[string]stream{"t": table}}}
		p.write("shop.etl.hcl", followedSource+changing+rapid.SampledFrom(belowMerged).Draw(rt, "readers"))
		upserted := map[string]string{}
		for range rapid.IntRange(2, 5).Draw(rt, "rounds") {
			for range rapid.IntRange(0, 3).Draw(rt, "transactions") {
				table.drawTransaction(rt)
			}
			options := p.disturb(rt, table)
			planned, _, diags := p.tryApply(options)
			if diags.HasErrors() {
				rt.Fatalf("applying: %s", spelled(diags))
			}
			p.settled()
			rounds++
			for _, done := range planned.Tables {
				if done.Action == plan.Refresh {
					computes[done.Address+" "+done.Compute]++
				}
			}
			p.compareBelow(upserted)
		}
	})
	t.Log(computes)
	if rounds < 100 {
		return // too few to meet every way
	}
	for name := range saidBelow {
		if want := map[bool]string{true: "full", false: "keys"}[name == "silver.keyless"]; computes["table."+name+" "+want]+computes["table."+name+" partitions"] == 0 && !testing.Short() {
			t.Errorf("%s was never refreshed by %s: %v", name, want, computes)
		}
	}
}

// disturb does to the merged table, or to a reader, what comes from elsewhere, or gives options of the next apply.
func (p *project) disturb(t *rapid.T, table *followed) (options planner.Options) {
	if p.snapshotsOf("bronze", "now") < 2 {
		return options
	}
	switch rapid.SampledFrom([]string{"", "", "", "resnapshot", "back", "reader back", "foreign rows", "compacted", "new column"}).Draw(t, "disturbance") {
	case "resnapshot":
		options.Resnapshot = []string{"table.bronze.now"}
	case "back":
		p.rollback("bronze", "now", rapid.IntRange(1, p.snapshotsOf("bronze", "now")-1).Draw(t, "n"))
		table.lost = 0
	case "reader back":
		name := rapid.SampledFrom([]string{"plain", "counted", "parts", "checked"}).Draw(t, "reader")
		if p.snapshotsOf("silver", name) > 1 {
			p.rollback("silver", name, 1)
		}
	case "foreign rows":
		id := rapid.Int64Range(5, 9).Draw(t, "id")
		p.append("bronze", "now", fmt.Sprintf("SELECT %d AS id, 'x' AS a, 1 AS v, NULL AS w, 'insert' AS _etl_op, '' AS _etl_position, NULL AS _etl_committed_at, 'r' AS _etl_run, make_timestamptz(1) AS _etl_loaded_at, 't' AS _etl_source, 1 AS _etl_row", id))
	case "compacted":
		p.compact("bronze", "now")
	case "new column":
		if len(table.columns) == 3 {
			table.columns = append(slices.Clone(table.columns), coltype.Field{Name: "w", Type: coltype.Of(coltype.String)})
		}
	}
	return options
}

func (p *project) snapshotsOf(namespace, name string) (n int) {
	p.Helper()
	p.with(func(ctx context.Context, lake *state.Lakehouse) {
		if history, err := lake.History(ctx, addr.Ident{Namespace: namespace, Name: name}); err == nil {
			n = len(history)
		}
	})
	return n
}

// compact writes a table's rows into other files, as another writer.
func (p *project) compact(namespace, name string) {
	p.Helper()
	p.with(func(ctx context.Context, lake *state.Lakehouse) {
		session, err := p.compute.Session(ctx)
		if err != nil {
			p.Fatalf("%v", err)
		}
		defer session.Close()
		p.rewrite(ctx, lake, session, addr.Ident{Namespace: namespace, Name: name})
	})
}

func (p *project) rewrite(ctx context.Context, lake *state.Lakehouse, session *duckdb.Session, ident addr.Ident) {
	p.Helper()
	table, err := lake.Table(ctx, ident)
	if err != nil {
		p.Fatalf("%v", err)
	}
	files, err := lake.Files(ctx, table, table.Main)
	if err != nil {
		p.Fatalf("%v", err)
	}
	run := fmt.Sprintf("compaction-%d", table.Main)
	dir, err := lake.StagePath(ctx, ident, table, run)
	if err != nil {
		p.Fatalf("%v", err)
	}
	if err := session.Bind(ctx, ident, table.Columns, files); err != nil {
		p.Fatalf("%v", err)
	}
	written, err := session.Write(ctx, duckdb.Write{Query: "SELECT * FROM " + ident.String(), Columns: table.Columns, Dir: dir})
	if err != nil {
		p.Fatalf("%v", err)
	}
	summary := table.Summary
	summary.CommitID, summary.RunID = run, run
	if _, err := lake.Commit(ctx, state.Change{Ident: ident, Base: table, Operation: state.Swap, Remove: files, Add: written, Summary: summary,
		Address: table.Address, Definition: table.Definition, MetaHash: table.MetaHash}); err != nil {
		p.Fatalf("%v", err)
	}
}

// compareBelow holds the tables below the merged one against what they say. upserted are the rows that a merge has by now.
func (p *project) compareBelow(upserted map[string]string) {
	p.Helper()
	text := p.read("shop.etl.hcl")
	has := func(table string) bool {
		return strings.Contains(text, fmt.Sprintf("table %q %q", strings.Split(table, ".")[0], strings.Split(table, ".")[1]))
	}
	for name, said := range saidBelow {
		if !has(name) {
			continue
		}
		p.same(fmt.Sprintf("SELECT %s FROM %s", columnsBelow[name], name), p.rows(said)...)
	}
	for _, line := range p.rows("SELECT id, a, v FROM bronze.now WHERE v > 0") {
		id, _, _ := strings.Cut(line, "|")
		upserted[id] = line
	}
	var want []string
	for _, line := range upserted {
		want = append(want, line)
	}
	if has("silver.merged") {
		p.same("SELECT id, a, v FROM silver.merged", want...)
	}
	if !has("silver.checked") {
		return
	}
	var bad []string
	for _, line := range p.quarantined("silver.checked") {
		bad = append(bad, strings.SplitN(line, "|", 2)[0])
	}
	for i, line := range bad {
		bad[i] = strings.NewReplacer(`{"id":`, "", `,"v":`, "|", "}", "").Replace(line)
	}
	slices.Sort(bad)
	if want := p.rows("SELECT id, v FROM bronze.now WHERE (v < 2) IS NOT TRUE"); !slices.Equal(bad, want) {
		p.Errorf("in quarantine are\n  %s\ninstead of\n  %s", strings.Join(bad, "\n  "), strings.Join(want, "\n  "))
	}
}
