package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/state"
)

const bronze = `
source "csv" "orders" {
  path  = "orders/*.csv"
  types = { id = long, customer = string, amount = decimal(12, 2), x = double, qty = int, at = timestamp, words = string }
  extract "incremental" {}
}
source "csv" "more" {
  path  = "more/*.csv"
  types = { id = long, customer = string, amount = decimal(12, 2), x = double, qty = int, at = timestamp, words = string }
  extract "incremental" {}
}
source "csv" "customers" {
  path  = "customers.csv"
  types = { id = string, name = string }
}
table "bronze" "orders" { from = source.csv.orders }
table "bronze" "more" { from = source.csv.more }
table "bronze" "customers" { from = source.csv.customers }
`

// drawFile is a file of orders.
func drawFile(t *rapid.T) string {
	var b strings.Builder
	b.WriteString("id,customer,amount,x,qty,at,words\n")
	cell := func(of ...string) string {
		if rapid.IntRange(0, 6).Draw(t, "null") == 0 {
			return ""
		}
		return rapid.SampledFrom(of).Draw(t, "value")
	}
	for range rapid.IntRange(0, 8).Draw(t, "rows") {
		fmt.Fprintf(&b, "%s,%s,%s,%s,%s,%s,%s\n", cell("1", "2", "3", "4", "5", "6", "7", "8"), cell("a", "A", "b", "c"), cell("0.25", "1.50", "3.00", "99.75"),
			cell("1.5", "NaN", "Infinity", "-0.0"), cell("1", "2", "3"), cell("2026-01-01 00:00:00", "2026-01-01 01:30:00", "2026-01-01 23:00:00", "2026-01-02 01:00:00", "2026-01-05 12:00:00"),
			cell("p", "p q", "q r s"))
	}
	return b.String()
}

func drawCustomers(t *rapid.T) string {
	text := "id,name\n"
	for _, id := range []string{"a", "A", "b", "c"} {
		for range rapid.IntRange(0, 2).Draw(t, "times") {
			text += id + "," + rapid.SampledFrom([]string{"Ada", "Bo", ""}).Draw(t, "name") + "\n"
		}
	}
	return text
}

// arrivals are what happens before a round.
func arrivals(t *rapid.T, round int) map[string]string {
	files := map[string]string{}
	if round == 0 || rapid.IntRange(0, 3).Draw(t, "orders come") > 0 {
		files[fmt.Sprintf("orders/%d.csv", round)] = drawFile(t)
	}
	if round == 0 || rapid.IntRange(0, 2).Draw(t, "more come") == 0 {
		files[fmt.Sprintf("more/%d.csv", round)] = drawFile(t)
	}
	if round == 0 || rapid.IntRange(0, 4).Draw(t, "customers change") == 0 {
		files["customers.csv"] = drawCustomers(t)
	}
	return files
}

// TestIncrementalEqualsFull applies round after round of arriving files, and compares every table with one that a fresh
// project computes of all files at once.
func TestIncrementalEqualsFull(t *testing.T) {
	engine := compute(t)
	computes := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		text := bronze
		var names []string
		var below []chain
		for i := range 4 {
			c := drawChain(rt)
			names = append(names, fmt.Sprintf("silver.t%d", i))
			text += c.table(rt, names[i])
			if i < 2 {
				below = append(below, drawBelow(rt, names[i], c.have))
			}
		}
		for i, c := range below {
			names = append(names, fmt.Sprintf("gold.below%d", i))
			text += c.table(rt, names[len(names)-1])
		}
		p := &project{failer: rt, dir: t.TempDir(), compute: engine}
		p.write("shop.etl.hcl", text)
		all := map[string]string{}
		for round := range rapid.IntRange(2, 3).Draw(rt, "rounds") {
			files := arrivals(rt, round)
			maps.Copy(all, files)
			for _, name := range slices.Sorted(maps.Keys(files)) {
				p.write(name, files[name])
			}
			count(computes, p.apply())
			p.settled()
		}
		fresh := &project{failer: rt, dir: t.TempDir(), compute: engine}
		fresh.write("shop.etl.hcl", text)
		for name, content := range all {
			fresh.write(name, content)
		}
		fresh.apply()
		compare(rt, p, fresh, names, text)
	})
	t.Log(computes)
	if computes[plan.ComputeFull] < 50 {
		return // too few projects to meet every kind
	}
	for _, compute := range []string{plan.ComputeAppend, plan.ComputeKeys, plan.ComputeParts, plan.ComputeFull} {
		if computes[compute] == 0 && !testing.Short() {
			t.Errorf("no table was refreshed by %s: %v", compute, computes)
		}
	}
}

func count(computes map[string]int, planned *plan.Plan) {
	for _, t := range planned.Tables {
		if t.Action == plan.Refresh && strings.HasPrefix(t.Address, "table.silver") {
			computes[t.Compute]++
		}
	}
}

// compare holds all tables' rows against a fresh project's, without when they were loaded.
func compare(t *rapid.T, p, fresh *project, names []string, text string) {
	t.Helper()
	tables := []string{"bronze.orders", "bronze.more", "bronze.customers"}
	tables = append(tables, names...)
	planned := fresh.plan()
	for _, name := range tables {
		var columns []string
		for _, f := range fresh.table(planned, "table."+name).Schema {
			if f.Name != "_etl_loaded_at" && f.Name != "_etl_run" {
				columns = append(columns, dialect.Ident(f.Name))
			}
		}
		sql := fmt.Sprintf("SELECT %s FROM %s", strings.Join(columns, ", "), name)
		got, want := p.rows(sql), fresh.rows(sql)
		if !slices.Equal(got, want) {
			t.Fatalf("%s holds\n  %s\ncomputed anew it holds\n  %s\n%s", name, strings.Join(got, "\n  "), strings.Join(want, "\n  "), text)
		}
		if got, want := p.quarantined(name), fresh.quarantined(name); !slices.Equal(got, want) {
			t.Fatalf("the quarantine of %s holds\n  %s\ncomputed anew it holds\n  %s\n%s", name, strings.Join(got, "\n  "), strings.Join(want, "\n  "), text)
		}
	}
}

// quarantined are the rows in a table's quarantine, without when they were loaded; none where there is no quarantine.
func (p *project) quarantined(name string) []string {
	p.Helper()
	exists := false
	p.with(func(ctx context.Context, lake *state.Lakehouse) {
		tables, err := lake.Tables(ctx)
		if err != nil {
			p.Fatalf("%v", err)
		}
		exists = slices.ContainsFunc(tables, func(t *state.Table) bool { return t.Ident.String() == name+plan.QuarantineSuffix })
	})
	if !exists {
		return nil
	}
	return p.rows(`SELECT json_merge_patch(raw, '{"_etl_loaded_at": null, "_etl_run": null}')::VARCHAR, reason FROM ` + name + plan.QuarantineSuffix)
}
