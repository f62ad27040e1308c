package expr

import (
	"strings"
	"testing"
)

func TestCanonicalSpelling(t *testing.T) {
	cases := [][2]string{
		{`amount>0&&email!=null`, `amount > 0 && email != null`},
		{`((amount)) > (0)`, `amount > 0`},
		{`(a + b) * c`, `(a + b) * c`},
		{`a + (b * c)`, `a + b * c`},
		{`a - (b - c)`, `a - (b - c)`},
		{`(a - b) - c`, `a - b - c`},
		{`!(a && b) || c`, `!(a && b) || c`},
		{`-(a + b)`, `-(a + b)`},
		{`-5`, `-5`}, {`- 5`, `-5`}, {`-(-5)`, `5`}, {`a - -5`, `a - -5`}, {`var.below`, `-5`},
		{`a ? b : (c ? d : e)`, `a ? b : (c ? d : e)`},
		{`(a ? b : c) ? d : e`, `(a ? b : c) ? d : e`},
		{`"x${a}y"`, `concat("x", a, "y")`},
		{`"${a}"`, `a`},
		{`"${var.region}-${var.limit}"`, `"eu-5"`},
		{`"a$${b}%%{c}"`, `"a$${b}%%{c}"`},
		{`"tab\there \"quoted\" back\\slash"`, `"tab\there \"quoted\" back\\slash"`},
		{`region == var.region`, `region == "eu"`},
		{`in(region, var.regions)`, `in(region, ["eu", "us"])`},
		{`x == var.none`, `x == null`},
		{`col.var`, `col.var`}, {`col["odd name"]`, `col["odd name"]`}, {`col.amount`, `amount`}, {`col["amount"]`, `amount`}, {`col["a-b"]`, `col["a-b"]`},
		{`col.col.x`, `col.col.x`}, {`o["odd name"]`, `o["odd name"]`}, {`o.name`, `o.name`}, {`o["name"]`, `o.name`},
		{`tags[0]`, `tags[0]`}, {`tags[n + 1]`, `tags[n + 1]`}, {`split(a, ",")[0]`, `split(a, ",")[0]`}, {`labels[key]`, `labels[key]`},
		{`lines[0].item`, `lines[0].item`}, {`f(x).y`, ``}, {`element(lines, 0).item`, `element(lines, 0).item`},
		{`cast( amount , decimal(12,2) )`, `cast(amount, decimal(12, 2))`}, {`try_cast(a, list(string))`, `try_cast(a, list(string))`},
		{`cast(a, object({ x = long, "odd name" = string }))`, `cast(a, object({ x = long, "odd name" = string }))`},
		{`hhmm(time)`, `div(time, 100) * 60 + time % 100`},
		{`twice(t + 1)`, `div(t + 1, 100) * 60 + (t + 1) % 100 + (div(t + 1, 100) * 60 + (t + 1) % 100)`},
		{`1.10`, `1.1`}, {`1e3`, `1000`}, {`0.1`, `0.1`}, {`1e-3`, `0.001`}, {`1e300`, `1e+300`},
		{`123456789012345678901234567890.123456789`, `123456789012345678901234567890.123456789`},
		{`[for x in lines : x.price * 2 if x.price > 1]`, `[for x in lines : x.price * 2 if x.price > 1]`},
		{`each_plus(tags_list, extra)`, `[for y in tags_list : y + extra]`},
		{`{ item = a, "odd name" = b }`, `{ item = a, "odd name" = b }`},
		{"{\n item = a\n price = b\n}", `{ item = a, price = b }`},
		{`local.paid ? a : b`, `true ? a : b`},
		{`"%{ if a }x%{ else }y%{ endif }"`, `concat(a ? "x" : "y")`},
		{`date("2026-01-01")`, `date("2026-01-01")`},
	}
	for _, c := range cases {
		if c[1] == "" {
			continue
		}
		n, diags := read(c[0])
		if diags.HasErrors() {
			t.Errorf("%s: %s", c[0], one(diags))
			continue
		}
		if got := n.String(); got != c[1] {
			t.Errorf("%s: %s, want %s", c[0], got, c[1])
		}
		again, diags := read(n.String())
		if diags.HasErrors() || again.String() != n.String() {
			t.Errorf("%s is not stable: %s", n, one(diags))
		}
	}
}

