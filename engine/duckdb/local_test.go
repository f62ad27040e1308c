package duckdb

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/lang/addr"
)

// eventColumns are those of silver.events, of which the queries below are.
func eventColumns() []string { return []string{"id", "region", "day", "seen", "amount", "tags"} }

func eventRows(t *rapid.T, from, n int) string {
	pick := func(name string, of ...string) string { return rapid.SampledFrom(append(of, "NULL")).Draw(t, name) }
	rows := []string{"SELECT NULL::INT AS id, NULL::VARCHAR AS region, NULL::DATE AS day, NULL::TIMESTAMP AS seen, NULL::DECIMAL(9, 2) AS amount, NULL::VARCHAR[] AS tags WHERE false"}
	for i := range n {
		day := rapid.IntRange(1, 4).Draw(t, "day")
		rows = append(rows, fmt.Sprintf("SELECT %d, %s, %s, %s, %s, %s", from+i, pick("region", "'eu'", "'us'", "'Eu'"), pick("date", fmt.Sprintf("DATE '2026-01-0%d'", day)),
			pick("at", fmt.Sprintf("TIMESTAMP '2026-01-0%d %02d:00:00'", day, rapid.IntRange(0, 23).Draw(t, "hour"))), pick("amount", "1.5", "2", "7.25"), pick("tags", "['a']", "['a', 'b']", "[]")))
	}
	return strings.Join(rows, " UNION ALL ")
}

// TestPartitioning reads queries whose rows decide over their own partition alone, and others.
func TestPartitioning(t *testing.T) {
	tests := []struct{ query, by, why string }{ // why is empty where it can be followed
		{"SELECT * FROM silver.events", "day", ""},
		{"SELECT day, sum(amount) AS total FROM silver.events GROUP BY day HAVING sum(amount) > 3", "day", ""},
		{"SELECT day, region, count(*) AS n FROM silver.events WHERE amount > 1 GROUP BY ALL", "day region", ""},
		{"SELECT date_trunc('month', seen) AS month, count(*) AS n FROM silver.events AS e GROUP BY 1", "month", ""},
		{"SELECT seen::DATE AS d, lower(region) AS r, max(amount) AS top FROM silver.events GROUP BY d, r QUALIFY rank() OVER (PARTITION BY d ORDER BY r) < 3", "d", ""},
		{"SELECT *, row_number() OVER (PARTITION BY day ORDER BY id) AS n FROM silver.events QUALIFY n < 3", "day", ""},
		{"SELECT *, row_number() OVER w AS n FROM silver.events e WINDOW w AS (PARTITION BY e.region, day ORDER BY id)", "region", ""},
		{"SELECT DISTINCT ON (day, region) * FROM silver.events ORDER BY id", "region", ""},
		{"SELECT DISTINCT day, region FROM silver.events", "day", ""},
		{"WITH e AS (SELECT *, seen::DATE AS d FROM silver.events), n AS (SELECT d, count(*) AS n FROM e GROUP BY d) SELECT d AS day, n FROM n WHERE n > 1", "day", ""},
		{"WITH e(a, b) AS (SELECT day, region FROM silver.events) SELECT a AS day, count(DISTINCT b) AS n FROM e AS f GROUP BY a", "day", ""},
		{"SELECT day, 'eu' AS kind FROM silver.events WHERE region = 'eu' UNION ALL SELECT seen::DATE, 'other' FROM silver.events WHERE region <> 'eu'", "day", ""},
		{"SELECT day FROM silver.events EXCEPT SELECT seen::DATE FROM silver.events WHERE amount > 2", "day", ""},
		{"SELECT day, 1 AS n FROM silver.events UNION BY NAME SELECT 2 AS n, day FROM silver.events", "day", ""},
		{"SELECT day, tag, count(*) AS n FROM silver.events, unnest(tags) AS t(tag) GROUP BY ALL", "day", ""},
		{"SELECT tag, count(*) AS n FROM silver.events, unnest(tags) AS t(tag) GROUP BY ALL", "tag", ""},
		{"SELECT day, g FROM silver.events CROSS JOIN range(2) AS r(g)", "day", ""},
		{"SELECT * EXCLUDE (tags) REPLACE (upper(region) AS region) FROM silver.events", "region", ""},
		{"SELECT * FROM (SELECT day AS d, * EXCLUDE (day) FROM silver.events) AS q(day2)", "day2", ""},
		{"SELECT coalesce(region, 'none') AS region, amount, day FROM silver.events UNION ALL SELECT 'none', 0, NULL", "region", ""},
		{"SELECT region, first(amount ORDER BY id) AS x FROM silver.events GROUP BY region", "region", ""},
		{"SELECT year(seen) AS y, month(seen) AS m, y * 12 + m AS ym, sum(amount) AS s FROM silver.events GROUP BY seen", "ym", ""},
		{"SELECT events.day, silver.events.region FROM silver.events", "day region", ""},
		{"SELECT * FROM silver.events AS e(a, b)", "b", ""},

		{"SELECT * FROM silver.events ORDER BY id LIMIT 3", "day", "LIMIT"},
		{"SELECT * FROM (SELECT * FROM silver.events ORDER BY id OFFSET 2)", "day", "LIMIT"},
		{"SELECT day FROM silver.events UNION SELECT day FROM silver.events LIMIT 10%", "day", "LIMIT"},
		{"SELECT day, lag(amount) OVER (ORDER BY id) AS b FROM silver.events", "day", "not partitioned by day"},
		{"SELECT day, region, count(*) AS n FROM silver.events GROUP BY ALL QUALIFY row_number() OVER (PARTITION BY region ORDER BY day) = 1", "day", "not partitioned by day"},
		{"SELECT seen::DATE AS d, row_number() OVER (PARTITION BY seen ORDER BY id) AS n FROM silver.events", "d", ""},
		{"SELECT seen, row_number() OVER (PARTITION BY seen::DATE ORDER BY id) AS n FROM silver.events", "seen", "not partitioned by seen"},
		{"SELECT DISTINCT ON (region) * FROM silver.events ORDER BY id", "day", "DISTINCT ON"},
		{"SELECT DISTINCT ON (1) * FROM silver.events ORDER BY id", "day", "DISTINCT ON"},
		{"SELECT DISTINCT ON (region) upper(region) AS region, day FROM silver.events", "region", "DISTINCT ON"},
		{"SELECT max(day) AS day, region FROM silver.events GROUP BY region", "day", "several rows"},
		{"SELECT region, any_value(day) AS day FROM silver.events GROUP BY region", "day", "several rows"},
		{"SELECT first_value(day) OVER (PARTITION BY region ORDER BY id) AS day FROM silver.events", "day", "several rows"},
		{"SELECT day, count(*) AS n FROM silver.events GROUP BY ROLLUP (day)", "day", "several sets"},
		{"SELECT a.day, b.amount FROM silver.events a JOIN silver.events b ON a.day = b.day", "day", "a join"},
		{"SELECT day FROM silver.events WHERE amount > (SELECT avg(amount) FROM silver.events)", "day", "subquery"},
		{"SELECT day FROM silver.events e WHERE EXISTS (FROM silver.events f WHERE f.id > e.id)", "day", "subquery"},
		{"SELECT day FROM silver.events USING SAMPLE 3 ROWS", "day", "sample"},
		{"SELECT day FROM silver.events WHERE day > today() - 3", "day", "current time"},
		{"SELECT day, random() AS r FROM silver.events", "r", "several rows"},
		{"SELECT region COLLATE NOCASE AS region, count(*) AS n FROM silver.events GROUP BY 1", "region", "several rows"},
		{"SELECT region, count(*) AS n FROM silver.events GROUP BY region COLLATE NOCASE, region", "region", "collation"},
		{"WITH RECURSIVE r AS (SELECT day FROM silver.events UNION SELECT day + 1 FROM r WHERE day < DATE '2026-01-03') SELECT day FROM r", "day", "recursion"},
		{"SELECT unnest(tags) AS tag FROM silver.events", "tag", "several rows"},
		{"SELECT COLUMNS('d.*') FROM silver.events", "day", "can't be followed"},
		{"PIVOT silver.events ON region IN ('eu') USING sum(amount) GROUP BY day", "day", "can't be followed"},
		{"SELECT day FROM silver.events, (SELECT max(id) AS top FROM silver.events)", "day", "a join"},
	}
	s := openSession(t)
	ctx := context.Background()
	for _, test := range tests {
		by := strings.Fields(test.by)
		if _, err := s.Materialize(ctx, "silver", "events", drawEvents(0, 1)); err != nil {
			t.Fatal(err)
		}
		found, err := s.Partitioning(ctx, test.query, by, addr.Ident{Namespace: "silver", Name: "events"}, eventColumns())
		if err != nil {
			t.Errorf("%s: %v", test.query, err)
			continue
		}
		if (found.Keys == "") != (test.why != "") || !strings.Contains(found.Why, test.why) {
			t.Errorf("%s\nby %s: %q, keys %s", test.query, test.by, found.Why, found.Keys)
		}
		for seed := 1; found.Keys != "" && seed < 6; seed++ {
			holdPartitions(ctx, t, s, test.query, by, found.Keys, drawEvents(seed, 10), drawEvents(-seed, 1+seed%3))
		}
	}
}

