package postgres

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"
	"pgregory.net/rapid"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/outputtest"
	"github.com/automic-etl/etl/providers/postgres"
)

// keeper plays the host of an incremental source: it keeps rows, and leaves out those that it holds already.
type keeper struct {
	t      testing.TB
	cfg    sdk.Config
	cursor []byte
	rows   []string
	resent int
}

func (d *database) incremental(table string, extract map[string]cty.Value) sdk.Config {
	cfg := d.source("incremental", map[string]cty.Value{"table": text(table)})
	values := cfg.Extract.AsValueMap()
	for name, value := range extract {
		values[name] = value
	}
	cfg.Extract = cty.ObjectVal(values)
	return cfg
}

func (h *keeper) plan() *sdk.PlanResponse {
	req := sdk.PlanRequest{}
	if h.cursor != nil {
		req.Cursor = map[string][]byte{"": h.cursor}
	}
	response, diags := postgres.New().Plan(h.t.Context(), h.cfg, req)
	if diags.HasErrors() {
		h.t.Fatal(diags)
	}
	return response
}

func (h *keeper) read(plan *sdk.PlanResponse) {
	h.t.Helper()
	got, err := outputtest.Read(h.t, postgres.New(), h.cfg, plan, h.cursor, plan.Overlap == nil)
	if err != nil {
		h.t.Fatal(err)
	}
	var held []string
	if plan.Overlap != nil {
		held = slices.Clone(h.rows)
	}
	for _, row := range got.Rows {
		line := fmt.Sprint(row.Values)
		if i := slices.Index(held, line); i >= 0 {
			held = slices.Delete(held, i, i+1)
			h.resent++
			continue
		}
		h.rows = append(h.rows, line)
	}
	h.cursor = got.Cursor
}

// settle reads until the plan has nothing, which must be soon.
func (h *keeper) settle() {
	h.t.Helper()
	for range 3 {
		plan := h.plan()
		if !plan.Changed {
			return
		}
		h.read(plan)
	}
	if plan := h.plan(); plan.Changed {
		h.t.Fatalf("the plan finds ever more: %s", plan.Position)
	}
}

