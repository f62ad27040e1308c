package compile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/config"
)

// template is a step that can stand wherever its columns exist.
type template struct {
	needs []string
	makes []string
	// only says that makes is all that is left.
	only bool
	step func(t failer) config.Step
}

func rowTemplates() []template {
	where := func(needs, text string) template {
		return template{needs: strings.Fields(needs), step: func(t failer) config.Step {
			return &config.Filter{Header: head("filter"), Where: node(t, text)}
		}}
	}
	derive := func(needs, makes, text string) template {
		return template{needs: strings.Fields(needs), makes: strings.Fields(makes), step: func(t failer) config.Step {
			return &config.Derive{Header: head("derive"), Columns: assign(t, text)}
		}}
	}
	join := func(how, columns string) template {
		made := []string{}
		if columns != "{}" {
			made = []string{"label"}
		}
		return template{needs: []string{"customer"}, makes: made, step: func(t failer) config.Step {
			return &config.Join{Header: head("join"), How: how, With: table("silver", "customers"), As: "c", On: node(t, "customer == c.id"), Columns: assign(t, columns)}
		}}
	}
	return []template{
		where("amount", "amount > 2"), where("customer", `customer != "b"`), where("qty", "qty % 2 == 0 || qty == null"), where("at", "hour(at) < 12"),
		derive("amount qty", "total", "{ total = coalesce(amount, 0) * coalesce(qty, 1) }"),
		derive("customer", "customer", "{ customer = upper(customer) }"), derive("at", "day", "{ day = date(at) }"),
		derive("qty", "qty", "{ qty = qty + 1 }"), derive("", "one", "{ one = 1 }"),
		join("left", "{ label = c.name }"), join("inner", "{ label = c.name }"), join("semi", "{}"), join("anti", "{}"),
		{needs: []string{"tags"}, makes: []string{"tag"}, step: func(failer) config.Step {
			return &config.Unnest{Header: head("unnest"), Column: config.ColumnRef{Name: "tags"}, As: "tag"}
		}},
		{needs: []string{"customer", "amount", "at"}, makes: []string{"customer", "amount", "at"}, only: true, step: func(failer) config.Step {
			return &config.Select{Header: head("select"), Columns: refs("at", "customer", "amount")}
		}},
		{needs: []string{"qty", "id"}, step: func(t failer) config.Step {
			return &config.SortBy{Header: head("sort"), Keys: []config.SortKey{desc(t, "qty"), asc(t, "id")}}
		}},
		{needs: []string{"customer", "id"}, makes: []string{"customer", "id"}, step: func(t failer) config.Step {
			return &config.Rename{Header: head("rename"), Columns: assign(t, "{ buyer = customer }")}
		}},
	}
}

func wideTemplates() []template {
	return []template{
		{needs: []string{"id", "customer", "amount", "qty", "at", "tags"}, step: func(failer) config.Step {
			return &config.Union{Header: head("union"), With: []addr.Address{table("silver", "more")}}
		}},
		{needs: []string{"id", "at"}, step: func(t failer) config.Step {
			return &config.Dedupe{Header: head("dedupe"), Key: nodes(t, "id"), Keep: []config.SortKey{desc(t, "at")}}
		}},
		{needs: []string{"customer", "at"}, step: func(t failer) config.Step {
			return &config.Dedupe{Header: head("dedupe"), Key: nodes(t, "customer", "at"), Keep: nil}
		}},
		{needs: []string{"customer", "amount", "at"}, makes: []string{"customer", "amount", "at"}, only: true, step: func(t failer) config.Step {
			return &config.Aggregate{Header: head("aggregate"), By: by(t, "customer"), Columns: assign(t, `{ amount = sum(amount), at = max(at), n = count(), mean = avg(amount), each = list_agg(amount) }`)}
		}},
		{needs: []string{"at", "customer"}, makes: []string{"day", "customer"}, only: true, step: func(t failer) config.Step {
			by := append(assign(t, `{ day = date(at) }`), by(t, "customer")...)
			return &config.Aggregate{Header: head("aggregate"), By: by, Columns: assign(t, `{ n = count() }`)}
		}},
		{needs: []string{"customer", "at", "amount"}, makes: []string{"seen"}, step: func(t failer) config.Step {
			return &config.Window{Header: head("window"), By: nodes(t, "customer"), Order: []config.SortKey{asc(t, "at")}, Columns: assign(t, "{ seen = row_number(), so_far = sum(amount), before = lag(amount) }")}
		}},
		{needs: []string{"at"}, makes: []string{"seen"}, step: func(t failer) config.Step {
			return &config.Window{Header: head("window"), Order: []config.SortKey{asc(t, "at")}, Columns: assign(t, "{ seen = rank() }")}
		}},
		{needs: []string{"customer", "at"}, makes: []string{"visit"}, step: func(t failer) config.Step {
			return &config.Session{Header: head("session"), By: nodes(t, "customer"), At: node(t, "at"), Gap: "2h", As: "visit"}
		}},
	}
}

// chain draws steps that fit each other.
func chain(t *rapid.T) []config.Step {
	have := map[string]bool{"id": true, "customer": true, "amount": true, "qty": true, "at": true, "tags": true}
	rows, wide := rowTemplates(), wideTemplates()
	var steps []config.Step
	for range rapid.IntRange(0, 5).Draw(t, "steps") {
		pool := rows
		if rapid.IntRange(0, 2).Draw(t, "wide") == 0 {
			pool = wide
		}
		c := pool[rapid.IntRange(0, len(pool)-1).Draw(t, "template")]
		if slices.ContainsFunc(c.needs, func(n string) bool { return !have[n] }) {
			continue
		}
		if c.only {
			have = map[string]bool{}
		}
		s := c.step(t)
		if s.Kind() == "rename" {
			delete(have, "customer")
			have["buyer"] = true
		}
		for _, m := range c.makes {
			have[m] = s.Kind() != "rename" || m != "customer"
		}
		steps = append(steps, s)
	}
	return steps
}

