package ducksql_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"pgregory.net/rapid"

	"github.com/automic-etl/etl/engine/compile/ducksql"
	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// forms are ways to write an expression of a sort; <x> is drawn again.
func forms() map[string][]string {
	return map[string][]string{
		"num": {
			"balance", "stars", "amount", "distance", "small", "7", "-3", "0.25", "12.5", "5000000000", "1e200", "99999999999999999999",
			"(<num> + <num>)", "(<num> - <num>)", "(<num> * <num>)", "(<num> / <num>)", "(<num> % <num>)", "-(<num>)", "abs(<num>)", "round(<num>)", "floor(<num>)", "ceil(<num>)",
			"truncate(<num>)", "sign(<num>)", "power(<num>, 2)", "sqrt(<num>)", "ln(<num>)", "greatest(<num>, <num>)", "least(<num>, 3)", "coalesce(<num>, <num>)", "nullif(<num>, <num>)",
			"(<bool> ? <num> : <num>)", "(<bool> ? <num> : null)", "length(<text>)", "position(<text>, <text>)", "year(<time>)", "date_diff(\"hour\", <local>, <day>)", "epoch(<time>)",
			"list_sum([<num>, <num>])", "[<num>, <num>][0]", "prices[1]", "lines[0].price", "place.zip", "{ a = <num> }.a", "cast(<num>, decimal(20, 4))", "cast(<text>, double)", "try_cast(<text>, int)",
			"list_sum([for x in prices : x * <num>])", "length(<list>)", "list_max([<num>, <num>])", "mod(<num>, <num>)", "div(stars, balance)", "date_part(\"week\", <time>)",
		},
		"text": {
			"name", "\"a'b\"", "\"\"", "upper(<text>)", "concat(<text>, <num>)", "\"${<text>}-${<num>}-${<time>}-${<bool>}\"", "substr(<text>, 2)", "coalesce(<text>, <text>)", "cast(<num>, string)",
			"cast(<time>, string)", "cast(key, string)", "replace(<text>, \"a\", <text>)", "split(<text>, \",\")[0]", "labels[<text>]", "labels.colour", "strftime(<time>, \"%Y\")", "hash(<num>, <time>, <text>)",
			"to_json(<list>)", "to_json(place)", "(<bool> ? <text> : <text>)", "join(<list>, \"-\")", "regexp_replace(<text>, \"a+\", \"b\")", "regexp_extract(<text>, \"(a)\", 1)", "monthname(<time>)", "md5(<text>)", "cast(raw, string)", "json_extract(payload, \"$.a\")",
		},
		"bool": {
			"paid", "true", "(<num> > <num>)", "(<num> == <num>)", "(<text> != <text>)", "(<text> == null)", "(<bool> && <bool>)", "(<bool> || !<bool>)", "in(<num>, [<num>, 5])", "in(<text>, <list>)", "between(<num>, 1, <num>)",
			"like(<text>, \"%a\")", "is_nan(<num>)", "(<list> == <list>)", "list_contains(<list>, <text>)", "starts_with(<text>, \"a\")", "(<day> <= <local>)", "(seen_at > now())", "(at_time < time(\"10:00:00\"))", "(key != null)",
		},
		"list": {"tags_list", "[<text>, <text>]", "split(<text>, \" \")", "list_distinct(<list>)", "list_sort(<list>)", "list_concat(<list>, <list>)", "[for x in <list> : \"${x}!\" if x != \"b\"]", "keys(labels)", "[for l in lines : l.item]", "cast([], list(string))"},
		"day":  {"order_date", "date(<time>)", "(<day> + days(3))", "(<day> - months(balance))", "date_trunc(\"week\", <day>)", "today()", "make_date(2026, 1, 2)", "last_day(<time>)", "coalesce(<day>, order_date)", "date(\"2026-05-06\")"},
		"local": {
			"updated_at", "timestamp(<day>)", "(<local> + hours(2))", "(<day> + minutes(stars))", "(<local> - days(1))", "date_trunc(\"hour\", <local>)", "to_timezone(seen_at, \"Asia/Tokyo\")", "cast(seen_at, timestamp)",
			"(<bool> ? <local> : <day>)", "make_timestamp(2026, 1, 2, 3, 4, 5.5)", "try_strptime(<text>, \"%Y-%m-%d\")",
		},
		"time": {"<day>", "<local>", "seen_at", "now()", "(seen_at + days(1))", "date_trunc(\"day\", seen_at)", "timestamptz(<local>, \"America/New_York\")", "timestamptz(\"2026-01-01T10:00:00Z\")", "from_epoch(<num>)", "from_epoch_ms(millis)"},
	}
}