// TestIncremental adds rows with cursors of all types: new ones, ties, late ones within the lookback, and ones without
// a cursor, between plan and read too. None is lost, none is stored twice.
func TestIncremental(t *testing.T) {
	d := newDatabase(t)
	for _, c := range []struct{ declared, lookback, value string }{ // the value of step $1, late by $2
		{"timestamptz", "50s", "'2026-03-29 00:30+00'::timestamptz + ($1 * 60 - $2 * 10) * interval '1 second'"},
		{"timestamp(3)", "1m", "'2026-03-29 00:30'::timestamp + ($1 * 60 - $2 * 10) * interval '1.001 second'"},
		{"date", "5d", "'2024-02-25'::date + ($1 - $2)::int"},
		{"bigint", "5", "9223372036854775000 + $1 * 5 - $2"},
		{"smallint", "5", "$1 * 5 - $2 - 30000"},
		{"numeric(12, 2)", "0.05", "($1 * 5 - $2) / 100.0"},
		{"numeric(38, 0)", "5", "99999999999999999999999999999999990000 + $1 * 5 - $2"},
		{"text", "", "'é' || lpad(($1)::text, 6, '0')"},
		{"uuid", "", "lpad(to_hex($1::int), 32, '0')::uuid"},
	} {
		t.Run(c.declared, func(t *testing.T) {
			d.exec(t, "DROP TABLE IF EXISTS grown; CREATE TABLE grown (at %s, n int); CREATE INDEX ON grown (at)", c.declared)
			late := 5
			extract := map[string]cty.Value{"cursor": text("at")}
			if c.lookback == "" {
				late = 0
			} else {
				extract["lookback"] = text(c.lookback)
			}
			rapid.Check(t, func(r *rapid.T) {
				d.exec(t, "TRUNCATE grown")
				h := &keeper{t: t, cfg: d.incremental("grown", extract)}
				step := 0
				insert := func() {
					if rapid.IntRange(0, 3).Draw(r, "later") > 0 {
						step++
					}
					value := strings.NewReplacer("$1", fmt.Sprint(step), "$2", fmt.Sprint(rapid.IntRange(0, late).Draw(r, "late"))).Replace(c.value)
					if rapid.IntRange(0, 7).Draw(r, "null") == 0 {
						value = "NULL"
					}
					d.exec(t, "INSERT INTO grown VALUES (%s, %d)", value, rapid.IntRange(0, 2).Draw(r, "n"))
				}
				for range rapid.IntRange(1, 6).Draw(r, "rounds") {
					for range rapid.IntRange(0, 4).Draw(r, "before") {
						insert()
					}
					plan := h.plan()
					for range rapid.IntRange(0, 2).Draw(r, "between") {
						insert()
					}
					if plan.Changed {
						h.read(plan)
					}
				}
				h.settle()
				cfg := d.table("grown")
				want := rowTexts(load(t, cfg, false))
				slices.Sort(want)
				if got := slices.Sorted(slices.Values(h.rows)); !slices.Equal(got, want) {
					r.Fatalf("held are %d rows instead of %d:\n%s\n\n%s", len(got), len(want), strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			})
		})
	}
}

// TestCursorNeverGoesBack reads a table whose newest rows were deleted.
func TestCursorNeverGoesBack(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, "CREATE TABLE shrinks (id int PRIMARY KEY); INSERT INTO shrinks SELECT generate_series(1, 10)")
	h := &keeper{t: t, cfg: d.incremental("shrinks", map[string]cty.Value{"cursor": text("id"), "lookback": text("3")})}
	h.settle()
	before := string(h.cursor)
	d.exec(t, "DELETE FROM shrinks WHERE id > 5")
	h.settle()
	d.exec(t, "INSERT INTO shrinks VALUES (6), (8), (12)") // 6 is older than the lookback
	h.settle()
	if got := strings.Join(slices.Sorted(slices.Values(h.rows)), ""); got != "[10][12][1][2][3][4][5][6][7][8][9]" || !strings.Contains(before, `"10"`) {
		t.Errorf("held are %s, and the first cursor was %s", got, before)
	}
	if h.resent == 0 || !strings.Contains(string(h.cursor), `"12"`) {
		t.Errorf("%d rows were sent again, the cursor is %s", h.resent, h.cursor)
	}
}

// TestIncrementalPlan checks what a plan says: the position in words, rows, overlap and warnings.
func TestIncrementalPlan(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, `CREATE TABLE orders (id int PRIMARY KEY, updated_at timestamptz, note text);
		INSERT INTO orders SELECT i, '2026-11-22 18:04:11Z'::timestamptz - i * interval '1 day' FROM generate_series(0, 9) i;
		INSERT INTO orders VALUES (100, NULL), (101, 'infinity');
		CREATE TABLE keyless (at timestamptz NOT NULL); CREATE INDEX ON keyless (at)`)
	h := &keeper{t: t, cfg: d.incremental("public.orders", map[string]cty.Value{"cursor": text("updated_at"), "lookback": text("12h")})}
	first := h.plan()
	said := first.Warnings.Error()
	for _, words := range []string{
		"1 row of public.orders has no updated_at", "1 row of public.orders has an infinite updated_at",
		"has no index", `CREATE INDEX ON "public"."orders" ("updated_at");`,
	} {
		if !strings.Contains(said, words) {
			t.Errorf("%q is missing in %s", words, said)
		}
	}
	if first.Position != "all rows of public.orders up to updated_at 2026-11-22 18:04:11Z" || first.Rows != 11 || first.Overlap != nil || !slices.Equal(first.Key, []string{"id"}) {
		t.Errorf("the first plan is %+v", first)
	}
	h.read(first)
	if plan := h.plan(); plan.Changed || plan.Rows != 0 || plan.Position != "public.orders has nothing after updated_at 2026-11-22 18:04:11Z" {
		t.Errorf("a plan with nothing new is %+v", plan)
	}
	d.exec(t, "INSERT INTO orders VALUES (200, '2026-11-23 00:00:00.5Z')")
	plan := h.plan()
	if !plan.Changed || plan.Rows != 3 || plan.Position != "public.orders has rows after updated_at 2026-11-22 18:04:11Z" || plan.Overlap.From != "2026-11-22T06:04:11Z" {
		t.Errorf("a plan with a new row is %+v, %+v", plan, plan.Overlap)
	}
	keyless := &keeper{t: t, cfg: d.incremental("keyless", map[string]cty.Value{"cursor": text("at")})}
	if said := keyless.plan().Warnings.Error(); !strings.Contains(said, "has no primary key") || strings.Contains(said, "index") {
		t.Errorf("said %s", said)
	}
	h.cursor = []byte(`{"version":2}`)
	if _, diags := postgres.New().Plan(t.Context(), h.cfg, sdk.PlanRequest{Cursor: map[string][]byte{"": h.cursor}}); !strings.Contains(diags.Error(), "Cursor of a newer version") {
		t.Errorf("a newer cursor is taken: %v", diags)
	}
}

