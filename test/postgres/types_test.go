package postgres

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/providers/outputtest"
)

// typed is a column of a type, how it is read, and how a value of it arrives, in Arrow's text form.
type typed struct {
	declared, value string // as SQL
	kind, arrives   string
}

// everyType has each type that PostgreSQL comes with, apart from variants of the same.
func everyType() []typed {
	return []typed{
		{"boolean", "true", "boolean", "true"},
		{"smallint", "-32768", "int", "-32768"},
		{"integer", "2147483647", "int", "2147483647"},
		{"bigint", "-9223372036854775808", "long", "-9223372036854775808"},
		{"oid", "4294967295", "long", "4294967295"},
		{"real", "'1.1754944e-38'", "float", "1.1754944e-38"},
		{"double precision", "'-Infinity'", "double", "-Inf"},
		{"double precision", "0.1", "double", "0.1"},
		{"numeric(12, 2)", "-1234567890.12", "decimal(12, 2)", "-1234567890.12"},
		{"numeric(38, 10)", "1234567890123456789012345678.0123456789", "decimal(38, 10)", "1234567890123456789012345678.0123456789"},
		{"numeric(38)", "99999999999999999999999999999999999999", "decimal(38, 0)", "99999999999999999999999999999999999999"},
		{"numeric(3, -2)", "12345", "decimal(5, 0)", "12300"},
		{"numeric(2, 5)", "0.00012", "decimal(5, 5)", "0.00012"},
		{"numeric(39, 1)", "12345678901234567890123456789012345678.9", "string", "12345678901234567890123456789012345678.9"},
		{"numeric", "1e40", "string", "10000000000000000000000000000000000000000"},
		{"numeric", "'NaN'", "string", "NaN"},
		{"date", "'0001-01-01'", "date", "0001-01-01"},
		{"time", "'23:59:59.999999'", "time", "23:59:59.999999"},
		{"timetz", "'23:59:59.999999+05:30'", "string", "23:59:59.999999+05:30"},
		{"timestamp", "'1969-12-31 23:59:59.999999'", "timestamp", "1969-12-31T23:59:59.999999"},
		{"timestamptz", "'2013-01-01 05:00:00-05'", "timestamptz", "2013-01-01T10:00:00Z"},
		{"interval", "'1 year 2 months -3 days 04:05:06.789'", "string", "P1Y2M-3DT4H5M6.789S"},
		{"uuid", "'12345678-1234-1234-1234-123456789abc'", "uuid", "12345678-1234-1234-1234-123456789abc"},
		{"text", "'😀 \"q\"'", "string", "😀 \"q\""},
		{"varchar(5)", "''", "string", ""},
		{"char(5)", "'ab'", "string", "ab   "},
		{"name", "'n'", "string", "n"},
		{"\"char\"", "'x'", "string", "x"},
		{"bytea", `'\x00ff'`, "binary", "AP8="},
		{"json", `'{"a": 1}'`, "string", `{"a": 1}`},
		{"jsonb", `'{"a":1}'`, "string", `{"a": 1}`},
		{"xml", "'<a/>'", "string", "<a/>"},
		{"money", "'$1,234.56'", "string", "$1,234.56"},
		{"bit(3)", "B'101'", "string", "101"},
		{"varbit", "B'1'", "string", "1"},
		{"inet", "'10.0.0.1'", "string", "10.0.0.1"},
		{"cidr", "'10.0.0.0/8'", "string", "10.0.0.0/8"},
		{"macaddr", "'08:00:2b:01:02:03'", "string", "08:00:2b:01:02:03"},
		{"point", "'(1,2)'", "string", "(1,2)"},
		{"box", "'(1,2),(0,0)'", "string", "(1,2),(0,0)"},
		{"tsvector", "'a b'::tsvector", "string", "'a' 'b'"},
		{"tsquery", "'a & b'", "string", "'a' & 'b'"},
		{"int4range", "'[1,5)'", "string", "[1,5)"},
		{"nummultirange", "'{[1,2),[3,4)}'", "string", "{[1,2),[3,4)}"},
		{"pg_lsn", "'16/B374D848'", "string", "16/B374D848"},
		{"regclass", "'pg_class'", "string", "pg_class"},
		{"mood", "'so so'", "string", "so so"},
		{"cents", "12.34", "decimal(10, 2)", "12.34"},
		{"pair", `'(1,"a ""b""")'`, "object({ a = int, b = string })", `{"a":1,"b":"a \"b\""}`},
		{"pair", `'(,)'`, "object({ a = int, b = string })", `{"a":null,"b":null}`},
		{"netpair", `'(10.0.0.1,"{1,2}")'`, "object({ a = string, b = list(int) })", `{"a":"10.0.0.1","b":[1,2]}`},
		{"integer[]", "'{1,NULL,3}'", "list(int)", "[1,null,3]"},
		{"integer[]", "'{}'", "list(int)", "[]"},
		{"integer[]", "'[5:6]={1,2}'", "list(int)", "[1,2]"},
		{"text[]", `'{a,"b,c",NULL,"NULL","\"q\"",""}'`, "list(string)", `["a","b,c",null,"NULL","\"q\"",""]`},
		{"integer[][]", "'{{1,2},{NULL,4}}'", "string", "[[1,2],[null,4]]"},
		{"text[][]", `'{{"a \"b\"",NULL}}'`, "string", `[["a \"b\"",null]]`},
		{"inet[]", "'{10.0.0.1,::1}'", "list(string)", `["10.0.0.1","::1"]`},
		{"box[]", "'{(1,2),(0,0);(3,3),(2,2)}'", "list(string)", `["(1,2),(0,0)","(3,3),(2,2)"]`},
		{"mood[]", "'{so so,NULL}'", "list(string)", `["so so",null]`},
		{"pair[]", `ARRAY['(1,x)'::pair, NULL]`, "list(object({ a = int, b = string }))", `[{"a":1,"b":"x"},null]`},
		{"int2vector", "'1 2'", "string", "1 2"},
		{"hstore", `'a=>1, b=>NULL'`, "string", `"a"=>"1", "b"=>NULL`},
		{"citext", "'MiXed'", "string", "MiXed"},
		{"tree", "'a.b.c'", "string", "a.b.c"},
	}
}

