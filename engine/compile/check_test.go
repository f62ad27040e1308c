package compile_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/lang/config"
)

func checkFixture(t *testing.T) (*lake, *config.Table, compile.Inputs) {
	l := newLake(t)
	columns := schema(t, "id", "long", "email", "string", "amount", "decimal(12, 2)", "customer", "int", "parent", "long", "day", "date")
	l.create(t, ident("gold", "out"), columns)
	l.create(t, ident(compile.ReferencedSchema("silver"), "customers"), schema(t, "id", "long"))
	l.exec(t, "INSERT INTO etl_referenced_silver.customers VALUES (1), (2), (NULL)")
	l.exec(t, `INSERT INTO gold.out VALUES (1, 'a@b', 5, 1, NULL, '2026-11-22'), (2, NULL, 6, 2, 1, '2026-11-20'), (2, 'x', -1, 9, 7, NULL), (NULL, 'c@d', NULL, CAST(NULL AS INTEGER), 2, NULL), (NULL, 'e@f', 3, 1, 2, NULL)`)
	tab := target(table("silver", "orders"))
	tab.Expects = []config.Expect{
		{Action: "quarantine", Name: "valid email", That: node(t, `like(email, "%@%")`)},
		{Action: "drop", Name: "positive", That: node(t, `amount > 0`)},
		{Action: "fail", Name: "one row an id", Unique: []string{"id"}},
		{Action: "warn", Name: "known", NotNull: []string{"id", "amount"}},
		{Action: "fail", Name: "customer", References: []config.Reference{{Column: "customer", Table: table("silver", "customers"), To: "id"}}},
		{Action: "fail", Name: "parent", References: []config.Reference{{Column: "parent", Table: tab.Addr, To: "id"}}},
		{Action: "warn", Name: "fresh", Table: node(t, `max(day) >= today() - days(2)`)},
		{Action: "fail", Name: "many", Table: node(t, `count() > 100`)},
	}
	return l, tab, compile.Inputs{table("silver", "customers"): {Ident: ident("silver", "customers"), Columns: schema(t, "id", "long")}}
}

func TestChecks(t *testing.T) {
	l, tab, inputs := checkFixture(t)
	checks, diags := compile.Checks(tab, schema(t, "id", "long", "email", "string", "amount", "decimal(12, 2)", "customer", "int", "parent", "long", "day", "date"), inputs)
	if diags.HasErrors() {
		t.Fatal(describe(diags))
	}
	rows := compile.Rows{Tested: `"gold"."out"`, Whole: `"gold"."out"`}
	emails := func(query string) string {
		return strings.Join(sorted(l.rows(t, "SELECT id, email FROM ("+query+")")), " ")
	}
	want := []string{
		`{"id":2,"email":"x"} {"id":2,"email":null}`,
		`{"id":2,"email":"x"} {"id":null,"email":"c@d"}`,
		`{"id":2,"email":"x"} {"id":2,"email":null}`,
		`{"id":null,"email":"c@d"} {"id":null,"email":"e@f"}`,
		`{"id":2,"email":"x"}`,
		`{"id":2,"email":"x"}`,
	}
	for i, w := range want {
		if got := emails(compile.FailingRows(checks[i], rows)); got != w {
			t.Errorf("%s: failing rows %s, want %s", checks[i].Name, got, w)
		}
	}
	counts := l.rows(t, compile.FailureCounts(checks[:6], rows))
	if !slices.Equal(counts, []string{`{"c0":2,"c1":2,"c2":2,"c3":2,"c4":1,"c5":1}`}) {
		t.Errorf("counts %v", counts)
	}
	if got := emails(compile.GoodRows(checks[:2], rows)); got != `{"id":1,"email":"a@b"} {"id":null,"email":"e@f"}` {
		t.Errorf("good rows %s", got)
	}
	bad := sorted(l.rows(t, `SELECT "etl$row".email, "_etl_reason" AS reason FROM (`+compile.BadRows(checks[:2], rows)+")"))
	wantBad := []string{
		`{"email":"c@d","reason":"failed the check \"positive\""}`,
		`{"email":"x","reason":"failed the check \"valid email\"; failed the check \"positive\""}`,
		`{"email":null,"reason":"failed the check \"valid email\""}`,
	}
	if !slices.Equal(bad, wantBad) {
		t.Errorf("bad rows %v", bad)
	}
	if got := l.rows(t, compile.Holds(checks[6], rows)); got[0] != `{"holds":true}` || !checks[6].Now {
		t.Errorf("fresh: %v, depends on now: %v", got, checks[6].Now)
	}
	if got := l.rows(t, compile.Holds(checks[7], rows)); got[0] != `{"holds":false}` || checks[7].Now {
		t.Errorf("many: %v", got)
	}
	if len(checks[4].References) != 1 || len(checks[5].References) != 0 {
		t.Errorf("references %v, %v", checks[4].References, checks[5].References)
	}
}