// TestCursorMistakes names columns that can't be cursors.
func TestCursorMistakes(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, "CREATE TABLE c (id int PRIMARY KEY, updated timestamptz, f float8, n numeric, j jsonb, s text)")
	types := cty.MapVal(map[string]cty.Value{"updated": text("string")})
	for _, test := range []struct {
		extract map[string]cty.Value
		types   cty.Value
		summary string
		path    string
		says    string
	}{
		{map[string]cty.Value{"cursor": text("updatd")}, cty.NilVal, "Unknown column", "extract.cursor", `Did you mean "updated"?`},
		{map[string]cty.Value{"cursor": text("id"), "key": cty.ListVal([]cty.Value{text("iid")})}, cty.NilVal, "Unknown column", "extract.key", `Did you mean "id"?`},
		{map[string]cty.Value{"cursor": text("f")}, cty.NilVal, "Column that can't be a cursor", "extract.cursor", ""},
		{map[string]cty.Value{"cursor": text("j")}, cty.NilVal, "Column that can't be a cursor", "extract.cursor", ""},
		{map[string]cty.Value{"cursor": text("n")}, cty.NilVal, "Type of the cursor", "extract.cursor", "types = { n = decimal(38, 0) }"},
		{map[string]cty.Value{"cursor": text("updated")}, types, "Type of the cursor", "types.updated", ""},
		{map[string]cty.Value{"cursor": text("updated"), "lookback": text("100")}, cty.NilVal, "Invalid lookback", "extract.lookback", "no length of time"},
		{map[string]cty.Value{"cursor": text("id"), "lookback": text("5m")}, cty.NilVal, "Invalid lookback", "extract.lookback", "a number"},
		{map[string]cty.Value{"cursor": text("s"), "lookback": text("5")}, cty.NilVal, "Lookback of a text", "extract.lookback", "Remove"},
		{map[string]cty.Value{"cursor": text("id"), "batch_size": cty.NumberIntVal(-1)}, cty.NilVal, "Invalid batch size", "extract.batch_size", ""},
	} {
		cfg := d.incremental("c", test.extract)
		if test.types != cty.NilVal {
			cfg = with(cfg, "types", test.types)
		}
		_, diags := postgres.New().Plan(t.Context(), cfg, sdk.PlanRequest{})
		if len(diags) == 0 || diags[0].Summary != test.summary || strings.Join(diags[0].Path, ".") != test.path || !strings.Contains(diags[0].Detail, test.says) {
			t.Errorf("%v: said %v", test.extract, diags)
		}
	}
}

