package ducksql_test

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/automic-etl/etl/engine/compile/ducksql"
	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/lang/expr"
)

// valueCases are expressions over the row that TestValues makes, with their results as text. The session's zone is New
// York, which must show nowhere.
func valueCases() [][2]string {
	return [][2]string{
		// numbers
		{`1 / 0`, `NULL`}, {`7 / 2`, `3.5`}, {`div(7, 2)`, `3`}, {`div(-7, 2)`, `-3`}, {`div(7, 0)`, `NULL`}, {`7 % 3`, `1`}, {`-7 % 3`, `-1`}, {`7 % 0`, `NULL`}, {`mod(7.5, 2)`, `1.5`},
		{`balance + 2147483647`, `2147483642`}, {`2147483647 + 1`, `2147483648`}, {`-2147483647 - 2`, `-2147483649`}, {`-(-5)`, `5`}, {`-balance`, `5`},
		{`amount * amount`, `110.2500`}, {`amount + 0.005`, `10.505`}, {`99999999999999999999 + 1`, `100000000000000000000`}, {`0.1 + 0.2 == 0.3`, `true`},
		{`round(2.5)`, `3`}, {`round(-2.5)`, `-3`}, {`round(amount, 1)`, `10.5`}, {`round(10.25, 1)`, `10.3`}, {`round(distance, 1)`, `1234.6`}, {`round(1250, -2)`, `1300`},
		{`floor(-1.5)`, `-2`}, {`ceil(-1.5)`, `-1`}, {`truncate(-1.5)`, `-1`}, {`floor(distance)`, `1234.0`}, {`sqrt(-1)`, `NULL`}, {`ln(0)`, `NULL`}, {`log10(1000)`, `3.0`},
		{`greatest(1, null, 3)`, `3`}, {`sign(-2.5)`, `-1`}, {`abs(balance)`, `5`}, {`asin(2)`, `NULL`}, {`sin(1 / 0)`, `NULL`}, {`power(2, 10)`, `1024.0`}, {`9223372036854775807`, `9223372036854775807`},
		{`123456789012345678901234567890.12345678`, `123456789012345678901234567890.12345678`},
		// text
		{`"${name}-${balance}"`, `Ada--5`}, {`"${name}-${nickname}"`, `NULL`}, {`substr(name, 2, 1)`, `d`}, {`left(name, 2)`, `Ad`}, {`lpad("7", 3, "0")`, `007`}, {`split("a,b", ",")[1]`, `b`}, {`split("a,b", ",")[5]`, `NULL`},
		{`split_part("a@b", "@", 2)`, `b`}, {`position("abc", "c")`, `3`}, {`length("häß😀")`, `4`}, {`like("50%", "5_%")`, `true`}, {`regexp_extract("ab12", "([0-9]+)", 1)`, `12`}, {`regexp_extract("ab", "[0-9]+")`, `NULL`},
		{`regexp_replace("a1b2", "[0-9]", "")`, `ab`}, {`"it's \"quoted\""`, `it's "quoted"`}, {`join(["a", null, "b"], "-")`, `a-b`}, {`trim("  x ")`, `x`}, {`ltrim("007", "0")`, `7`}, {`reverse("abc")`, `cba`},
		{`json_extract("{\"a\": {\"b\": 5}}", "$.a.b")`, `5`}, {`md5("a")`, `0cc175b9c0f1b6a831c399e269772661`}, {`hash(1.10) == hash(1.1)`, `true`}, {`hash("a", "b") == hash("ab", "")`, `false`}, {`hash(nickname) == hash("")`, `false`},
		{`cast("12.5", decimal(4, 1))`, `12.5`}, {`try_cast("x", int)`, `NULL`}, {`cast(2.5, int)`, `3`}, {`cast(true, int)`, `1`}, {`cast(cast("é", binary), string)`, `é`}, {`cast(amount, string)`, `10.50`},
		{`cast("[1, 2]", list(long))[1]`, `2`}, {`cast("{\"x\": 5}", object({ x = long })).x`, `5`}, {`"a\u0000b" == "a"`, `false`},
		// null and conditions
		{`nickname == null`, `true`}, {`nickname != null`, `false`}, {`nickname == "x"`, `NULL`}, {`nickname == "x" || true`, `true`}, {`nickname == "x" && true`, `NULL`}, {`null == null`, `true`}, {`coalesce(nickname, name)`, `Ada`},
		{`nullif(name, "Ada")`, `NULL`}, {`in(balance, [-5, 7])`, `true`}, {`in(balance, [])`, `false`}, {`in(name, tags_list)`, `false`}, {`between(amount, 1, 10.5)`, `true`}, {`balance > 0 ? "up" : "down"`, `down`}, {`nickname == "x" ? 1 : 2`, `2`},
		// dates
		{`order_date + days(30)`, `2026-03-02`}, {`date("2026-01-31") + months(1)`, `2026-02-28`}, {`order_date + hours(25)`, `2026-02-01 01:00:00`}, {`order_date - years(1)`, `2025-01-31`}, {`updated_at + (days(1) + minutes(30))`, `2026-03-09 10:45:00.5`},
		{`date_trunc("month", order_date)`, `2026-01-01`}, {`date_trunc("week", date("2026-11-22"))`, `2026-11-16`}, {`date_trunc("day", seen_at)`, `2026-03-08 00:00:00+00`}, {`cast(seen_at, string)`, `2026-03-08 06:30:00+00`}, {`date(seen_at)`, `2026-03-08`}, {`hour(seen_at)`, `6`}, {`timestamp(seen_at)`, `2026-03-08 06:30:00`},
		{`seen_at + days(1)`, `2026-03-09 06:30:00+00`}, {`seen_at + hours(24)`, `2026-03-09 06:30:00+00`}, {`to_timezone(seen_at, "America/New_York")`, `2026-03-08 01:30:00`}, {`to_timezone(seen_at + hours(1), "America/New_York")`, `2026-03-08 03:30:00`},
		{`timestamptz(timestamp("2026-07-01 12:00:00"), "America/New_York")`, `2026-07-01 16:00:00+00`}, {`timestamptz("2026-07-01 12:00:00", "Asia/Tokyo")`, `2026-07-01 03:00:00+00`}, {`timestamptz("2026-07-01T12:00:00Z")`, `2026-07-01 12:00:00+00`}, {`timestamptz(order_date, "UTC")`, `2026-01-31 00:00:00+00`},
		{`dayofweek(date("2026-11-22"))`, `7`}, {`dayofyear(order_date)`, `31`}, {`week(order_date)`, `5`}, {`date_part("millisecond", updated_at)`, `500`}, {`second(updated_at)`, `0`}, {`quarter(order_date)`, `1`},
		{`date_diff("day", order_date, date("2026-02-02"))`, `2`}, {`date_diff("minute", updated_at, updated_at + hours(2))`, `120`}, {`date_diff("day", seen_at, seen_at + hours(17))`, `0`}, {`date_diff("day", seen_at, seen_at + hours(18))`, `1`},
		{`make_timestamp(2026, 1, 2, 3, 4, 5.5)`, `2026-01-02 03:04:05.5`}, {`make_time(18, 4, 11)`, `18:04:11`}, {`strptime("23.11.2026", "%d.%m.%Y")`, `2026-11-23 00:00:00`}, {`strptime("2026-07-01 12:00 +0200", "%Y-%m-%d %H:%M %z")`, `2026-07-01 10:00:00+00`}, {`try_strptime("x", "%d")`, `NULL`},
		{`strftime(seen_at, "%H:%M")`, `06:30`}, {`epoch(order_date)`, `1769817600.0`}, {`epoch_ms(seen_at)`, `1772951400000`}, {`from_epoch(0.5)`, `1970-01-01 00:00:00.5+00`}, {`from_epoch_ms(1500)`, `1970-01-01 00:00:01.5+00`}, {`last_day(order_date)`, `2026-01-31`}, {`monthname(order_date)`, `January`},
		{`now()`, `2026-11-23 02:55:40.000001+00`}, {`today()`, `2026-11-23`}, {`today() - days(2)`, `2026-11-21`}, {`now() > seen_at`, `true`},
		// lists, maps, objects
		{`tags_list[0]`, `b`}, {`tags_list[9]`, `NULL`}, {`element(tags_list, -1)`, `NULL`}, {`tags_list[-1]`, `NULL`}, {`length(tags_list)`, `3`}, {`list_distinct(tags_list)`, `[a, b]`}, {`list_sort(["b", null, "a"])`, `[a, b, NULL]`}, {`list_contains(tags_list, "b")`, `true`},
		{`labels.colour`, `red`}, {`labels["no"]`, `NULL`}, {`get(labels, "colour")`, `red`}, {`keys(labels)`, `[colour]`}, {`place.city`, `Rome`}, {`lines[0].price`, `2.5`}, {`[for l in lines : l.price * 2 if l.item != "pen"]`, `[14.0]`}, {`[for x in tags_list : "${x}${name}"]`, `[bAda, aAda, bAda]`},
		{`{ a = balance, "b c" = name }.a`, `-5`}, {`list_sum(prices)`, `4.00`}, {`flatten([["a"], ["b", "c"]])`, `[a, b, c]`}, {`[[1, 2], [3]][0][1]`, `2`}, {`to_json({ a = 1 })`, `{"a":1}`},
	}
}