func prepareTypes(t *testing.T, d *database) {
	d.asAdmin(t, d.name, "CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE EXTENSION ltree")
	d.exec(t, `CREATE TYPE mood AS ENUM ('good', 'so so');
		CREATE DOMAIN cents AS numeric(10, 2) CHECK (VALUE >= 0);
		CREATE DOMAIN tree AS ltree;
		CREATE TYPE pair AS (a integer, b text);
		CREATE TYPE netpair AS (a inet, b integer[])`)
}

// TestTypes reads a value and a null of each type, as batches and as files.
func TestTypes(t *testing.T) {
	d := newDatabase(t)
	prepareTypes(t, d)
	columns, values := []string{"id bigint PRIMARY KEY"}, []string{"1"}
	for i, c := range everyType() {
		columns = append(columns, fmt.Sprintf("c%d %s", i, c.declared))
		values = append(values, c.value)
	}
	d.exec(t, "CREATE TABLE every (%s)", strings.Join(columns, ", "))
	d.exec(t, "INSERT INTO every VALUES (%s); INSERT INTO every (id) VALUES (2)", strings.Join(values, ", "))
	for _, staged := range []bool{false, true} {
		got := load(t, d.table("every"), staged)
		if len(got.Rows) != 2 || len(got.BadRows) > 0 {
			t.Fatalf("%d rows, bad ones %+v", len(got.Rows), got.BadRows)
		}
		for i, c := range everyType() {
			field := got.Columns[i+1]
			if text := field.Type.String(); text != c.kind {
				t.Errorf("%s is read as %s instead of %s", c.declared, text, c.kind)
			}
			if text := fmt.Sprint(got.Rows[0].Values[i+1]); text != c.arrives && !sameFloat(text, c.arrives) {
				t.Errorf("%s %s arrives as %s instead of %s", c.declared, c.value, text, c.arrives)
			}
			if null := got.Rows[1].Values[i+1]; null != nil {
				t.Errorf("a null of %s arrives as %v", c.declared, null)
			}
		}
	}
}

func sameFloat(a, b string) bool { return strings.TrimPrefix(a, "+") == b }

