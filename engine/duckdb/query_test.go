package duckdb

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestTableNames(t *testing.T) {
	e := openEngine(t, Options{})
	cases := map[string]struct{ query, want string }{
		"one":               {"SELECT * FROM silver.orders", "silver.orders@14+13"},
		"joins":             {"FROM silver.a JOIN silver.b USING (id) LEFT JOIN gold.c ON true, x.d", "silver.a@5 silver.b@19 gold.c@49 x.d@65"},
		"quoted":            {`SELECT 1 FROM "Odd Layer" . "t""1"  o`, `Odd Layer.t"1@14+20`},
		"comment":           {"SELECT 1 /* FROM no.table */ FROM -- from no.where\n a.b", "a.b@52"},
		"after non-ASCII":   {"SELECT 'ü😀' FROM a.b", "a.b@21"},
		"cte":               {"WITH o AS (SELECT * FROM silver.o) SELECT * FROM o", "silver.o@25"},
		"cte like a table":  {"WITH orders AS (SELECT 1) SELECT * FROM orders, silver.orders", "silver.orders@48"},
		"cte uses earlier":  {"WITH a AS (FROM x.t), b AS (FROM a) FROM B", "x.t@16"},
		"recursive":         {"WITH RECURSIVE c AS (SELECT id FROM x.t UNION ALL SELECT c.id FROM c JOIN x.p ON p.id = c.id) FROM c", "x.t@36 x.p@74"},
		"using key":         {"WITH RECURSIVE c(id, n) USING KEY (id) AS (SELECT 1, 2 UNION SELECT c.id, r.n FROM c, recurring.c r) FROM c", ""},
		"nested scope":      {"SELECT * FROM (WITH a AS (SELECT 1) FROM a), x.a", "x.a@45"},
		"inner hides outer": {"WITH a AS (FROM x.a) SELECT * FROM (WITH a AS (FROM y.a) FROM a), a", "x.a@16 y.a@52"},
		"subqueries":        {"SELECT (SELECT max(i) FROM a.b), i IN (SELECT 1 FROM c.d) FROM e.f WHERE EXISTS (FROM g.h) ORDER BY (SELECT 1 FROM i.j)", "a.b@27 c.d@53 e.f@63 g.h@86 i.j@115"},
		"set operations":    {"(FROM a.b) UNION ALL FROM c.d EXCEPT FROM e.f INTERSECT FROM g.h", "a.b@6 c.d@26 e.f@42 g.h@61"},
		"lateral":           {"SELECT * FROM a.b, LATERAL (SELECT b.x FROM c.d) q, unnest(b.l), range(3)", "a.b@14 c.d@44"},
		"cte in set":        {"WITH q AS (FROM a.b) FROM q UNION FROM q", "a.b@16"},
		"twice":             {"FROM a.b x, a.b y", "a.b@5 a.b@12"},
		"window and filter": {"SELECT sum(x) FILTER (WHERE x > (SELECT 1 FROM a.b)) OVER (PARTITION BY (SELECT 2 FROM c.d)) FROM e.f", "a.b@47 c.d@87 e.f@98"},
		"pivot":             {"FROM (PIVOT a.b ON c IN ('x', 'y') USING sum(d))", "a.b@12"},
		"unpivot":           {"UNPIVOT a.b ON c, d INTO NAME n VALUE v", "a.b@8"},
		"values":            {"VALUES (1), (2)", ""},
		"no table":          {"SELECT 1;", ""},
		"table statement":   {"TABLE a.b", "a.b@6"},
		"positional join":   {"FROM a.b POSITIONAL JOIN c.d", "a.b@5 c.d@25"},
		"asof join":         {"FROM a.b ASOF JOIN c.d ON b.t >= d.t", "a.b@5 c.d@19"},
		"lambda":            {"SELECT list_transform(l, lambda x: x + (SELECT 1 FROM a.b)) FROM c.d", "a.b@54 c.d@65"},
		"qualify":           {"SELECT * FROM a.b QUALIFY row_number() OVER () = (SELECT 1 FROM c.d)", "a.b@14 c.d@64"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			tables, err := e.TableNames(context.Background(), c.query)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, table := range tables {
				text := fmt.Sprintf("%s@%d", table.Ident, table.Offset)
				if strings.Contains(c.want, "+") {
					text += fmt.Sprintf("+%d", table.Length)
				}
				got = append(got, text)
			}
			equal(t, c.query, strings.Join(got, " "), c.want)
		})
	}
}