// TestGoodAndBadRowsAreAll: a row is good or bad, never both and never neither.
func TestGoodAndBadRowsAreAll(t *testing.T) {
	l, tab, inputs := checkFixture(t)
	checks, _ := compile.Checks(tab, schema(t, "id", "long", "email", "string", "amount", "decimal(12, 2)", "customer", "int", "parent", "long", "day", "date"), inputs)
	rows := compile.Rows{Tested: `(SELECT * FROM "gold"."out")`, Whole: `"gold"."out"`}
	for n := range 7 {
		good := l.rows(t, compile.GoodRows(checks[:n], rows))
		if n == 0 {
			if len(good) != 5 {
				t.Errorf("without checks %d rows are good", len(good))
			}
			continue
		}
		if bad := l.rows(t, compile.BadRows(checks[:n], rows)); len(good)+len(bad) != 5 {
			t.Errorf("%d checks: %d good and %d bad of 5 rows", n, len(good), len(bad))
		}
	}
}

// TestUniqueOverTheWholeTable: a new row that repeats an old one fails, the old one is not looked at.
func TestUniqueOverTheWholeTable(t *testing.T) {
	l, _, _ := checkFixture(t)
	c := compile.Check{Kind: compile.UniqueCheck, Unique: []string{"id"}}
	got := l.rows(t, compile.FailingRows(c, compile.Rows{Tested: "(SELECT 1::BIGINT AS id UNION ALL SELECT 77)", Whole: `(SELECT id FROM "gold"."out" UNION ALL SELECT 1 UNION ALL SELECT 77)`}))
	if !slices.Equal(got, []string{`{"id":1}`}) {
		t.Errorf("got %v", got)
	}
}

func TestCheckMistakes(t *testing.T) {
	_, _, inputs := checkFixture(t)
	columns := schema(t, "id", "long", "email", "string", "labels", "map(string, string)")
	cases := []struct {
		expect config.Expect
		want   string
	}{
		{config.Expect{Name: "x", That: node(t, "emial != null")}, `has no column "emial". Did you mean "email"?`},
		{config.Expect{Name: "x", That: node(t, "id")}, `Condition expected: the check "x" needs a condition`},
		{config.Expect{Name: "x", That: node(t, "count() > 1")}, `count computes over many rows, and the check "x" sees one row at a time.`},
		{config.Expect{Name: "x", Table: node(t, "id > 1")}, `Column is not aggregated`},
		{config.Expect{Name: "x", Table: node(t, "1 > 2")}, `Aggregate expected`},
		{config.Expect{Name: "x", Action: "drop", Table: node(t, "count() > 2")}, `no row of it is the bad one`},
		{config.Expect{Name: "x", Unique: []string{"ID"}}, `This table has no column "ID". Did you mean "id"?`},
		{config.Expect{Name: "x", Unique: []string{"labels"}}, `which can't be compared`},
		{config.Expect{Name: "x", NotNull: []string{"nothing"}}, `This table has no column "nothing".`},
		{config.Expect{Name: "x", References: []config.Reference{{Column: "email", Table: table("silver", "customers"), To: "id"}}}, `"email" is string and id of table.silver.customers is long`},
		{config.Expect{Name: "x", References: []config.Reference{{Column: "id", Table: table("silver", "customers"), To: "key"}}}, `The table table.silver.customers has no column "key".`},
		{config.Expect{Name: "x"}, `Check without a condition`},
	}
	for _, c := range cases {
		tab := target(table("silver", "orders"))
		tab.Expects = []config.Expect{c.expect}
		_, diags := compile.Checks(tab, columns, inputs)
		if got := describe(diags); !strings.Contains(got, c.want) || !diags.HasErrors() {
			t.Errorf("%s\nwant %s", got, c.want)
		}
	}
}
