package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/outputtest"
	"github.com/automic-etl/etl/providers/postgres"
)

// dense fails unless the rows are numbered from 1 without a gap, bad ones counted.
func dense(t *testing.T, got *outputtest.Recorder) {
	t.Helper()
	numbers := make([]int64, len(got.Rows))
	for i, row := range got.Rows {
		numbers[i] = row.Number
	}
	slices.Sort(numbers)
	if len(slices.Compact(slices.Clone(numbers))) != len(numbers) {
		t.Fatal("two rows have the same number")
	}
	if n := len(numbers); n > 0 && (numbers[0] < 1 || numbers[n-1] > int64(n+len(got.BadRows))) {
		t.Fatalf("%d rows are numbered from %d to %d", n, numbers[0], numbers[n-1])
	}
}

func valuesOf(got *outputtest.Recorder, name string) []string {
	at := got.Columns.Index(name)
	var out []string
	for _, row := range got.Rows {
		out = append(out, fmt.Sprint(row.Values[at]))
	}
	return out
}

// TestOneSnapshot reads a large table over several connections while money moves between its rows: all ranges see the
// same moment, so that no cent is lost or seen twice.
func TestOneSnapshot(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, `CREATE TABLE accounts (id int PRIMARY KEY, cents bigint, padding text);
		INSERT INTO accounts SELECT i, 1000, repeat('x', 300) FROM generate_series(1, 60000) i;
		CREATE TABLE parts (id int, cents bigint, padding text) PARTITION BY RANGE (id);
		CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
		CREATE TABLE parts_2 (cents bigint, gone int, id int, padding text);
		ALTER TABLE parts_2 DROP gone; ALTER TABLE parts ATTACH PARTITION parts_2 FOR VALUES FROM (100) TO (20001) ;
		CREATE TABLE parts_3 PARTITION OF parts FOR VALUES FROM (20001) TO (100000) PARTITION BY RANGE (id);
		CREATE TABLE parts_3a PARTITION OF parts_3 FOR VALUES FROM (20001) TO (100000);
		INSERT INTO parts SELECT * FROM accounts WHERE id <= 40000`)
	ctx, stop := context.WithCancel(context.Background())
	moved := make(chan int)
	go func() {
		conn := connect(t, d.dsn("etl"))
		defer conn.Close(context.Background())
		n := 0
		for ; ctx.Err() == nil; n++ {
			a, b := 1+n*7919%40000, 1+n*104729%40000
			sql := fmt.Sprintf(`BEGIN; UPDATE accounts SET cents = cents - 7 WHERE id = %d; UPDATE accounts SET cents = cents + 7 WHERE id = %d;
				UPDATE parts SET cents = cents - 7 WHERE id = %d; UPDATE parts SET cents = cents + 7 WHERE id = %d; COMMIT`, a, b, a, b)
			if _, err := conn.Exec(context.Background(), sql).ReadAll(); err != nil {
				t.Error(err)
				break
			}
		}
		moved <- n
	}()
	for _, test := range []struct {
		table string
		rows  int
	}{{"accounts", 60000}, {"parts", 40000}} {
		for _, staged := range []bool{true, false} {
			cfg := with(d.table(test.table), "parallelism", cty.NumberIntVal(4))
			got := load(t, cfg, staged)
			dense(t, got)
			sum, ids := int64(0), map[any]bool{}
			for _, row := range got.Rows {
				sum += row.Values[1].(int64)
				ids[row.Values[0]] = true
			}
			if len(got.Rows) != test.rows || len(ids) != test.rows || sum != int64(test.rows)*1000 {
				t.Errorf("%s: %d rows of %d with %d cents", test.table, len(got.Rows), len(ids), sum)
			}
		}
	}
	stop()
	if n := <-moved; n == 0 {
		t.Error("nothing was moved meanwhile")
	}
}