func TestRefusedQueries(t *testing.T) {
	e := openEngine(t, Options{})
	cases := map[string]struct {
		query string
		want  []string // "offset: part of the detail"
	}{
		"no layer":             {"SELECT * FROM orders", []string{"14: silver.orders"}},
		"cte sees not itself":  {"WITH orders AS (SELECT * FROM orders) FROM orders", []string{"30: no layer"}},
		"cte out of scope":     {"SELECT * FROM (WITH a AS (SELECT 1) FROM a), a", []string{"45: no layer"}},
		"later cte":            {"WITH a AS (FROM b), b AS (SELECT 1) FROM a", []string{"16: no layer"}},
		"several at once":      {"SELECT * FROM a, b, read_csv('x')", []string{"14: \"a\"", "17: \"b\"", "20: read_csv"}},
		"file":                 {"FROM 'data/x.csv'", []string{"5: looks like a file"}},
		"three parts":          {"FROM db.silver.orders", []string{"5: three parts"}},
		"read_parquet":         {"SELECT 1 WHERE EXISTS (FROM read_parquet('x'))", []string{"28: read_parquet"}},
		"glob":                 {"FROM glob('/*')", []string{"5: glob"}},
		"sniff":                {"FROM sniff_csv('x')", []string{"5: sniff_csv"}},
		"read_text":            {"FROM READ_TEXT('/etc/passwd')", []string{"5: read_text"}},
		"query":                {"FROM query('DROP TABLE x')", []string{"5: query"}},
		"query_table":          {"FROM query_table('x')", []string{"5: query_table"}},
		"settings":             {"FROM duckdb_settings()", []string{"5: duckdb_settings"}},
		"setting":              {"SELECT current_setting('memory_limit')", []string{"7: current_setting"}},
		"delete":               {"  DELETE FROM silver.orders", []string{"2: single SELECT"}},
		"insert":               {"INSERT INTO a.b VALUES (1)", []string{"0: single SELECT"}},
		"copy":                 {"COPY a.b TO 'x.csv'", []string{"0: single SELECT"}},
		"attach":               {"-- hi\nATTACH 'x.db'", []string{"6: single SELECT"}},
		"create":               {"CREATE TABLE x AS SELECT 1", []string{"0: single SELECT"}},
		"pragma":               {"PRAGMA version", []string{"0: single SELECT"}},
		"set":                  {"SET memory_limit = '1TB'", []string{"0: single SELECT"}},
		"two":                  {"SELECT 1; \n DROP TABLE x", []string{"0: single SELECT"}},
		"two selects":          {"SELECT ';' /* ; */; \n SELECT 2;", []string{"22: more than one"}},
		"empty":                {"  -- nothing\n", []string{"-1: empty"}},
		"describe":             {"DESCRIBE SELECT 1", []string{"-1: Write a SELECT"}},
		"summarize":            {"SUMMARIZE a.b", []string{"-1: Write a SELECT"}},
		"show":                 {"SHOW TABLES", []string{"-1: Write a SELECT"}},
		"free pivot":           {"PIVOT a.b ON c USING sum(d)", []string{"0: spelled out"}},
		"parameter":            {"SELECT $1", []string{"-1: Parameters"}},
		"time travel":          {"FROM a.b AT (VERSION => 3)", []string{"5: AT (VERSION"}},
		"zero byte":            {"SELECT 1\x00; DROP TABLE x", []string{"8: zero byte"}},
		"not UTF-8":            {"SELECT '\ufffd', '\xff'", []string{"15: UTF-8"}},
		"syntax":               {"SELECT amount FRM silver.orders", []string{"18: syntax error"}},
		"unterminated":         {"SELECT 'abc", []string{"7: unterminated"}},
		"end of input":         {"SELECT (SELECT 1) FROM", []string{"22: end of input"}},
		"writes a log":         {"SELECT write_log('x')", []string{"7: write_log"}},
		"runs serialized SQL":  {"FROM json_execute_serialized_sql('{}')", []string{"5: json_execute"}},
		"hidden in a subquery": {"SELECT (SELECT sum(c) FROM (VALUES ((SELECT count(*) FROM read_blob('x')))) v(c))", []string{"58: read_blob"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := e.Parse(context.Background(), c.query)
			mistakes := Mistakes(err)
			if len(mistakes) != len(c.want) {
				t.Fatalf("%d mistakes, want %d: %v", len(mistakes), len(c.want), err)
			}
			for i, mistake := range mistakes {
				offset, part, _ := strings.Cut(c.want[i], ": ")
				if fmt.Sprint(mistake.Offset) != offset || !strings.Contains(mistake.Detail, part) {
					t.Errorf("at %d: %s; want %s", mistake.Offset, mistake.Detail, c.want[i])
				}
			}
		})
	}
}

// What DuckDB offers changes with its version: every new table function is refused, every new volatile one must be known.
func TestFunctionListsAreComplete(t *testing.T) {
	s := openSession(t)
	for _, name := range strings.Fields(texts(t, s, "SELECT string_agg(DISTINCT function_name, ' ') FROM duckdb_functions() WHERE function_type = 'scalar' AND stability <> 'CONSISTENT'")) {
		if name == "error" || strings.HasPrefix(name, "etl_") {
			continue
		}
		if !volatile(name) && !forbidden(name) && instant(name) == "" {
			t.Errorf("%s is volatile and unknown", name)
		}
	}
	known := texts(t, s, "SELECT ' ' || string_agg(DISTINCT function_name, ' ') || ' ' FROM duckdb_functions()")
	for _, name := range tableFunctions() {
		if !strings.Contains(known, " "+name+" ") {
			t.Errorf("%s doesn't exist", name)
		}
	}
}