func TestParseMistakes(t *testing.T) {
	cases := [][2]string{
		{`a-b > 0`, `Minus without spaces: HCL reads "a-b" as one name. To subtract, put spaces around the minus: a - b. A column of that name is written col["a-b"].`},
		{`o.a-b`, `Minus without spaces: HCL reads "a-b" as one name.`},
		{`length(a) // b`, `Comment after an expression: In HCL // starts a comment, so what follows is ignored. For a whole-number division write div(a, b)`},
		{`(a) // b`, `Comment after an expression`},
		{`x::decimal(12, 2)`, `Unknown operator: The :: of SQL is written as a call here: cast(x, decimal(…)).`},
		{`a.*.b`, `Splat in a column expression`},
		{`lowr(a)`, `Unknown function: There is no function "lowr" for column expressions. Did you mean "lower"?`},
		{`ifnull(a, b)`, `Write coalesce(a, b).`}, {`current_date()`, `Write today().`}, {`random()`, `It would give other values at every run`},
		{`any_value(a)`, `Say which: min(x), max(x)`}, {`file("x")`, `those of configuration, such as file or lookup, are others.`},
		{`loop(a)`, `Recursive function: The function "loop" calls itself (loop → back → loop).`},
		{`hhmm(a, b)`, `Wrong number of arguments: The function "hhmm" takes 1 argument, but 2 are given.`},
		{`free(a)`, `Unknown parameter: The result of a function can name its parameters only, and "free" has none called "amuont". Its parameters are: amount. Did you mean "amount"?`},
		{`upper(a)`, `Function name is taken`},
		{`var.secret == a`, `Sensitive value in a column expression`}, {`"x${var.secret}"`, `Sensitive value in a column expression`},
		{`var.later == a`, `Value is not known yet`}, {`var.nothing == a`, `Unsupported attribute`},
		{`cast(a)`, `Wrong number of arguments: cast takes an expression and a type`},
		{`cast(a, decimal)`, `Incomplete type: decimal needs its digits`}, {`cast(a, decimal(40, 2))`, `Invalid type: decimal takes the number of digits, 1 to 38`},
		{`cast(a, varchar)`, `Unknown type: There is no type "varchar". Write string.`}, {`cast(a, "long")`, `Invalid type: A type is written without quotes: long.`},
		{`cast(a, strng)`, `There is no type "strng". Did you mean "string"?`}, {`cast(a, list)`, `Incomplete type`}, {`cast(a, long(3))`, `long takes no arguments`},
		{`cast(a, object({}))`, `An object's type lists its fields`}, {`cast(a, map(string))`, `This type takes 2 types, as in map(string, long).`},
		{`desc(a)`, `Sort order outside of a sort`}, {`latest(a)`, `Sort order outside of a sort`},
		{`{ for k, v in a : k => v }`, `Unsupported for expression`}, {`[for k, v in a : v]`, `Unsupported for expression`},
		{`[for x in tags : x + col.x]`, `Name with two meanings`}, {`[for col in tags : col]`, `Invalid variable name`},
		{`[for y in tags : each_plus(tags, y)]`, `Name with two meanings`},
		{`"%{ for x in a }${x}%{ endfor }"`, `Template loop in a column expression`},
		{`col`, `Column name expected`}, {`col[0]`, `Column name expected`}, {`max([1]...)`, `Arguments can't be expanded`},
		{`{ a = 1, a = 2 }`, `Duplicate field`}, {`1e999999999`, `Number out of range`}, {`-1e-400`, `Number out of range`}, {`a + 1e309`, `Number out of range`},
	}
	for _, c := range cases {
		n, diags := read(c[0])
		if !diags.HasErrors() {
			t.Errorf("%s: no mistake found, parsed as %s", c[0], n)
			continue
		}
		if !strings.Contains(one(diags), c[1]) {
			t.Errorf("%s:\n%s\nwant\n%s", c[0], one(diags), c[1])
		}
		for _, d := range diags {
			if d.Subject == nil || d.Subject.Filename != fileName {
				t.Errorf("%s: no position", c[0])
			}
		}
	}
}

// TestCommentPosition: the hint stands under the two slashes.
func TestCommentPosition(t *testing.T) {
	_, diags := read("length(a) // b")
	if got := diags[0].Subject.String(); got != "orders.etl.hcl:1,15-17" {
		t.Errorf("position %s", got)
	}
}

// TestTooLarge: functions that double their argument don't take memory or time without bound.
func TestTooLarge(t *testing.T) {
	text := "a"
	for range 30 {
		text = "twice(" + text + ")"
	}
	if _, diags := read(text); !strings.Contains(one(diags), "Expression too large") {
		t.Errorf("got %s", one(diags))
	}
	deep := strings.Repeat("abs(", 300) + "a" + strings.Repeat(")", 300)
	if _, diags := read(deep); !strings.Contains(one(diags), "Expression too large") {
		t.Errorf("got %s", one(diags))
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`amount > 0 && email != null`, `a ? -5 : "x${b}$${c}"`, `[for x in lines : x.price if x.price > 1][0].y`, `cast(a, object({ "o d" = list(map(string, decimal(38, 0))) }))`,
		`col["odd\u0000\n"].b["c"][-1]`, `{ a = 1, for = 2 }`, `(-(-a) - -1) % 3 / 4`, `!(!a) == !b`, `1e-400`, `"\u200b"`, `in(x, var.regions)`, `twice(twice(x))`,
	} {
		f.Add(seed)
	}
	scope := testScope(f)
	scope.Aggregates = true
	f.Fuzz(func(t *testing.T, text string) {
		n, diags := read(text)
		if diags.HasErrors() {
			return
		}
		again, diags := read(n.String())
		if diags.HasErrors() {
			t.Fatalf("%q prints as %q, which has mistakes: %s", text, n, one(diags))
		}
		if again.String() != n.String() {
			t.Fatalf("%q prints as %q and then as %q", text, n, again)
		}
		first, diags := Bind(n, scope)
		second, again2 := Bind(again, scope)
		if diags.HasErrors() != again2.HasErrors() {
			t.Fatalf("%q binds, %q doesn't: %s %s", n, again, one(diags), one(again2))
		}
		if first != nil && !first.Type.Equal(second.Type) {
			t.Fatalf("%q is %s and then %s", n, first.Type, second.Type)
		}
	})
}