// TestWhatIsRead reads tables and views of all kinds by names of all kinds.
func TestWhatIsRead(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, `CREATE SCHEMA "Odd Schema"; CREATE TABLE "Odd Schema"."Order.Lines" ("Id" int PRIMARY KEY, "a ""quoted"" name" text);
		INSERT INTO "Odd Schema"."Order.Lines" VALUES (1, 'x');
		CREATE TABLE plain (id int, n int); INSERT INTO plain SELECT i, i % 10 FROM generate_series(1, 100) i;
		CREATE TABLE "Mixed" (id int); INSERT INTO "Mixed" VALUES (1), (2); CREATE TABLE mixed (id int); INSERT INTO mixed VALUES (3);
		CREATE VIEW seen AS SELECT id AS seen_id, n FROM plain WHERE n > 7; CREATE MATERIALIZED VIEW kept AS SELECT * FROM seen;
		CREATE TABLE empty (id int PRIMARY KEY, s text); CREATE TABLE parent (id int); CREATE TABLE child (more int) INHERITS (parent);
		INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2, 2);
		ALTER TABLE plain ADD twice int GENERATED ALWAYS AS (n * 2) STORED; COMMENT ON COLUMN plain.n IS 'a digit'`)
	for _, test := range []struct {
		attributes map[string]cty.Value
		rows       int
		columns    string
	}{
		{map[string]cty.Value{"table": text(`"Odd Schema"."Order.Lines"`)}, 1, `Id, a "quoted" name`},
		{map[string]cty.Value{"table": text("plain")}, 100, "id, n, twice"},
		{map[string]cty.Value{"table": text("PUBLIC.Plain"), "where": text("n = 3 -- three")}, 10, "id, n, twice"},
		{map[string]cty.Value{"table": text("plain"), "columns": cty.ListVal([]cty.Value{text("n"), text("id")})}, 100, "n, id"},
		{map[string]cty.Value{"table": text("Mixed")}, 2, "id"},
		{map[string]cty.Value{"table": text("mixed")}, 1, "id"},
		{map[string]cty.Value{"table": text("MIXED")}, 1, "id"},
		{map[string]cty.Value{"table": text("seen")}, 20, "seen_id, n"},
		{map[string]cty.Value{"table": text("kept")}, 20, "seen_id, n"},
		{map[string]cty.Value{"table": text("parent")}, 2, "id"},
		{map[string]cty.Value{"table": text("empty")}, 0, "id, s"},
		{map[string]cty.Value{"query": text("WITH x AS (SELECT 1 AS one, 'two' AS two) SELECT * FROM x -- all")}, 1, "one, two"},
		{map[string]cty.Value{"query": text("SELECT id, count(*) AS n FROM plain GROUP BY id ;"), "where": text("id < 6")}, 5, "id, n"},
		{map[string]cty.Value{"table": text("pg_catalog.pg_class"), "columns": cty.ListVal([]cty.Value{text("relname")}), "where": text("relname = 'plain'")}, 1, "relname"},
	} {
		cfg := d.source("batch", test.attributes)
		for _, staged := range []bool{true, false} {
			got := load(t, cfg, staged)
			if columns := strings.Join(got.Columns.Names(), ", "); len(got.Rows) != test.rows || columns != test.columns || len(got.BadRows) > 0 {
				t.Errorf("%v: %d rows of (%s), bad %v", test.attributes, len(got.Rows), columns, got.BadRows)
			}
			dense(t, got)
		}
		response, _ := plan(t, cfg, sdk.PlanRequest{})
		if response.Rows != int64(test.rows) && !strings.Contains(fmt.Sprint(test.attributes), "query") && test.columns != "seen_id, n" && test.columns != "relname" && test.rows != 2 {
			t.Errorf("%v: the plan says %d rows instead of %d", test.attributes, response.Rows, test.rows)
		}
	}
	response, _ := plan(t, d.table("plain"), sdk.PlanRequest{})
	if response.Columns[1].Doc != "a digit" {
		t.Errorf("the comment on a column is lost: %v", response.Columns)
	}
}