// TestKeysOnly asks what is still there.
func TestKeysOnly(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, "CREATE TABLE k (id int PRIMARY KEY, at timestamptz); INSERT INTO k SELECT i, now() FROM generate_series(1, 5) i; DELETE FROM k WHERE id = 3")
	cfg := d.incremental("k", map[string]cty.Value{"cursor": text("at")})
	response, _ := plan(t, cfg, sdk.PlanRequest{})
	columns := response.Columns[:1]
	out := outputtest.NewRecorder(t, columns)
	req := sdk.ReadRequest{Columns: columns, KeysOnly: true, BatchSize: 100}
	if err := postgres.New().Read(t.Context(), cfg, req, out); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(slices.Sorted(slices.Values(rowTexts(out))), ""); got != "[1][2][4][5]" {
		t.Errorf("read %s", got)
	}
}

// TestLookbackBelowAll takes a lookback that leads below the least value of the cursor's type.
func TestLookbackBelowAll(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, `CREATE TABLE low (id int PRIMARY KEY, big bigint, small smallint, exact numeric(3, 1)); CREATE INDEX ON low (big); CREATE INDEX ON low (small); CREATE INDEX ON low (exact);
		INSERT INTO low VALUES (1, -4, -4, -4)`)
	files := shopConnection
	cursors := map[string]string{"big": "9223372036854775807", "small": "9223372036854775807", "exact": "1000"}
	for cursor, lookback := range cursors {
		files += strings.NewReplacer("CURSOR", cursor, "LOOKBACK", lookback).Replace(`
source "postgres" "CURSOR" {
  connection = connection.postgres.shop
  table      = "public.low"
  extract "incremental" {
    cursor   = CURSOR
    lookback = "LOOKBACK"
  }
}
table "bronze" "CURSOR" { from = source.postgres.CURSOR }
`)
	}
	p := newProject(t, d, map[string]string{"shop.etl.hcl": files})
	p.must(t, 0, "apply", "-auto-approve")
	d.exec(t, "INSERT INTO low VALUES (2, -9223372036854775808, -32768, -99.9), (3, 5, 5, 5)")
	p.must(t, 0, "apply", "-auto-approve")
	for cursor := range cursors {
		if got := p.ask(t, "SELECT id FROM bronze."+cursor+" ORDER BY id"); !slices.Equal(got, []string{"1", "2", "3"}) {
			t.Errorf("by %s it has the rows %v", cursor, got)
		}
	}
}

// TestLateRowsAreNoticed adds a row below the greatest cursor and nothing else: the plan sees it, as it is within the lookback.
func TestLateRowsAreNoticed(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, "CREATE TABLE late (id int PRIMARY KEY, c date); CREATE INDEX ON late (c); INSERT INTO late VALUES (1, '2024-03-06')")
	h := &keeper{t: t, cfg: d.incremental("late", map[string]cty.Value{"cursor": text("c"), "lookback": text("48h")})}
	h.read(h.plan())
	for _, step := range []struct {
		row     string
		changed bool
		says    string
	}{
		{"2, '2024-03-05'", true, ""},
		{"3, '2024-03-01'", false, ""}, // older than the lookback
		{"4, NULL", true, "1 row of public.late has no c"},
		{"5, 'infinity'", false, "1 row of public.late has an infinite c"},
	} {
		d.exec(t, "INSERT INTO late VALUES ("+step.row+")")
		plan := h.plan()
		if plan.Changed != step.changed || !strings.Contains(plan.Warnings.Error(), step.says) {
			t.Errorf("%s: changed %t, %q, %s", step.row, plan.Changed, plan.Position, plan.Warnings.Error())
		}
		h.read(plan)
	}
	if len(h.rows) != 3 {
		t.Errorf("it keeps %q", h.rows)
	}
}