// TestDeclaredTypes reads columns as what the block says.
func TestDeclaredTypes(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, `CREATE TABLE declared (id int PRIMARY KEY, price numeric, code int, doc jsonb, day text, grid int[], at timestamp, several timestamp[]);
		INSERT INTO declared VALUES (1, 12.50, 7, '{"a":[1,2],"b":"x"}', '2026-01-02', '{{1,2},{3,4}}', '2026-03-29 02:30', '{2026-03-29 02:30:00.5}');
		INSERT INTO declared VALUES (2, 12.505, 8, '{"a":"no"}', 'tomorrow', NULL), (3, NULL, NULL, NULL, NULL, NULL), (4, 1e30, 9, '{}', NULL, NULL)`)
	types := cty.MapVal(map[string]cty.Value{
		"price": cty.StringVal("decimal(10, 2)"), "code": cty.StringVal("string"), "doc": cty.StringVal("object({a = list(int), b = string})"),
		"day": cty.StringVal("date"), "grid": cty.StringVal("string"), "at": cty.StringVal("timestamptz"), "several": cty.StringVal("list(timestamptz)"),
	})
	got := load(t, with(d.table("declared"), "types", types), false)
	want := []string{`[1 12.5 7 {"a":[1,2],"b":"x"} 2026-01-02 [[1,2],[3,4]] 2026-03-29T02:30:00Z ["2026-03-29T02:30:00.5Z"]]`, `[3 <nil> <nil> <nil> <nil> <nil> <nil> <nil>]`}
	if text := rowTexts(got); !slices.Equal(text, want) {
		t.Errorf("got %q", text)
	}
	var reasons []string
	for _, bad := range got.BadRows {
		reasons = append(reasons, bad.Position+": "+bad.Reason)
	}
	wantReasons := []string{
		`key id=2: column "price": 12.505: it has more digits than the column's type`,
		`key id=4: column "price": 1000000000000000000000000000000: it has more digits than the column's type`,
	}
	if !slices.Equal(reasons, wantReasons) {
		t.Errorf("got %q", reasons)
	}
}

func rowTexts(got *outputtest.Recorder) []string {
	var out []string
	for _, row := range got.Rows {
		out = append(out, fmt.Sprint(row.Values))
	}
	return out
}

// TestBadRows quarantines what no column can hold, with the row's key and all of its values.
func TestBadRows(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, `CREATE TABLE odd (a int, b text, day date, at timestamp, seen timestamptz, clock time, n numeric(5, 2), grid int[], PRIMARY KEY (b, a));
		INSERT INTO odd VALUES (1, 'fine', '2026-01-01', '2026-01-01', '2026-01-01', '12:00', 1, '{1}');
		INSERT INTO odd (a, b, day) VALUES (2, 'x', 'infinity');
		INSERT INTO odd (a, b, at) VALUES (3, 'y', '-infinity');
		INSERT INTO odd (a, b, seen) VALUES (4, 'z', 'infinity');
		INSERT INTO odd (a, b, clock) VALUES (5, 'v', '24:00');
		INSERT INTO odd (a, b, n) VALUES (6, 'w', 'NaN');
		INSERT INTO odd (a, b, grid) VALUES (7, 'u', '{{1},{2}}');
		INSERT INTO odd (a, b, at) VALUES (8, 'late', '294276-12-31')`)
	for _, staged := range []bool{false, true} {
		got := load(t, d.table("odd"), staged)
		if len(got.Rows) != 1 || got.Rows[0].Values[1] != "fine" {
			t.Errorf("rows %v", rowTexts(got))
		}
		var texts []string
		for _, bad := range got.BadRows {
			reason, _, _ := strings.Cut(bad.Reason, ",")
			texts = append(texts, bad.Source+" "+bad.Position+": "+reason)
		}
		want := []string{
			`public.odd key b=x, a=2: column "day": infinity: it is infinite`,
			`public.odd key b=y, a=3: column "at": -infinity: it is infinite`,
			`public.odd key b=z, a=4: column "seen": infinity: it is infinite`,
			`public.odd key b=v, a=5: column "clock": 24:00:00: it is 24:00:00`,
			`public.odd key b=w, a=6: column "n": NaN: it is NaN (not a number)`,
			`public.odd key b=u, a=7: column "grid": {…}: it is an array of several dimensions`,
			`public.odd key b=late, a=8: column "at": 294276-12-31 00:00:00: it is outside of what the column's type can hold`,
		}
		if !slices.Equal(texts, want) {
			t.Errorf("got %q", texts)
		}
		raw := `{"a": "2", "b": "x", "day": "infinity", "at": null, "seen": null, "clock": null, "n": null, "grid": null}`
		if len(got.BadRows) == 0 || got.BadRows[0].Raw != raw {
			t.Errorf("the first bad row is kept as %+v", got.BadRows)
		}
	}
}
