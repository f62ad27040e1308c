package ducksql_test

import (
	"testing"
	"time"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/automic-etl/etl/engine/compile/ducksql"
	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// FuzzRender: whatever Bind accepts, DuckDB accepts too, and says the same type.
func FuzzRender(f *testing.F) {
	for _, b := range expr.Builtins() {
		if b.Kind == expr.Scalar {
			f.Add(b.Example)
		}
	}
	for _, c := range valueCases() {
		f.Add(c[0])
	}
	db := open(f)
	if _, err := db.Exec("CREATE TABLE t AS SELECT " + nulls(columns(f))); err != nil {
		f.Fatal(err)
	}
	scope := &expr.Scope{Relations: []expr.Relation{{Columns: columns(f)}}}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return // refused when the file is read
		}
		e, diags := hclsyntax.ParseExpression([]byte(text), "x", hcl.InitialPos)
		if diags.HasErrors() {
			return
		}
		n, diags := expr.Parse(e, expr.Env{})
		if diags.HasErrors() {
			return
		}
		bound, diags := expr.Bind(n, scope)
		if diags.HasErrors() || bound.Type.Kind == coltype.Unknown || bound.Type.Kind == expr.Days || bound.Type.Kind == expr.Interval {
			return
		}
		sqlText := ducksql.At(ducksql.Renderer{Names: ducksql.Names{"": "t"}}.Expr(bound), time.Unix(1e9, 0))
		var got, want string
		err := db.QueryRow("SELECT (SELECT column_type FROM (DESCRIBE SELECT "+sqlText+" AS v FROM t)), (SELECT column_type FROM (DESCRIBE SELECT "+dialect.Cast("NULL", bound.Type)+" AS v))").Scan(&got, &want)
		if err != nil {
			t.Fatalf("%s\n%s\n%v", n, sqlText, err)
		}
		if got != want {
			t.Fatalf("%s is %s in DuckDB, Bind says %s\n%s", n, got, want, sqlText)
		}
	})
}