// TestWideTable reads as many columns as a table can have.
func TestWideTable(t *testing.T) {
	d := newDatabase(t)
	columns := make([]string, 1600)
	for i := range columns {
		columns[i] = fmt.Sprintf("c%d smallint", i)
	}
	d.exec(t, "CREATE TABLE wide (%s)", strings.Join(columns, ", "))
	d.exec(t, "INSERT INTO wide (c0, c1599) SELECT i, 7 FROM generate_series(1, 300) i")
	for _, staged := range []bool{true, false} {
		got := load(t, d.table("wide"), staged)
		if len(got.Rows) != 300 || len(got.Columns) != 1600 || slices.ContainsFunc(valuesOf(got, "c1599"), func(s string) bool { return s != "7" }) {
			t.Errorf("%d rows of %d columns", len(got.Rows), len(got.Columns))
		}
	}
}

// TestRowSecurity warns of rows that the role doesn't see.
func TestRowSecurity(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, `CREATE TABLE guarded (id int, owner text); INSERT INTO guarded VALUES (1, 'reader'), (2, 'etl');
		ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON guarded USING (owner = current_user); GRANT SELECT ON guarded TO reader`)
	cfg := d.table("guarded")
	cfg.Connection = d.connection(map[string]cty.Value{"user": text("reader")})
	_, diags := plan(t, cfg, sdk.PlanRequest{})
	if len(diags) != 1 || diags[0].Summary != "Rows hidden by row-level security" || diags[0].Severity != sdk.SeverityWarning {
		t.Errorf("said %v", diags)
	}
	if got := load(t, cfg, true); len(got.Rows) != 1 {
		t.Errorf("read %d rows", len(got.Rows))
	}
	if _, diags := plan(t, d.table("guarded"), sdk.PlanRequest{}); len(diags) > 0 {
		t.Errorf("the owner is told %v", diags)
	}
}

// TestLossyNumbers warns of numbers that are text, unless the block says what they are.
func TestLossyNumbers(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, "CREATE TABLE sums (a numeric, b numeric(50, 2), c numeric, d numeric(10, 2))")
	_, diags := plan(t, d.table("sums"), sdk.PlanRequest{})
	said := diags.Error()
	for _, words := range []string{"numeric without precision, whose values may have any number of digits: a, c.", "numeric(50, 2), which has more than 38 digits: b.", "types = { a = decimal(38, 9) }"} {
		if !strings.Contains(said, words) {
			t.Errorf("%q is missing in %s", words, said)
		}
	}
	declared := cty.MapVal(map[string]cty.Value{"a": text("string"), "b": text("string"), "c": text("double")})
	if _, diags := plan(t, with(d.table("sums"), "types", declared), sdk.PlanRequest{}); len(diags) > 0 {
		t.Errorf("said %v", diags)
	}
}

// TestDiscover lists what the role may read.
func TestDiscover(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, `CREATE TABLE orders (id bigint PRIMARY KEY, changed timestamptz NOT NULL, note text); CREATE TABLE secret (a int);
		CREATE VIEW shown AS SELECT id FROM orders; CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p DEFAULT;
		GRANT SELECT ON orders, shown, p TO reader; ANALYZE orders`)
	cfg := d.table("orders")
	cfg.Connection = d.connection(map[string]cty.Value{"user": text("reader")})
	streams, diags := postgres.New().Discover(t.Context(), cfg)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	var names []string
	for _, s := range streams {
		names = append(names, s.Name)
	}
	if !slices.Equal(names, []string{"public.orders", "public.p", "public.shown"}) {
		t.Fatalf("found %v", names)
	}
	orders := streams[0]
	if fmt.Sprint(orders.Keys, orders.Cursors, orders.Columns.Names()) != "[[id]] [changed id] [id changed note]" || orders.Rows != -1 && orders.Rows != 0 {
		t.Errorf("found %+v", orders)
	}
}
