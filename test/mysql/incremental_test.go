package mysql_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers"
	"github.com/automic-etl/etl/providers/outputtest"
)

// held plays the host: it keeps what incremental reads sent, each row as often as the source had it.
type held struct {
	lab    *lab
	cfg    sdk.Config
	cursor []byte
	rows   []string
	resent int
}

func (l *lab) incremental(source map[string]cty.Value, extract map[string]cty.Value) *held {
	cfg := l.source(source)
	cfg.Mode = "incremental"
	described := providers.BuiltIn()["mysql"].Schema().Extract["incremental"]
	cfg.Extract = cty.ObjectVal(block(described.ImpliedType(), extract))
	return &held{lab: l, cfg: cfg}
}

func (h *held) plan() *sdk.PlanResponse {
	h.lab.t.Helper()
	req := sdk.PlanRequest{}
	if h.cursor != nil {
		req.Cursor = map[string][]byte{"": h.cursor}
	}
	response, diags := providers.BuiltIn()["mysql"].Plan(context.Background(), h.cfg, req)
	if diags.HasErrors() {
		h.lab.t.Fatal(diags)
	}
	return response
}

// run plans and reads, and drops what it holds already.
func (h *held) run() *sdk.PlanResponse {
	h.lab.t.Helper()
	response := h.plan()
	if !response.Changed {
		return response
	}
	got, err := outputtest.Read(h.lab.t, providers.BuiltIn()["mysql"], h.cfg, response, h.cursor, false)
	if err != nil {
		h.lab.t.Fatal(err)
	}
	var compared []string // rows below From are not sent again, so that comparing with them too changes nothing
	if response.Overlap != nil {
		compared = slices.Clone(h.rows)
	}
	for _, row := range got.Rows {
		text := spelled(row.Values)
		if i := slices.Index(compared, text); i >= 0 {
			compared = slices.Delete(compared, i, i+1)
			h.resent++
			continue
		}
		h.rows = append(h.rows, text)
	}
	h.cursor = got.Cursor
	return response
}

func spelled(values []any) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = fmt.Sprint(v)
	}
	return strings.Join(parts, "|")
}

// all is the source's table as a read of everything sees it.
func (h *held) all() []string {
	cfg := h.cfg
	cfg.Mode = "batch"
	var rows []string
	for _, row := range h.lab.load(cfg, false).Rows {
		rows = append(rows, spelled(row.Values))
	}
	slices.Sort(rows)
	return rows
}

