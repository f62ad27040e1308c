package engine

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/engine/planner"
)

// visits is a table of five days, with a table computed of it and written by day, %s.
const visits = `
source "csv" "visits" {
  path  = "in/*.csv"
  types = { day = date }
  extract "incremental" {}
}
table "bronze" "visits" { from = source.csv.visits }
table "silver" "days" {
  %s
}
`

func visitFiles(table string) map[string]string {
	text := "id,day,region,amount\n"
	for day := range 5 {
		for i, region := range []string{"eu", "us"} {
			text += fmt.Sprintf("%d,2026-01-0%d,%s,%d\n", day*2+i, day+1, region, day)
		}
	}
	return map[string]string{"shop.etl.hcl": fmt.Sprintf(visits, table), "in/1.csv": text}
}

// TestLookback counts the rows that a new row of one day has computed anew: those of its day and of the days before.
func TestLookback(t *testing.T) {
	tests := map[string]struct {
		table   string
		compute string
		written int64
	}{
		"row by row": {"from = table.bronze.visits\n write \"partitions\" {\n by = [day]\n lookback = \"2d\"\n}", "partitions", 7},
		"aggregate": {"from = table.bronze.visits\n aggregate {\n by = [day]\n n = count()\n}\n write \"partitions\" {\n by = [day]\n lookback = \"2d\"\n}",
			"keys", 3},
		"aggregate of two": {"from = table.bronze.visits\n aggregate {\n by = [region, day]\n n = count()\n}\n write \"partitions\" {\n by = [day]\n lookback = \"48h\"\n}",
			"keys", 6},
		"all days": {"from = table.bronze.visits\n aggregate {\n by = [day]\n n = count()\n}\n write \"partitions\" {\n by = [day]\n lookback = \"1w\"\n}",
			"keys", 4},
		"computed day": {"from = table.bronze.visits\n aggregate {\n by = [region]\n day = max(day)\n}\n write \"partitions\" {\n by = [day]\n lookback = \"2d\"\n}",
			"full", 2},
		"no lookback": {"from = table.bronze.visits\n aggregate {\n by = [day]\n n = count()\n}\n write \"partitions\" { by = [day] }", "keys", 1},
		"sql":         {"sql = \"SELECT day, count(*) AS n FROM bronze.visits GROUP BY day\"\n write \"partitions\" {\n by = [day]\n lookback = \"1d\"\n}", "partitions", 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := newProject(t, visitFiles(test.table))
			p.apply()
			p.write("in/2.csv", "id,day,region,amount\n99,2026-01-04,eu,1\n")
			planned, result, diags := p.tryApply(planner.Options{})
			if diags.HasErrors() {
				t.Fatal(spelled(diags))
			}
			p.expect(planned, "table.silver.days", "refresh - "+test.compute)
			for _, o := range result.Outcomes {
				if o.Address == "table.silver.days" && o.Rows.Written != test.written {
					t.Errorf("%d rows were computed instead of %d", o.Rows.Written, test.written)
				}
			}
			p.settled()
		})
	}
}

// TestPartitionsOfSQL says what is computed anew of SQL that is written by partitions, and why not less.
func TestPartitionsOfSQL(t *testing.T) {
	tests := map[string]struct{ sql, compute, why string }{
		"having":    {"SELECT day, sum(amount) AS total FROM bronze.visits GROUP BY day HAVING sum(amount) > 3", "partitions", "day"},
		"limit":     {"SELECT day, amount FROM bronze.visits ORDER BY amount DESC, id LIMIT 3", "full", "LIMIT and OFFSET pick among the rows of all partitions"},
		"window":    {"SELECT day, id, rank() OVER (ORDER BY amount) AS place FROM bronze.visits", "full", "a window is not partitioned by day"},
		"by day":    {"SELECT day, id, rank() OVER (PARTITION BY day ORDER BY amount) AS place FROM bronze.visits", "partitions", "day"},
		"last day":  {"SELECT region, max(day) AS day FROM bronze.visits GROUP BY region", "full", "the values of day are computed from several rows, or can't be followed through the SQL"},
		"two reads": {"SELECT a.day FROM bronze.visits a JOIN bronze.visits b ON a.id = b.id + 1", "full", "a join compares rows with others"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := newProject(t, visitFiles(fmt.Sprintf("sql = %q\n write \"partitions\" { by = [day] }", test.sql)))
			p.apply()
			p.write("in/2.csv", "id,day,region,amount\n99,2026-01-02,eu,3\n")
			table := p.expect(p.apply(), "table.silver.days", "refresh - "+test.compute)
			if table.Why != test.why {
				t.Errorf("the reason is %q", table.Why)
			}
			p.settled()
			fresh := newProject(t, visitFiles(fmt.Sprintf("sql = %q\n write \"partitions\" { by = [day] }", test.sql)))
			fresh.write("in/2.csv", "id,day,region,amount\n99,2026-01-02,eu,3\n")
			fresh.apply()
			p.same("FROM silver.days", fresh.rows("FROM silver.days")...)
		})
	}
}

// allColumns order rows of orders but for rows that are the same in all of them.
const allColumns = `id, customer, amount, x, qty, "at", words`

