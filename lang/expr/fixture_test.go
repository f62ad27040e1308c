package expr

import (
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

const fileName = "orders.etl.hcl"

func testEnv() Env {
	hhmm := mustExpr("div(x, 100) * 60 + x % 100")
	twice := mustExpr("hhmm(x) + hhmm(x)")
	loop, back := mustExpr("back(x)"), mustExpr("loop(x)")
	each := mustExpr("[for y in xs : y + add]")
	return Env{
		Eval: &hcl.EvalContext{Variables: map[string]cty.Value{
			"var": cty.ObjectVal(map[string]cty.Value{
				"region": cty.StringVal("eu"), "limit": cty.NumberIntVal(5), "secret": cty.StringVal("s3cret").Mark("sensitive"),
				"regions": cty.TupleVal([]cty.Value{cty.StringVal("eu"), cty.StringVal("us")}), "none": cty.NullVal(cty.String),
				"later": cty.UnknownVal(cty.String), "below": cty.NumberIntVal(-5), "rate": cty.NumberFloatVal(0.5),
			}),
			"local": cty.ObjectVal(map[string]cty.Value{"low": cty.NumberIntVal(1), "paid": cty.True}),
			"each":  cty.ObjectVal(map[string]cty.Value{"key": cty.StringVal("k"), "value": cty.StringVal("v")}),
		}},
		Functions: map[string]*Function{
			"hhmm": {Name: "hhmm", Params: []string{"x"}, Result: hhmm}, "twice": {Name: "twice", Params: []string{"x"}, Result: twice},
			"loop": {Name: "loop", Params: []string{"x"}, Result: loop}, "back": {Name: "back", Params: []string{"x"}, Result: back},
			"free": {Name: "free", Params: []string{"amount"}, Result: mustExpr("amuont + 1")}, "upper": {Name: "upper", Result: mustExpr("1")},
			"each_plus": {Name: "each_plus", Params: []string{"xs", "add"}, Result: each},
		},
	}
}

func mustExpr(text string) hclsyntax.Expression {
	e, diags := hclsyntax.ParseExpression([]byte(text), fileName, hcl.InitialPos)
	if diags.HasErrors() {
		panic(diags)
	}
	return e
}

// read parses text, with its source known so that comments are found.
func read(text string) (Node, hcl.Diagnostics) {
	file, diags := hclsyntax.ParseConfig([]byte("x = "+text+"\n"), fileName, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, diags
	}
	attrs, diags := file.Body.JustAttributes()
	if diags.HasErrors() {
		return nil, diags
	}
	env := testEnv()
	env.Files = map[string]*hcl.File{fileName: file}
	return Parse(attrs["x"].Expr, env)
}

func testColumns(t testing.TB) coltype.Schema {
	t.Helper()
	types := [][2]string{
		{"id", "long"}, {"n", "int"}, {"amount", "decimal(12, 2)"}, {"tiny", "decimal(38, 30)"}, {"rate", "double"}, {"small", "float"}, {"email", "string"},
		{"paid", "boolean"}, {"day", "date"}, {"at", "timestamp"}, {"seen", "timestamptz"}, {"clock", "time"}, {"key", "uuid"}, {"raw", "binary"},
		{"tags", "list(string)"}, {"labels", "map(string, long)"}, {"codes", "map(int, string)"}, {"place", "object({ city = string, zip = int })"},
		{"lines", "list(object({ item = string, price = double }))"}, {"odd name", "string"}, {"_etl_row", "long"},
	}
	var out coltype.Schema
	for _, c := range types {
		ty, err := coltype.Parse(c[1])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, coltype.Field{Name: c[0], Type: ty})
	}
	return out
}

func testScope(t testing.TB) *Scope {
	return &Scope{
		Relations: []Relation{
			{Name: "orders", Columns: testColumns(t), Hidden: map[string]bool{"_etl_row": true}},
			{Name: "c", Columns: coltype.Schema{{Name: "name", Type: coltype.Of(coltype.String)}, {Name: "odd one", Type: coltype.Of(coltype.Int)}}},
		},
		Where: "step derive of table.silver.orders",
	}
}

func one(diags hcl.Diagnostics) string {
	var parts []string
	for _, d := range diags {
		parts = append(parts, d.Summary+": "+d.Detail)
	}
	return strings.Join(parts, " | ")
}