func (h *held) check(what string) {
	h.lab.t.Helper()
	got := slices.Sorted(slices.Values(h.rows))
	if want := h.all(); !slices.Equal(got, want) {
		h.lab.t.Fatalf("%s: held are %d rows instead of %d:\n%s\n\n%s", what, len(got), len(want), strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestIncremental adds rows with ties, late ones, and ones without a cursor, in any order: none is lost or doubled.
func TestIncremental(t *testing.T) {
	cursors := map[string]struct {
		declared, lookback string
		value              func(step, n int) string // n 0 to 5, of which 5 and 4 are late by less than the lookback
	}{
		"second": {"timestamp null", "1m", func(step, n int) string {
			return fmt.Sprintf("'2024-03-31 01:00:00' + interval %d second", step*60+n*12-n*n)
		}},
		"micro": {"datetime(6)", "1m", func(step, n int) string {
			return fmt.Sprintf("'2024-03-31 01:00:00.000001' + interval %d second", step*60-n*10)
		}},
		"day":      {"date", "48h", func(step, n int) string { return fmt.Sprintf("'2024-02-25' + interval %d day", step-n%3) }},
		"unsigned": {"bigint unsigned", "5", func(step, n int) string { return fmt.Sprintf("18446744073709551000 + %d", step*5-n) }},
		"signed":   {"int", "5", func(step, n int) string { return fmt.Sprint(step*5 - n - 1000) }},
		"amount":   {"decimal(12,2)", "0.05", func(step, n int) string { return fmt.Sprintf("%d.%02d", 10+step/20, step%20*5+5-n) }},
	}
	each(t, func(t *testing.T, l *lab) {
		random := rand.New(rand.NewPCG(3, 4))
		for name, cursor := range cursors {
			name = "by_" + name
			l.exec(fmt.Sprintf("CREATE TABLE %s (id int, c %s, v varchar(9), key (c))", name, cursor.declared))
			h := l.incremental(table(name), map[string]cty.Value{"cursor": cty.StringVal("c"), "lookback": cty.StringVal(cursor.lookback)})
			for step := range 12 {
				for range random.IntN(4) {
					value := cursor.value(step, random.IntN(6))
					if random.IntN(5) == 0 {
						value = "NULL"
					}
					l.exec(fmt.Sprintf("INSERT INTO %s VALUES (%d, %s, 'v%d')", name, random.IntN(3), value, random.IntN(2)))
				}
				h.run()
				h.check(fmt.Sprintf("%s, step %d", name, step))
			}
			if h.resent == 0 {
				t.Errorf("%s: no row was sent twice, so that nothing was tried", name)
			}
			if again := h.run(); again.Changed {
				t.Errorf("%s: nothing happened, and the plan says %q", name, again.Position)
			}
		}
	})
}

// TestIncrementalPlans looks at the plan's words, warnings and estimates.
func TestIncrementalPlans(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE plain (id int primary key, c timestamp(3) null, w varchar(9), f float)", "INSERT INTO plain VALUES (1, '2024-06-30 12:00:00.5', 'a', 1), (2, NULL, 'b', 2)")
		h := l.incremental(table("plain"), map[string]cty.Value{"cursor": cty.StringVal("c")})
		first := h.run()
		said := first.Warnings.Error()
		for _, want := range []string{"CREATE INDEX `c` ON", "Rows without a cursor", "1 row of"} {
			if !strings.Contains(said, want) {
				t.Errorf("%q is not in %s", want, said)
			}
		}
		if first.Overlap != nil || !strings.Contains(first.Position, "up to c 2024-06-30 06:30:00.500Z") || !slices.Equal(first.Key, []string{"id"}) {
			t.Errorf("%+v", first)
		}
		l.exec("INSERT INTO plain VALUES (3, '2024-06-30 12:00:01', 'c', 3)")
		second := h.plan()
		if !second.Changed || second.Overlap == nil || second.Overlap.From != "2024-06-30T06:30:00.500000Z" || !strings.Contains(second.Position, "has rows after c 2024-06-30 06:30:00.500Z") {
			t.Errorf("%+v %+v", second, second.Overlap)
		}
		for _, c := range []struct{ cursor, lookback, want string }{
			{"cc", "", `Did you mean "c"?`}, {"f", "", "can't be a cursor"}, {"c", "5", "no length of time"}, {"id", "5m", "is none"}, {"w", "1", "Leave the lookback out"},
		} {
			h := l.incremental(table("plain"), map[string]cty.Value{"cursor": cty.StringVal(c.cursor), "lookback": cty.StringVal(c.lookback)})
			if _, diags := plan(h.cfg); !strings.Contains(diags.Error(), c.want) {
				t.Errorf("%q is not in %v", c.want, diags)
			}
		}
		l.exec("CREATE VIEW counted AS SELECT c, COUNT(*) AS n FROM plain GROUP BY c")
		query := map[string]cty.Value{"table": cty.NullVal(cty.String), "query": cty.StringVal("SELECT * FROM counted")}
		h = l.incremental(query, map[string]cty.Value{"cursor": cty.StringVal("c")})
		h.run()
		l.exec("INSERT INTO plain VALUES (4, '2024-06-30 12:00:02', 'c', 3)")
		h.run()
		h.check("query")
	})
}

// TestIncrementalDivided reads a large table for the first time on several connections.
func TestIncrementalDivided(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE large (id int primary key, c int, v int)")
		l.fill("large", grown, func(i int) string {
			if i%1000 == 7 {
				return fmt.Sprintf("%d, NULL, %d", i, i)
			}
			return fmt.Sprintf("%d, %d, %d", i, grown-i/2, i)
		})
		h := l.incremental(table("large"), map[string]cty.Value{"cursor": cty.StringVal("c")})
		response := h.plan()
		l.exec(fmt.Sprintf("INSERT INTO large VALUES (-1, %d, 0)", grown+1)) // after the plan: for the next read
		got, err := outputtest.Read(t, providers.BuiltIn()["mysql"], h.cfg, response, nil, true)
		if err != nil || len(got.Rows) != grown {
			t.Fatalf("%d rows, %v", len(got.Rows), err)
		}
		h.cursor = got.Cursor
		if next := h.plan(); !next.Changed || !strings.Contains(next.Position, fmt.Sprintf("after c %d", grown)) {
			t.Errorf("%+v", next)
		}
	})
}

// TestLookbackBelowAll takes a lookback that leads below the least value of the cursor's type.
func TestLookbackBelowAll(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE low (c bigint primary key, d decimal(3, 1))", "INSERT INTO low VALUES (-4, -4)")
		for cursor, least := range map[string]string{"c": "-9223372036854775808", "d": "-99.9"} {
			h := l.incremental(table("low"), map[string]cty.Value{"cursor": cty.StringVal(cursor), "lookback": cty.StringVal("9223372036854775807")})
			h.run()
			if plan := h.plan(); plan.Overlap == nil || plan.Overlap.From != least {
				t.Errorf("by %s the rows from %+v on come again", cursor, plan.Overlap)
			}
		}
	})
}

