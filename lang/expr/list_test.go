package expr

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"pgregory.net/rapid"
)

// spell shows what a list helper read.
func spell(text, how string) (string, hcl.Diagnostics) {
	e, env := mustExpr(text), testEnv()
	switch how {
	case "names":
		names, diags := ParseNames(e)
		parts := make([]string, len(names))
		for i, n := range names {
			parts[i] = n.Name
		}
		return strings.Join(parts, ","), diags
	case "nodes":
		nodes, diags := ParseNodes(e, env)
		return fmt.Sprint(nodes), diags
	case "sort", "keep":
		read := ParseSortKeys
		if how == "keep" {
			read = ParseKeep
		}
		keys, diags := read(e, env)
		var parts []string
		for _, k := range keys {
			parts = append(parts, fmt.Sprintf("%v %t", k.Expr, k.Desc))
		}
		return strings.Join(parts, ","), diags
	case "transforms":
		ts, diags := ParseTransforms(e)
		var parts []string
		for _, t := range ts {
			parts = append(parts, fmt.Sprintf("%s %d %s", t.Name, t.Arg, t.Column))
		}
		return strings.Join(parts, ","), diags
	}
	read := ParseAssignments
	if how == "by" {
		read = ParseBy
	}
	list, diags := read(e, env)
	var parts []string
	for _, a := range list {
		parts = append(parts, fmt.Sprintf("%s=%v", a.Name, a.Expr))
	}
	return strings.Join(parts, ","), diags
}

func TestLists(t *testing.T) {
	for _, c := range [][3]string{
		{"names", `[a, col["odd name"], col.var]`, `a,odd name,var`},
		{"names", `[]`, ``},
		{"nodes", `[a + 1, b]`, `[a + 1 b]`},
		{"sort", `[a, desc(b), asc(c + 1)]`, `a false,b true,c + 1 false`},
		{"sort", `desc(a)`, `a true`},
		{"keep", `latest(a)`, `a true`},
		{"keep", `[earliest(a), latest(b)]`, `a false,b true`},
		{"transforms", `[a, year(b), bucket(16, c), truncate(4, d), identity(e), hour(f), day(g), month(col["h i"])]`, `identity 0 a,year 0 b,bucket 16 c,truncate 4 d,identity 0 e,hour 0 f,day 0 g,month 0 h i`},
		{"assign", `{ b = a + 1, "odd name" = o.x }`, `b=a + 1,odd name=o.x`},
		{"by", `[a, o.b]`, `a=a,b=o.b`},
		{"by", `{ month = date_trunc("month", at) }`, `month=date_trunc("month", at)`},
	} {
		got, diags := spell(c[1], c[0])
		if diags.HasErrors() || got != c[2] {
			t.Errorf("%s: %s, want %s; %s", c[1], got, c[2], one(diags))
		}
	}
}

func TestListMistakes(t *testing.T) {
	for _, c := range [][3]string{
		{"names", `a`, `A list in square brackets is expected here, even for one element: [a] or [a, b].`},
		{"names", `["a"]`, `Column name expected`}, {"names", `[a.b]`, `Column name expected`}, {"names", `[a-b]`, `Minus without spaces`}, {"names", `[lower(a)]`, `Column name expected`},
		{"names", `[var.region]`, `Column name expected`},
		{"sort", `[desc(a, b)]`, `desc takes one expression`}, {"sort", `[latest(a)]`, `latest(x) says which row dedupe keeps`},
		{"keep", `a`, `latest(column) or earliest(column)`}, {"keep", `[desc(a)]`, `Invalid keep`},
		{"transforms", `[months(a)]`, `Unknown partition transform: Iceberg partitions by a column, or by year, month`}, {"transforms", `[bucket(a)]`, `This partition transform is written bucket(16, column).`},
		{"transforms", `[bucket(0, a)]`, `a whole number from 1`}, {"transforms", `[bucket(1.5, a)]`, `a whole number from 1`}, {"transforms", `[bucket(x, a)]`, `a whole number from 1`}, {"transforms", `[month("a")]`, `Column name expected`}, {"transforms", `[month(a, b)]`, `month(column)`},
		{"assign", `[a]`, `Columns are written here as { name = expression`}, {"assign", `{ a = 1, a = 2 }`, `The column "a" is set twice`}, {"assign", `{ (a) = 1 }`, `Invalid column name`}, {"assign", `{ "" = 1 }`, `Invalid column name`},
		{"by", `[lower(a)]`, `Group without a name`}, {"by", `a`, `List expected`},
	} {
		got, diags := spell(c[1], c[0])
		if !diags.HasErrors() || !strings.Contains(one(diags), c[2]) {
			t.Errorf("%s: %s %q, want %s", c[1], got, one(diags), c[2])
		}
	}
}

// TestAnyNameAndTextIsStable: whatever a column is called and a text says, its spelling is read as the same again.
func TestAnyNameAndTextIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.ToValidUTF8(rapid.String().Draw(t, "text"), "")
		text = cty.StringVal(text).AsString() // HCL normalises
		if text == "" {
			return
		}
		col := &Column{Path: []string{text, text}}
		n, diags := read(col.String())
		if diags.HasErrors() {
			t.Fatalf("%s: %s", col, one(diags))
		}
		if again, ok := n.(*Column); !ok || len(again.Path) != 2 || again.Path[0] != text || again.Path[1] != text {
			t.Fatalf("%s became %v", col, n)
		}
		lit := &Literal{Value: cty.StringVal(text)}
		n, diags = read(lit.String())
		if again, ok := n.(*Literal); diags.HasErrors() || !ok || again.Value.AsString() != text {
			t.Fatalf("%s became %v: %s", lit, n, one(diags))
		}
	})
}

func TestChildrenAndColumns(t *testing.T) {
	n, _ := read(`cast(a, long) + [for x in o.b : x][0] > 1 ? "${c}" : d.e["f"]`)
	var got []string
	for _, c := range Columns(n) {
		got = append(got, c.String())
	}
	if text := strings.Join(got, " "); text != "a o.b x c d.e.f" {
		t.Errorf("columns %s", text)
	}
}