func randomRows(t *rapid.T, n int, seq *int) string {
	null := func(s string) string {
		if rapid.IntRange(0, 6).Draw(t, "null") == 0 {
			return "NULL"
		}
		return s
	}
	pick := func(of ...string) string { return rapid.SampledFrom(of).Draw(t, "value") }
	var rows []string
	for range n {
		*seq++
		rows = append(rows, fmt.Sprintf("(%s, %s, %s, %s, %s, %s, TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_seconds(%d))",
			null(pick("1", "2", "3", "4", "5", "6")), null(pick("'a'", "'A'", "'b'", "'c'")), null(pick("0.25", "1.50", "3.00", "99.75")),
			null(pick("1", "2", "3")), null("TIMESTAMP '2026-01-01 00:00:00' + to_hours("+pick("0", "1", "2", "11", "13", "30")+")"),
			null(pick("['x']", "['x','y']", "[]::VARCHAR[]")), *seq))
	}
	return strings.Join(rows, ", ")
}

const rowType = "(id BIGINT, customer VARCHAR, amount DECIMAL(12,2), qty INTEGER, \"at\" TIMESTAMP, tags VARCHAR[], _etl_loaded_at TIMESTAMPTZ)"

// TestIncrementalEqualsFull appends random rows to random chains of steps: what the incremental queries give must be
// what the whole query gives.
func TestIncrementalEqualsFull(t *testing.T) {
	l := newLake(t)
	orders := schema(t, "id", "long", "customer", "string", "amount", "decimal(12, 2)", "qty", "int", "at", "timestamp", "tags", "list(string)", "_etl_loaded_at", "timestamptz")
	customers := schema(t, "id", "string", "name", "string")
	inputs := compile.Inputs{
		table("silver", "orders"):    {Ident: ident("silver", "orders"), Columns: orders},
		table("silver", "more"):      {Ident: ident("silver", "more"), Columns: orders},
		table("silver", "customers"): {Ident: ident("silver", "customers"), Columns: customers},
	}
	l.create(t, ident("silver", "customers"), customers)
	l.exec(t, "INSERT INTO silver.customers VALUES ('a', 'Ada'), ('A', 'Ada'), ('c', 'Cy'), ('c', 'Cyd')")
	kinds := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		steps := chain(t)
		out := mustCompile(t, target(table("silver", "orders"), steps...), inputs)
		kinds[out.Incremental.Kind]++
		seq := 0
		for _, name := range []string{"orders", "more"} {
			for _, part := range []string{"old", "new"} {
				l.exec(t, fmt.Sprintf("CREATE OR REPLACE TABLE gold.%s_%s %s", name, part, rowType))
				if n := rapid.IntRange(0, 12).Draw(t, name+part); n > 0 {
					l.exec(t, fmt.Sprintf("INSERT INTO gold.%s_%s VALUES %s", name, part, randomRows(t, n, &seq)))
				}
			}
			l.exec(t, fmt.Sprintf("CREATE OR REPLACE VIEW etl_new.%s AS SELECT * FROM gold.%s_new", name, name))
		}
		l.bindAll(t, "old")
		checkTypes(t, l, out)
		l.compare(t, out)
	})
	t.Log("kinds", kinds)
	for _, kind := range []string{compile.AppendRows, compile.TouchedKeys, compile.Recompute} {
		if kinds[kind] == 0 && !testing.Short() { // which draws too few to be sure of each
			t.Errorf("no chain of the kind %s was drawn: %v", kind, kinds)
		}
	}
}

func (l *lake) bindAll(t failer, parts ...string) {
	t.Helper()
	for _, name := range []string{"orders", "more"} {
		var selects []string
		for _, part := range parts {
			selects = append(selects, fmt.Sprintf("SELECT * FROM gold.%s_%s", name, part))
		}
		l.exec(t, fmt.Sprintf("CREATE OR REPLACE VIEW silver.%s AS %s", name, strings.Join(selects, " UNION ALL ")))
	}
}

func (l *lake) compare(t failer, out *compile.Compiled) {
	t.Helper()
	l.bindAll(t, "old")
	l.exec(t, "CREATE OR REPLACE TABLE gold.before AS "+out.Query)
	before := l.rows(t, "SELECT * FROM gold.before")
	l.bindAll(t, "old", "new")
	full := sorted(l.rows(t, out.Query))
	var got []string
	switch out.Incremental.Kind {
	case compile.AppendRows:
		l.bindAll(t, "new")
		got = union(before, l.rows(t, out.Query))
	case compile.TouchedKeys:
		l.exec(t, "CREATE OR REPLACE TABLE etl_keys.keys AS "+out.Incremental.KeysQuery)
		match := make([]string, len(out.Incremental.OutputKeys))
		for i, k := range out.Incremental.OutputKeys {
			match[i] = fmt.Sprintf(`o."%s" IS NOT DISTINCT FROM k.k%d`, k, i)
		}
		kept := l.rows(t, "SELECT o.* FROM gold.before AS o ANTI JOIN etl_keys.keys AS k ON "+strings.Join(match, " AND "))
		got = union(kept, l.rows(t, out.Incremental.KeyedQuery))
	default:
		return
	}
	if !slices.Equal(got, full) {
		t.Fatalf("%s gives\n%s\nfull gives\n%s\n%s", out.Incremental.Kind, strings.Join(got, "\n"), strings.Join(full, "\n"), out.Query)
	}
}