// TestChangesThatKeepTheCountAreNoticed changes rows that a read would send again in ways that leave as many of them, of a
// table with values of types whose text depends on settings.
func TestChangesThatKeepTheCountAreNoticed(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, `CREATE TYPE pair AS (a text, b float8);
		CREATE TABLE same (id int PRIMARY KEY, c int, f float8, r real, b bytea, s text, at timestamptz, i interval, p pair, l text[], j jsonb, m money);
		INSERT INTO same VALUES (1, 1, 'NaN', '-0', '\x00ff', '', '2026-03-29 01:30+02', 'P1DT1H', ROW('', 'NaN'), '{NULL,"",a}', '{"a": 1.0}', 1.5);
		INSERT INTO same VALUES (2, NULL, 'Infinity', 1.1), (3, NULL, 1, 1), (4, NULL, 2, 2);
		INSERT INTO same VALUES (50, 100), (60, 95), (70, 50);
		CREATE VIEW seen AS SELECT id, c, clock_timestamp() AS now FROM same`)
	lookback := map[string]cty.Value{"cursor": text("c"), "lookback": text("10")}
	key := map[string]cty.Value{"cursor": text("c"), "key": cty.ListVal([]cty.Value{text("id")})}
	tables := &keeper{t: t, cfg: d.incremental("same", lookback)}
	views := &keeper{t: t, cfg: d.incremental("seen", key)}
	keyless := &keeper{t: t, cfg: d.incremental("seen", map[string]cty.Value{"cursor": text("c")})}
	all := []*keeper{tables, views, keyless}
	for _, step := range []struct {
		sql     string
		changed []*keeper
	}{
		{"ALTER DATABASE " + d.name + " SET timezone = 'Asia/Tokyo'; ALTER DATABASE " + d.name + " SET datestyle = 'SQL, DMY'; ALTER DATABASE " + d.name +
			" SET extra_float_digits = -15; ALTER DATABASE " + d.name + " SET bytea_output = 'escape'; ALTER DATABASE " + d.name + " SET intervalstyle = 'sql_standard'", nil},
		{"DELETE FROM same WHERE id = 2; INSERT INTO same VALUES (9, NULL)", all[:2]},
		{"UPDATE same SET f = 3 - f WHERE id IN (3, 4)", all[:1]}, // each has what the other had
		{"UPDATE same SET s = 'x' WHERE id = 9", all[:1]},
		{"UPDATE same SET s = '' WHERE id = 9", all[:1]},
		{"UPDATE same SET b = '\\x00', s = NULL WHERE id = 9", all[:1]},
		{"UPDATE same SET b = '\\x01' WHERE id = 9", all[:1]},
		{"UPDATE same SET f = 'NaN' WHERE id = 50", all[:1]},
		{"UPDATE same SET f = 0.1::float8 + 0.2 WHERE id = 50", all[:1]},
		{"UPDATE same SET f = 0.3 WHERE id = 50", all[:1]},
		{"DELETE FROM same WHERE id = 50; INSERT INTO same VALUES (51, 100)", all[:2]},
		{"UPDATE same SET l = '{b}' WHERE id = 60", all[:1]}, // within the lookback
		{"UPDATE same SET l = '{b}' WHERE id = 70", nil},     // older
		{"VACUUM FULL same", nil},
	} {
		for _, h := range all {
			h.settle()
		}
		d.exec(t, "%s", step.sql)
		for i, h := range all {
			if plan := h.plan(); plan.Changed != slices.Contains(step.changed, h) {
				t.Errorf("%s: source %d is changed: %t, %q", step.sql, i, plan.Changed, plan.Position)
			}
		}
	}
	tables.settle()
	held := len(tables.rows)
	tables.cursor = []byte(`{"version":1,"value":"100","tail":2,"nulls":3}`) // as it was written before there were sums
	if plan := tables.plan(); !plan.Changed {
		t.Errorf("a cursor without sums is taken as if nothing had happened: %q", plan.Position)
	}
	if tables.settle(); len(tables.rows) != held {
		t.Errorf("a cursor without sums makes %d rows of %d", len(tables.rows), held)
	}
}