func TestVolatileCalls(t *testing.T) {
	e := openEngine(t, Options{})
	q, err := e.Parse(context.Background(), `SELECT random(), uuid(), first(x), "current_user", current_user, age(x) FROM a.b TABLESAMPLE 10%`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, call := range q.Volatile {
		got = append(got, fmt.Sprintf("%s@%d", call.Name, call.Offset))
	}
	equal(t, "volatile", strings.Join(got, " "), "random@7 uuid@17 first@25 current_user@51 age@65 sample@77")
}

func TestInstantsAreTheRuns(t *testing.T) {
	e := openEngine(t, Options{})
	s := newSession(t, e)
	query := `SELECT now() AS a, NOW ( /* ) */ ) AS b, main.now() AS c, current_timestamp AS d, today() AS e, current_date AS f,
		localtimestamp AS g, localtime AS h, current_time AS i, "now" AS j, 'now()' AS k, get_current_timestamp() AS l
		FROM (SELECT 1 AS "now") q`
	q, err := e.Parse(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	if len(q.Instants) != 10 || len(q.Volatile) != 0 {
		t.Fatalf("%d instants, volatile %v", len(q.Instants), q.Volatile)
	}
	at := time.Date(2026, 11, 23, 1, 2, 3, 456789000, time.FixedZone("x", 3600))
	equal(t, "values", texts(t, s, "SELECT COLUMNS(*)::VARCHAR FROM ("+q.At(at)+")"), strings.Join([]string{
		"2026-11-23 00:02:03.456789+00", "2026-11-23 00:02:03.456789+00", "2026-11-23 00:02:03.456789+00", "2026-11-23 00:02:03.456789+00",
		"2026-11-23", "2026-11-23", "2026-11-23 00:02:03.456789", "00:02:03.456789", "00:02:03.456789+00", "1", "now()", "2026-11-23 00:02:03.456789+00",
	}, "|"))
	before := texts(t, s, "SELECT typeof(COLUMNS(*)) FROM ("+query+")")
	equal(t, "types", texts(t, s, "SELECT typeof(COLUMNS(*)) FROM ("+q.At(at)+")"), before)
}

func TestStatementEnds(t *testing.T) {
	cases := map[string]string{
		"SELECT 1":                    "SELECT 1",
		"SELECT 1;":                   "SELECT 1",
		"SELECT 1 ; -- ;\n ; ":        "SELECT 1 ",
		"SELECT ';' ":                 "SELECT ';' ",
		"SELECT ';';":                 "SELECT ';'",
		`SELECT ";";`:                 `SELECT ";"`,
		"SELECT $$;$$;":               "SELECT $$;$$",
		"SELECT $a$;$$;$a$;":          "SELECT $a$;$$;$a$",
		`SELECT E'\';';`:              `SELECT E'\';'`,
		"SELECT 'it''s;' -- ;":        "SELECT 'it''s;' -- ;",
		"SELECT /* ; /* ; */ ; */ 1;": "SELECT /* ; /* ; */ ; */ 1",
		"SELECT 1; SELECT 2":          "SELECT 1; SELECT 2",
		";":                           "",
		"":                            "",
		"-- only":                     "",
	}
	for query, want := range cases {
		equal(t, query, Statement(query), want)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"SELECT 1;", "WITH a AS (FROM b.c) FROM a", "SELECT $$x$$, 'a' FROM \"q\".r -- c", "FROM a.b AT (VERSION => 1)", "SELECT E'\\''", "/* /* */ */ SELECT now ( )"} {
		f.Add(seed)
	}
	e := openEngine(f, Options{})
	f.Fuzz(func(t *testing.T, query string) {
		q, err := e.Parse(context.Background(), query)
		if err != nil {
			if len(Mistakes(err)) == 0 {
				t.Fatalf("an error that is no mistake of the query: %v", err)
			}
			return
		}
		for _, table := range q.Tables {
			if table.Offset < 0 || table.Offset+table.Length > len(query) || table.Length == 0 {
				t.Fatalf("%v lies outside of the query", table)
			}
		}
		again, err := e.Parse(context.Background(), Statement(q.At(time.Unix(0, 0))))
		if err != nil {
			t.Fatalf("with the instants replaced: %v", err)
		}
		if len(again.Instants) != 0 || len(again.Tables) != len(q.Tables) {
			t.Fatalf("%d instants are left, %d tables became %d", len(again.Instants), len(q.Tables), len(again.Tables))
		}
	})
}
