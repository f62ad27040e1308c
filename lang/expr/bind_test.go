package expr

import (
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

func TestBindTypes(t *testing.T) {
	cases := [][2]string{
		{`1`, `int`}, {`3000000000`, `long`}, {`99999999999999999999`, `decimal(20, 0)`}, {`0.10`, `decimal(1, 1)`}, {`12.34`, `decimal(4, 2)`}, {`1e100`, `double`},
		{`0.1234567890123456789012345678901234567890`, `double`}, {`"a"`, `string`}, {`true`, `boolean`}, {`null`, `null`}, {`-5`, `int`},
		{`n + 1`, `long`}, {`n + id`, `long`}, {`n * n`, `long`}, {`-n`, `long`}, {`-amount`, `decimal(12, 2)`}, {`n % 2`, `long`},
		{`amount + 1`, `decimal(13, 2)`}, {`amount + n`, `decimal(13, 2)`}, {`amount + id`, `decimal(22, 2)`}, {`amount + amount`, `decimal(13, 2)`},
		{`amount * 2`, `decimal(13, 2)`}, {`amount * 0.1`, `decimal(13, 3)`}, {`amount * amount`, `decimal(24, 4)`}, {`amount * amount * amount * amount`, `decimal(38, 8)`},
		{`amount + rate`, `double`}, {`small + small`, `float`}, {`small + n`, `double`}, {`small * amount`, `double`}, {`amount % 7`, `decimal(12, 2)`},
		{`n / 2`, `double`}, {`amount / 2`, `double`}, {`div(n, 2)`, `int`}, {`div(id, n)`, `long`}, {`mod(amount, 3)`, `decimal(12, 2)`},
		{`amount > 1`, `boolean`}, {`n == 1.5`, `boolean`}, {`rate == 0.1`, `boolean`}, {`email == null`, `boolean`}, {`null != day`, `boolean`}, {`null == null`, `boolean`},
		{`day >= at`, `boolean`}, {`tags == ["a"]`, `boolean`}, {`day == date("2026-01-01")`, `boolean`},
		{`paid ? 1 : 2.5`, `decimal(11, 1)`}, {`paid ? n : null`, `int`}, {`paid ? day : at`, `timestamp`}, {`paid ? null : null`, `null`}, {`paid && null`, `boolean`},
		{`day + days(1)`, `date`}, {`days(1) + day`, `date`}, {`day - months(1)`, `date`}, {`day + hours(1)`, `timestamp`}, {`at + days(n)`, `timestamp`},
		{`seen - minutes(5)`, `timestamptz`}, {`day + (days(1) + hours(2))`, `timestamp`}, {`days(1)`, `interval`},
		{`tags[0]`, `string`}, {`lines[0].price`, `double`}, {`labels.colour`, `long`}, {`labels["a b"]`, `long`}, {`labels[email]`, `long`}, {`codes[5]`, `string`},
		{`place.city`, `string`}, {`orders.place.zip`, `int`}, {`orders.amount`, `decimal(12, 2)`}, {`c.name`, `string`}, {`c["odd one"]`, `int`}, {`col["odd name"]`, `string`},
		{`_etl_row`, `long`}, {`[1, 2.5]`, `list(decimal(11, 1))`}, {`[null, n]`, `list(int)`}, {`{ a = n, b = email }`, `object({ a = int, b = string })`}, {`{ a = n }.a`, `int`},
		{`[for x in lines : x.price * 2]`, `list(double)`}, {`[for x in tags : length(x) if x != ""]`, `list(long)`}, {`[for x in lines : [for y in tags : "${x.item}${y}"]]`, `list(list(string))`},
		{`"${n}-${day}"`, `string`}, {`concat(email, n)`, `string`}, {`coalesce(n, id, 0)`, `long`}, {`coalesce(amount, 0)`, `decimal(12, 2)`}, {`coalesce(amount, 0.125)`, `decimal(13, 3)`},
		{`greatest(n, rate)`, `double`}, {`nullif(email, "")`, `string`}, {`in(n, [1, 2])`, `boolean`}, {`in(email, [])`, `boolean`}, {`between(amount, 1, n)`, `boolean`},
		{`round(amount)`, `decimal(11, 0)`}, {`round(amount, 1)`, `decimal(12, 1)`}, {`round(amount, 5)`, `decimal(12, 2)`}, {`round(rate, 2)`, `double`}, {`round(n)`, `int`},
		{`floor(amount)`, `decimal(11, 0)`}, {`ceil(rate)`, `double`}, {`abs(small)`, `float`}, {`sqrt(n)`, `double`},
		{`year(at)`, `int`}, {`hour(clock)`, `int`}, {`date_trunc("month", day)`, `date`}, {`date_trunc("hour", seen)`, `timestamptz`}, {`date_diff("day", day, at)`, `long`},
		{`date(email)`, `date`}, {`timestamptz(at, "UTC")`, `timestamptz`}, {`timestamptz(day, "UTC")`, `timestamptz`}, {`strptime(email, "%Y%m%d")`, `timestamp`}, {`strptime(email, "%Y %z")`, `timestamptz`}, {`strptime(email, "%%z%d")`, `timestamp`},
		{`now()`, `timestamptz`}, {`today() - days(2)`, `date`}, {`cast(n, string)`, `string`}, {`try_cast(email, decimal(5, 1))`, `decimal(5, 1)`}, {`cast(null, date)`, `date`},
		{`cast(email, list(long))`, `list(long)`}, {`keys(labels)`, `list(string)`}, {`get(labels, "a")`, `long`}, {`list_sum([n])`, `long`}, {`split(email, "@")[1]`, `string`},
		{`count()`, `long`}, {`sum(n)`, `long`}, {`sum(amount)`, `decimal(38, 2)`}, {`sum(small)`, `double`}, {`avg(amount)`, `double`}, {`max(day) >= today() - days(2)`, `boolean`},
		{`arg_max(email, at)`, `string`}, {`list_agg(n)`, `list(int)`}, {`string_agg(email, ",", day)`, `string`}, {`count_distinct(email, day)`, `long`}, {`sum(amount) / count()`, `double`},
	}
	scope := testScope(t)
	scope.Aggregates = true
	for _, c := range cases {
		n, diags := read(c[0])
		if diags.HasErrors() {
			t.Errorf("%s: %s", c[0], one(diags))
			continue
		}
		bound, diags := Bind(n, scope)
		if diags.HasErrors() {
			t.Errorf("%s: %s", c[0], one(diags))
			continue
		}
		if got := typeName(bound.Type); got != c[1] {
			t.Errorf("%s is %s, want %s", c[0], got, c[1])
		}
	}
}

func TestBindMistakes(t *testing.T) {
	cases := [][2]string{
		{`amuont > 0`, `Unknown column: The input of this step has no column "amuont". Did you mean "amount"? Its columns are: id, n, amount,`},
		{`Amount > 0`, `Did you mean "amount"?`}, {`name == "x"`, `The joined table "c" has one: write c.name.`}, {`c.nam`, `The table "c" has no column "nam". Did you mean "name"?`},
		{`table.silver.customers.id`, `Blocks can't be named in a column expression`}, {`place.citty`, `Unknown field: The object has no field "citty". Did you mean "city"?`},
		{`lines.item`, `This is a list, which has no field "item". Take one element with [0]`}, {`email.x`, `This is string, which has no field "x".`}, {`codes.x`, `The keys of this map are int`},
		{`amount > "10"`, `Types can't be compared: amount > "10" compares decimal(12, 2) with string. Write cast("10", decimal(12, 2)) if that is what you mean.`},
		{`email == 5`, `Write cast(email, int) if that is what you mean.`}, {`"amount" > 0`, `"amount" in quotes is a text; the column is written amount.`},
		{`day > "2026-01-01"`, `day > "2026-01-01" compares date with string. Write date("2026-01-01").`}, {`seen > "2026-01-01"`, `Write timestamptz("2026-01-01").`},
		{`at > seen`, `timestamptz(x, "America/New_York")`}, {`seen > day`, `timestamptz(x, "America/New_York")`}, {`labels > labels`, `has no order`}, {`email > null`, `Comparison with null`},
		{`email + "x"`, `To put texts together, write "${a}${b}" or concat(a, b).`}, {`email * 2`, `* computes with numbers, but this is string. Write cast(email, double)`}, {`null + 1`, `A bare null has no type`},
		{`day - at`, `date_diff("day", at, day)`}, {`day + 1`, `Say the unit of the number: x + days(2)`}, {`day * days(1)`, `An interval such as days(2)`}, {`days(1) > hours(2)`, `To compare durations, count units`},
		{`tiny * tiny`, `Number with too many digits`}, {`email && paid`, `&& combines conditions, but this is string.`}, {`!n`, `! combines conditions, but this is int.`},
		{`email ? 1 : 2`, `What stands before ? is a condition, but this is string.`}, {`paid ? 1 : "a"`, `Both results of a condition need one type, but these are int and string.`},
		{`[1, "a"]`, `The elements of a list need one type, but these are int, string.`}, {`tags["x"]`, `This is a list, which has no field "x".`}, {`tags[1.5]`, `The index of a list is a whole number from 0`},
		{`labels[5]`, `The keys of this map are string, but this is int.`}, {`n[0]`, `[] takes an element of a list or map, but this is int.`}, {`{}`, `Empty object`}, {`{ a = null }`, `Field without a type`},
		{`lower(n)`, `lower is written lower(text string) string, but its argument "text" is int here. Write cast(n, string)`}, {`lower()`, `but 0 arguments are given.`}, {`lower(email, 1)`, `but 2 arguments are given.`},
		{`abs(email)`, `its argument "x" is string here. Write cast(email, double)`}, {`year("2026-01-01")`, `Write date("2026-01-01").`}, {`abs(null)`, `Null without a type: abs needs to know the type of x`},
		{`date_trunc(email, day)`, `its argument "unit" is no constant text here.`}, {`date_trunc("mnth", day)`, `There is no unit "mnth" here. Did you mean "month"?`}, {`date_trunc("hour", day)`, `There is no unit "hour" here.`},
		{`regexp_matches(email, "[")`, `The regular expression is not valid`}, {`regexp_extract(email, "(a)", 2)`, `The group is a constant from 0 to 1`}, {`strptime(email, "%-A")`, `is not valid`}, {`json_extract(email, "$.a[*]")`, `is no path into JSON`}, {`strptime(email, "")`, `The format is empty`}, {`strptime(email, "%Q")`, `The format "%Q" is not valid`}, {`strptime(email, "%")`, `is not valid`},
		{`timestamptz(at, "America/NewYork")`, `There is no time zone "America/NewYork".`}, {`date("01.02.2026")`, `"01.02.2026" is no date or time.`}, {`quantile(rate, 5)`, `a constant from 0 to 1`},
		{`cast(at, timestamptz)`, `Impossible cast: timestamp can't be cast to timestamptz. An instant needs the zone`}, {`cast(n, date)`, `from_epoch(x)`}, {`cast(tags, string)`, `Write to_json(x)`}, {`cast(rate, boolean)`, `Compare it instead: x != 0.`},
		{`cast(place, object({ city = string }))`, `both need the same fields: it has city, zip.`}, {`cast(day, int)`, `date can't be cast to int. Cast it to string first`},
		{`round(amount, n)`, `the digits are a constant from 0`}, {`[for x in email : x]`, `for goes through a list, but this is string.`}, {`[for x in tags : x if x]`, `What stands after if is a condition`},
		{`row_number()`, `Window function in the wrong place`}, {`sum(sum(n))`, `sum can't stand inside sum.`}, {`[for x in tags : count()]`, `count can't stand inside for.`}, {`lag(n)`, `Window function in the wrong place`},
	}
	scope := testScope(t)
	scope.Aggregates = true
	for _, c := range cases {
		n, diags := read(c[0])
		if diags.HasErrors() {
			t.Errorf("%s: %s", c[0], one(diags))
			continue
		}
		bound, diags := Bind(n, scope)
		if !diags.HasErrors() {
			t.Errorf("%s: no mistake found, bound to %s", c[0], typeName(bound.Type))
			continue
		}
		if !strings.Contains(one(diags), c[1]) {
			t.Errorf("%s:\n%s\nwant\n%s", c[0], one(diags), c[1])
		}
		if strings.Contains(one(diags), "  ") || strings.Contains(one(diags), "..") && !strings.Contains(one(diags), "...") {
			t.Errorf("%s: badly written: %s", c[0], one(diags))
		}
	}
}

func TestAggregatesOnlyWhereAllowed(t *testing.T) {
	n, _ := read("sum(amount) > 0")
	if _, diags := Bind(n, testScope(t)); !strings.Contains(one(diags), "sum computes over many rows, and step derive of table.silver.orders sees one row at a time.") {
		t.Errorf("got %s", one(diags))
	}
	scope := testScope(t)
	scope.Windows = true
	bound, diags := Bind(n, scope)
	if diags.HasErrors() || !bound.Window || !bound.Aggregate {
		t.Errorf("an aggregate in a window: %s, %+v", one(diags), bound)
	}
}

// TestAllMistakesAreReported: one expression, three of them, each under its own characters.
func TestAllMistakesAreReported(t *testing.T) {
	n, _ := read(`amuont > 0 && lower(n) == "x" || emial == null`)
	_, diags := Bind(n, testScope(t))
	if len(diags) != 3 {
		t.Fatalf("%d mistakes: %s", len(diags), one(diags))
	}
	for i, want := range []string{"1,5-11", "1,19-27", "1,38-43"} {
		if got := diags[i].Subject.String(); got != fileName+":"+want {
			t.Errorf("mistake %d at %s, want %s", i, got, want)
		}
	}
}

// TestInvalidColumnsAreSilent: what builds on a column with a mistake adds none.
func TestInvalidColumnsAreSilent(t *testing.T) {
	n, _ := read(`lower(broken) == "x"`)
	scope := testScope(t)
	scope.Relations[0].Columns = append(scope.Relations[0].Columns, coltype.Field{Name: "broken", Type: coltype.Of(Invalid)})
	if bound, diags := Bind(n, scope); bound != nil || diags.HasErrors() {
		t.Errorf("got %v, %s", bound, one(diags))
	}
}

func TestAmbiguousColumn(t *testing.T) {
	n, _ := read(`place.city`)
	scope := testScope(t)
	scope.Relations[1] = Relation{Name: "place", Columns: coltype.Schema{{Name: "city", Type: coltype.Of(coltype.String)}}}
	if _, diags := Bind(n, scope); !strings.Contains(one(diags), "Ambiguous column") {
		t.Errorf("got %s", one(diags))
	}
}

func TestSummariesAreFixed(t *testing.T) {
	for _, text := range []string{"amuont", "lower(n)", "day + 1", "tags.x"} {
		n, _ := read(text)
		_, diags := Bind(n, testScope(t))
		for _, d := range diags {
			if strings.ContainsAny(d.Summary, `"'`) || strings.Contains(d.Summary, "amuont") {
				t.Errorf("summary %q names the user's things", d.Summary)
			}
			if d.Severity != hcl.DiagError || !strings.HasSuffix(d.Detail, ".") {
				t.Errorf("detail %q is no sentence", d.Detail)
			}
		}
	}
}

// TestBuiltinsAreComplete: the reference is drawn from this table.
func TestBuiltinsAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Builtins() {
		if seen[f.Name] {
			t.Errorf("%s is there twice", f.Name)
		}
		seen[f.Name] = true
		if f.Group == "" || !strings.HasSuffix(f.Doc, ".") || !strings.Contains(f.Example, f.Name+"(") || len(f.Signatures) == 0 {
			t.Errorf("%s is not described", f.Name)
		}
		for _, s := range f.Signatures {
			checkSignature(t, f.Name, s)
		}
	}
	for _, name := range []string{"in", "cast", "count"} {
		if !seen[name] && name != "cast" {
			t.Errorf("%s is missing", name)
		}
	}
}

func checkSignature(t *testing.T, name, text string) {
	t.Helper()
	s := parseSignature(text)
	if !strings.HasPrefix(text, name+"(") {
		t.Errorf("%s: signature of another function", text)
	}
	patterns := []string{s.result}
	for _, p := range s.params {
		if p.name == "" || p.pattern == "" {
			t.Errorf("%s: parameter without a name or type", text)
		}
		patterns = append(patterns, p.pattern)
	}
	for _, p := range patterns {
		known := isVar(p) || strings.Contains(" any unit literal text days interval ", " "+p+" ") || strings.HasPrefix(p, "list(") || strings.HasPrefix(p, "map(")
		if _, ok := coltype.KindOf(p); !ok && !known {
			t.Errorf("%s: unknown type %q", text, p)
		}
	}
}
