package sqltext

import (
	"sort"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"
)

func TestCanonicalIgnoresLayout(t *testing.T) {
	same := [][]string{
		{
			"SELECT a, sum(b) AS s FROM silver.x WHERE c = 'It''s  -- no' GROUP BY ALL",
			"select a,sum(b)as s\n from silver . x -- why\n where c='It''s  -- no'\n/* a /* nested */ b */ group by all;",
			"SELECT a , sum( b ) AS s\tFROM silver.x WHERE c = 'It''s  -- no' GROUP BY ALL ;",
		},
		{"SELECT -1, a - 1, a::int, x[1], [1, 2]", "select - 1,a-1,a :: int,x [ 1 ],[1,2]"},
		{"SELECT a IN (1, 2), f(3)", "select a in(1,2), f (3)"},
		{"SELECT a < -1 AND b <> 2", "select a<-1 and b<>2"},
		{"SELECT a -> 'x' ->> 'y'", "select a->'x'->>'y'"},
		{`SELECT "A b" FROM "s"."t"`, `select "A b" from "s"  .  "t"`},
		{"SELECT $$a  --b$$, E'x\\'y'", "select $$a  --b$$ ,E'x\\'y'"},
		{"SELECT 1.5e-3, .5", "select 1.5e-3 , .5"},
	}
	for _, texts := range same {
		want := Canonical(texts[0])
		for _, text := range texts[1:] {
			if got := Canonical(text); got != want {
				t.Errorf("Canonical(%q)\n got %s\nwant %s", text, got, want)
			}
		}
		if again := Canonical(want); again != want {
			t.Errorf("not stable: %s, then %s", want, again)
		}
	}
	if got, want := Canonical("select a,sum(b)as s from silver . x where c in(-1)and d=-2"),
		"SELECT a, sum(b) AS s FROM silver.x WHERE c IN (-1) AND d = -2"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestCanonicalKeepsMeaning(t *testing.T) {
	different := [][2]string{
		{"SELECT 'a  b'", "SELECT 'a b'"},
		{"SELECT 'A'", "SELECT 'a'"},
		{`SELECT "A"`, `SELECT "a"`},
		{"SELECT a AS Total", "SELECT a AS total"},
		{"SELECT 'select'", "SELECT 'SELECT'"},
		{"SELECT a b", "SELECT ab"},
		{"SELECT 1 .5", "SELECT 1.5"},
		{"SELECT a - -1", "SELECT a --1"},
		{"SELECT $$x $$", "SELECT $$x$$"},
	}
	for _, pair := range different {
		if Canonical(pair[0]) == Canonical(pair[1]) {
			t.Errorf("%s and %s are spelled alike: %s", pair[0], pair[1], Canonical(pair[0]))
		}
	}
}

func TestLiteral(t *testing.T) {
	cases := []struct {
		value cty.Value
		want  string
	}{
		{cty.StringVal("it's"), "'it''s'"},
		{cty.StringVal(""), "''"},
		{cty.NumberIntVal(-5), "(-5)"},
		{cty.MustParseNumberVal("0.1"), "0.1"},
		{cty.MustParseNumberVal("12345678901234567890123456789"), "12345678901234567890123456789"},
		{cty.True, "TRUE"},
		{cty.NullVal(cty.String), "NULL"},
		{cty.ListVal([]cty.Value{cty.StringVal("a"), cty.StringVal("b")}), "['a', 'b']"},
		{cty.SetVal([]cty.Value{cty.StringVal("b"), cty.StringVal("a")}), "['a', 'b']"},
		{cty.EmptyTupleVal, "[]"},
		{cty.ObjectVal(map[string]cty.Value{"b": cty.NumberIntVal(1), "a'": cty.False}), "{'a''': FALSE, 'b': 1}"},
	}
	for _, c := range cases {
		if got, err := Literal(c.value); err != nil || got != c.want {
			t.Errorf("Literal(%#v) = %s, %v; want %s", c.value, got, err, c.want)
		}
	}
	for _, bad := range []cty.Value{cty.StringVal("a\x00b"), cty.PositiveInfinity, cty.EmptyObjectVal} {
		if got, err := Literal(bad); err == nil {
			t.Errorf("Literal(%#v) = %s, want an error", bad, got)
		}
	}
	if got := Name("a", `b"c`); got != `"a"."b""c"` {
		t.Error(got)
	}
}

func TestKeywordsAreSorted(t *testing.T) {
	if !sort.StringsAreSorted(keywords[:]) {
		t.Error("the keywords must be sorted for the binary search")
	}
}

func FuzzCanonical(f *testing.F) {
	f.Add("SELECT a, -1 FROM b -- c\n/* x */ WHERE 'q' = $$z$$")
	f.Add("'")
	f.Add("1.e- -1")
	f.Add("$a$ $1 /* /*")
	f.Fuzz(func(t *testing.T, s string) {
		var b strings.Builder
		for _, token := range Tokens(s) {
			if token.Text == "" {
				t.Fatal("an empty token")
			}
			b.WriteString(token.Text)
		}
		if b.String() != s {
			t.Fatalf("tokens of %q make %q", s, b.String())
		}
		for _, token := range Tokens(s) {
			if !token.Closed {
				return
			}
		}
		once := Canonical(s)
		if twice := Canonical(once); twice != once {
			t.Fatalf("%q, then %q", once, twice)
		}
	})
}