const valueRow = `SELECT -5 AS balance, 10.50::DECIMAL(12,2) AS amount, 1234.56::DOUBLE AS distance, 'Ada' AS name, NULL::VARCHAR AS nickname, DATE '2026-01-31' AS order_date,
	TIMESTAMP '2026-03-08 10:15:00.5' AS updated_at, TIMESTAMPTZ '2026-03-08 06:30:00+00' AS seen_at, ['b', 'a', 'b'] AS tags_list, [1.50, 2.50]::DECIMAL(8,2)[] AS prices,
	MAP {'colour': 'red'} AS labels, {'city': 'Rome', 'zip': 7} AS place, [{'item': 'pen', 'price': 2.5::DOUBLE}, {'item': 'ink', 'price': 7::DOUBLE}] AS lines`

func TestValues(t *testing.T) {
	db := open(t)
	if _, err := db.Exec("CREATE TABLE t AS " + valueRow); err != nil {
		t.Fatal(err)
	}
	scope := &expr.Scope{Relations: []expr.Relation{{Columns: columns(t)}}}
	at := time.Date(2026, 11, 23, 2, 55, 40, 1000, time.UTC)
	for _, c := range valueCases() {
		bound := bind(t, c[0], scope)
		sqlText := ducksql.Renderer{Names: ducksql.Names{"": "t"}}.Expr(bound)
		if bound.Type.String() == "timestamptz" {
			sqlText = "CAST((" + sqlText + " AT TIME ZONE 'UTC') AS VARCHAR) || '+00'"
		}
		var got sql.NullString
		if err := db.QueryRow("SELECT CAST(" + ducksql.At(sqlText, at) + " AS VARCHAR) FROM t").Scan(&got); err != nil {
			t.Errorf("%s\n%s\n%v", c[0], sqlText, err)
			continue
		}
		if !got.Valid {
			got.String = "NULL"
		}
		if got.String != c[1] {
			t.Errorf("%s is %s, want %s\n%s", c[0], got.String, c[1], sqlText)
		}
	}
}

// TestUnfilledInstant: a statement that did not pass through At fails instead of using some other time.
func TestUnfilledInstant(t *testing.T) {
	db := open(t)
	text := ducksql.Renderer{}.Expr(bind(t, "now()", &expr.Scope{Relations: []expr.Relation{{}}}))
	if !ducksql.UsesNow(text) || ducksql.UsesNow(ducksql.At(text, time.Unix(0, 0))) {
		t.Error("UsesNow doesn't follow the instant")
	}
	var v any
	if err := db.QueryRow("SELECT " + text).Scan(&v); err == nil || !strings.Contains(err.Error(), "Conversion Error") {
		t.Errorf("got %v, %v", v, err)
	}
	quoted := dialect.Text(text)
	if ducksql.At(quoted, time.Unix(0, 0)) != quoted {
		t.Error("a user's text was taken for the instant")
	}
}