// drawEvents are n rows, the same for the same seed.
func drawEvents(seed, n int) string {
	return rapid.Custom(func(t *rapid.T) string { return eventRows(t, seed*100, n) }).Example(seed)
}

// holdPartitions adds rows: those of the result that are of no partition that the keys of the new rows name stay the same.
func holdPartitions(ctx context.Context, t testing.TB, s *Session, query string, by []string, keys, old, fresh string) {
	t.Helper()
	materialize := func(schema, name, sql string) {
		if _, err := s.Materialize(ctx, schema, name, sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	materialize("silver", "events", fresh)
	materialize("etl_keys", "keys", keys)
	match := make([]string, len(by))
	for i, name := range by {
		match[i] = fmt.Sprintf("q.%s IS NOT DISTINCT FROM k.k%d", dialect.Ident(name), i)
	}
	outside := "SELECT q.* FROM (" + query + ") AS q ANTI JOIN etl_keys.keys AS k ON " + strings.Join(match, " AND ")
	rows := func() []string {
		result, err := s.Rows(ctx, outside, 1000)
		if err != nil {
			t.Fatalf("%s: %v", outside, err)
		}
		var lines []string
		for _, row := range result.Values {
			lines = append(lines, fmt.Sprint(row...))
		}
		slices.Sort(lines)
		return lines
	}
	materialize("silver", "events", old)
	before := rows()
	materialize("silver", "events", old+" UNION ALL "+fresh)
	if after := rows(); !slices.Equal(before, after) {
		t.Fatalf("%s\nwith the keys %s\nis, outside of them, before\n%s\nand after\n%s", query, keys, strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
}