func write(t *rapid.T, sort string, depth int, all map[string][]string) string {
	choices := all[sort]
	text := choices[0]
	if depth > 0 {
		// Small numbers are drawn more often than large ones; the factor spreads them over all choices.
		text = choices[rapid.IntRange(0, 1<<16).Draw(t, sort)*40503%len(choices)]
	}
	return rest(t, text, depth, all)
}

func known(all map[string][]string, name string) bool { _, ok := all[name]; return ok }

// rest fills the holes of what follows one.
func rest(t *rapid.T, text string, depth int, all map[string][]string) string {
	for at := 0; at < len(text); at++ {
		if text[at] != '<' {
			continue
		}
		end := strings.IndexByte(text[at:], '>')
		if end > 0 && known(all, text[at+1:at+end]) {
			return text[:at] + write(t, text[at+1:at+end], max(0, depth-1), all) + rest(t, text[at+end+1:], depth, all)
		}
	}
	return text
}

// TestRandomExpressionsHaveTheirTypes: what Bind says of any expression is what DuckDB says of its SQL.
func TestRandomExpressionsHaveTheirTypes(t *testing.T) {
	db := open(t)
	if _, err := db.Exec("CREATE TABLE t AS SELECT " + nulls(columns(t))); err != nil {
		t.Fatal(err)
	}
	scope := &expr.Scope{Relations: []expr.Relation{{Columns: columns(t)}}}
	all := forms()
	bound := 0
	rapid.Check(t, func(t *rapid.T) {
		sort := rapid.SampledFrom([]string{"num", "text", "bool", "list", "time"}).Draw(t, "sort")
		text := rest(t, "<"+sort+">", rapid.IntRange(2, 6).Draw(t, "depth"), all)
		e, diags := hclsyntax.ParseExpression([]byte(text), "x", hcl.InitialPos)
		if diags.HasErrors() {
			t.Fatalf("%s: %s", text, diags)
		}
		n, diags := expr.Parse(e, expr.Env{})
		if diags.HasErrors() {
			t.Fatalf("%s: %s", text, diags)
		}
		typed, diags := expr.Bind(n, scope)
		if diags.HasErrors() {
			if s := diags[0].Summary; s != "Number with too many digits" && s != "Null without a type" {
				t.Fatalf("%s: %s", text, diags)
			}
			return
		}
		bound++
		sql := ducksql.At(ducksql.Renderer{Names: ducksql.Names{"": "t"}}.Expr(typed), time.Unix(1e9, 0))
		var got, want string
		err := db.QueryRow("SELECT (SELECT column_type FROM (DESCRIBE SELECT "+sql+" AS v FROM t)), (SELECT column_type FROM (DESCRIBE SELECT "+dialect.Cast("NULL", typed.Type)+" AS v))").Scan(&got, &want)
		if err != nil {
			t.Fatalf("%s\n%s\n%v", text, sql, err)
		}
		if got != want && typed.Type.Kind != coltype.Unknown {
			t.Fatalf("%s is %s in DuckDB, Bind says %s\n%s", text, got, want, sql)
		}
	})
	if bound == 0 {
		t.Error("no expression was bound")
	}
}