// TestLateRowsAreNoticed adds a row below the greatest cursor and nothing else: the plan sees it, as it is within the lookback.
func TestLateRowsAreNoticed(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE late (id int primary key, c date, key (c))", "INSERT INTO late VALUES (1, '2024-03-06')")
		h := l.incremental(table("late"), map[string]cty.Value{"cursor": cty.StringVal("c"), "lookback": cty.StringVal("2d")})
		h.run()
		l.exec("INSERT INTO late VALUES (2, '2024-03-05')")
		if response := h.run(); !response.Changed {
			t.Errorf("the plan says %q", response.Position)
		}
		h.check("the late row")
		l.exec("INSERT INTO late VALUES (3, '2024-03-01')") // older than the lookback
		if response := h.run(); response.Changed {
			t.Errorf("the plan says %q", response.Position)
		}
	})
}

// TestChangesThatKeepTheCountAreNoticed changes rows that a read would send again in ways that leave as many of them, of a
// table with values of all sorts of types.
func TestChangesThatKeepTheCountAreNoticed(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE same (id int primary key, c int, f float, g double, d decimal(20,5), dt datetime(6), ts timestamp(3) null, ti time(2), y year, "+
			"s text, u varchar(9) character set ucs2, la varchar(9) character set latin1, b blob, bi binary(4), e enum('a','b'), se set('x','y'), bt bit(9), "+
			"j json, p point, key (c))",
			"INSERT INTO same VALUES (1, 1, 1.5, 1e300, 1.5, '2024-03-31 02:30:00', '2024-06-30 12:00:00.5', '-10:00', 2024, '', 'é', 'é', x'00ff', 'a', 'a', "+
				"'x,y', b'101', '{\"a\": 1.0}', ST_GeomFromText('POINT(1 2)'))",
			"INSERT INTO same (id, c, f) VALUES (2, NULL, 1), (3, NULL, 1), (4, NULL, 2), (50, 100, 1), (60, 95, 1), (70, 50, 1)",
			"CREATE VIEW seen AS SELECT id, c, UUID() AS now FROM same")
		tables := l.incremental(table("same"), map[string]cty.Value{"cursor": cty.StringVal("c"), "lookback": cty.StringVal("10")})
		key := cty.ListVal([]cty.Value{cty.StringVal("id")})
		views := l.incremental(table("seen"), map[string]cty.Value{"cursor": cty.StringVal("c"), "key": key})
		keyless := l.incremental(table("seen"), map[string]cty.Value{"cursor": cty.StringVal("c")})
		all := []*held{tables, views, keyless}
		type step struct {
			sql     string
			changed []*held
		}
		steps := []step{
			{"ANALYZE TABLE same", nil},
			{"UPDATE same SET id = 9 WHERE id = 2", all[:2]},
			{"UPDATE same SET f = 3 - f WHERE id IN (3, 4)", all[:1]}, // each has what the other had
			{"UPDATE same SET id = 51 WHERE id = 50", all[:2]},
			{"UPDATE same SET f = 2 WHERE id = 60", all[:1]}, // within the lookback
			{"UPDATE same SET f = 2 WHERE id = 70", nil},     // older
		}
		for _, value := range []string{
			"f = 1.0000001", "f = 1.0000002", "g = 0.1e0 + 0.2e0", "g = 0.3e0", "d = 0.1", "d = 0.10001", "dt = '2024-03-31 02:30:00'", "dt = '2024-03-31 02:30:00.000001'",
			"ts = '2024-03-31 01:30:00'", "ts = '2024-03-31 01:30:00.001'", "ti = '-00:00:01'", "ti = '00:00:01'", "y = 2024", "s = ''", "s = 'é'", "s = 'É'",
			"u = ''", "u = 'é'", "u = 'É'", "la = ''", "la = 'é'", "la = 'É'", "b = ''", "b = x'00'", "b = x'ff'", "bi = x'ff'", "e = 'a'", "e = 'b'", "se = ''", "se = 'x,y'",
			"bt = 0", "bt = 256", "j = 'null'", "j = '{\"a\": 1}'", "j = '{\"a\": 2}'", "p = ST_GeomFromText('POINT(1 2)')", "p = ST_GeomFromText('POINT(1 3)')",
		} {
			steps = append(steps, step{"UPDATE same SET " + value + " WHERE id = 9", all[:1]})
		}
		for _, step := range steps {
			for _, h := range all {
				h.run()
			}
			l.exec(step.sql)
			for i, h := range all {
				if plan := h.plan(); plan.Changed != slices.Contains(step.changed, h) {
					t.Errorf("%s: source %d is changed: %t, %q", step.sql, i, plan.Changed, plan.Position)
				}
			}
		}
		tables.run()
		kept := len(tables.rows)
		tables.cursor = []byte(`{"version":1,"value":"100","ties":2,"nulls":3}`) // as it was written before there were sums
		if response := tables.run(); !response.Changed || len(tables.rows) != kept || tables.plan().Changed {
			t.Errorf("of a cursor without sums the plan says %q, and %d rows are kept, not %d", response.Position, len(tables.rows), kept)
		}
	})
}