// drawSQL is a query over orders with a column k, by which it is written. Some of them compute rows of one k from rows of
// several.
func drawSQL(t *rapid.T) string {
	pick := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(t, name) }
	key := pick("key", `customer`, `upper(customer)`, `"at"::DATE`, `coalesce(customer, 'none')`, `date_trunc('month', "at")::DATE`, `qty % 2`)
	other := pick("other", `qty`, `customer`, `"at"::DATE`, `id`)
	from := pick("from", `bronze.orders`, `bronze.orders AS b`, `(SELECT * EXCLUDE (words), upper(words) AS words FROM bronze.orders) AS s`,
		`bronze.orders, unnest(string_split(words, ' ')) AS u(word)`, `(FROM bronze.orders WHERE amount > 1)`, `(FROM bronze.orders QUALIFY row_number() OVER (PARTITION BY customer ORDER BY `+allColumns+`) = 1)`)
	where := pick("where", ``, ` WHERE amount > 1`, ` WHERE qty IS NOT NULL`)
	within := pick("within", `PARTITION BY `+key+` `, `PARTITION BY `+other+` `, `PARTITION BY `+key+`, `+other+` `, ``)
	source := from + where
	sql := rapid.SampledFrom([]string{
		`SELECT {key} AS k, id, amount FROM {source}`,
		`SELECT {key} AS k, {other} AS o, count(*) AS n, sum(amount) AS s FROM {source} GROUP BY ALL HAVING count(*) > 1`,
		`SELECT {key} AS k, sum(amount) AS s FROM {source} GROUP BY {key} HAVING sum(amount) > 5`,
		`SELECT {key} AS k, id, row_number() OVER ({within}ORDER BY {all}) AS n FROM {source} QUALIFY n < 3`,
		`SELECT {key} AS k, {other} AS o, count(*) AS n, rank() OVER ({within}ORDER BY count(*)) AS r FROM {source} GROUP BY {key}, {other}`,
		`SELECT DISTINCT ON ({key}, {other}) {key} AS k, id, qty FROM {source} ORDER BY {all}`,
		`SELECT DISTINCT ON ({other}) {key} AS k, id, qty FROM {source} ORDER BY {all}`,
		`SELECT DISTINCT {key} AS k, {other} AS o FROM {source}`,
		`SELECT max({key}) AS k, {other} AS o FROM {source} GROUP BY 2`,
		`SELECT {key} AS k, id, qty FROM {source} ORDER BY {all} LIMIT 5`,
		`SELECT k, count(*) AS n, max(n) AS top FROM (SELECT {key} AS k, {other} AS o, count(*) AS n FROM {source} GROUP BY ALL) GROUP BY k`,
		`WITH q(k, o) AS (SELECT {key}, {other} FROM {source}) SELECT k, count(DISTINCT o) AS n FROM q GROUP BY k HAVING n > 1`,
		`SELECT {key} AS k, id FROM {source} UNION ALL SELECT {key}, qty FROM bronze.orders`,
		`SELECT {key} AS k, {other} AS o FROM {source} EXCEPT SELECT {key}, {other} FROM bronze.orders WHERE amount > 2`,
		`SELECT {key} AS k, id FROM bronze.orders WHERE amount >= (SELECT max(amount) FROM bronze.orders)`,
		`SELECT {key} AS k, count(*) AS n FROM {source} GROUP BY GROUPING SETS ((1), ())`,
		`SELECT any_value(k) AS k, n FROM (SELECT {key} AS k, count(*) AS n FROM {source} GROUP BY 1) GROUP BY n HAVING count(*) = 1`,
	}).Draw(t, "sql")
	sql = strings.NewReplacer("{key}", key, "{other}", other, "{source}", source, "{within}", within, "{all}", allColumns).Replace(sql)
	return strings.ReplaceAll(pick("around", `{sql}`, `{sql}`, `SELECT * FROM ({sql}) AS q`, `SELECT k, * EXCLUDE (k) FROM ({sql})`,
		`SELECT k AS k, count(*) AS m FROM ({sql}) AS q(k) GROUP BY 1 QUALIFY row_number() OVER (ORDER BY k) < 3`), "{sql}", sql)
}

// TestPartitionsOfSQLEqualFull applies round after round of arriving files, and compares tables of random SQL that are written
// by partitions with those that a fresh project computes of all files at once.
func TestPartitionsOfSQLEqualFull(t *testing.T) {
	engine := compute(t)
	computes := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		text := bronze
		var names []string
		for i := range 4 {
			name := fmt.Sprintf("t%d", i)
			names = append(names, "silver."+name)
			text += fmt.Sprintf("table \"silver\" %q {\n sql = <<SQL\n%s\nSQL\n write \"partitions\" { by = [k] }\n}\n", name, drawSQL(rt))
		}
		names = append(names, "gold.below")
		text += "table \"gold\" \"below\" {\n from = table.silver.t0\n}\n"
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
	if computes[plan.ComputeFull] < 10 {
		return // too few projects to meet every kind
	}
	if computes[plan.ComputeParts] < computes[plan.ComputeFull]/4 {
		t.Errorf("few tables were refreshed by partitions: %v", computes)
	}
}
