package ducksql_test

import (
	"database/sql"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/automic-etl/etl/engine/compile/ducksql"
	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// columns are what the examples of the functions name.
func columns(t testing.TB) coltype.Schema {
	t.Helper()
	types := [][2]string{
		{"email", "string"}, {"code", "string"}, {"name", "string"}, {"phone", "string"}, {"tags", "string"}, {"first", "string"},
		{"last", "string"}, {"path_text", "string"}, {"nickname", "string"}, {"region", "string"}, {"id_text", "string"},
		{"payload", "string"}, {"day_text", "string"}, {"stars", "long"}, {"balance", "int"}, {"seconds_total", "long"}, {"millis", "long"},
		{"amount", "decimal(12, 2)"}, {"distance", "double"}, {"rate", "double"}, {"angle", "double"}, {"lat", "double"}, {"lon", "double"},
		{"small", "float"}, {"order_date", "date"}, {"shipped_date", "date"}, {"updated_at", "timestamp"}, {"departed_at", "timestamp"},
		{"seen_at", "timestamptz"}, {"at_time", "time"}, {"paid", "boolean"}, {"tags_list", "list(string)"}, {"prices", "list(decimal(8, 2))"},
		{"labels", "map(string, string)"}, {"counts", "list(long)"}, {"place", "object({ city = string, zip = int })"},
		{"lines", "list(object({ item = string, price = double }))"}, {"raw", "binary"}, {"key", "uuid"},
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

func open(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	for _, stmt := range []string{"SET TimeZone='America/New_York'", "SET autoinstall_known_extensions=false"} {
		if _, err := db.Exec(stmt); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

func bind(t testing.TB, text string, scope *expr.Scope) *expr.Typed {
	t.Helper()
	e, diags := hclsyntax.ParseExpression([]byte(text), "test.etl.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatalf("%s: %s", text, diags)
	}
	n, diags := expr.Parse(e, expr.Env{})
	if diags.HasErrors() {
		t.Fatalf("%s: %s", text, diags)
	}
	bound, diags := expr.Bind(n, scope)
	if diags.HasErrors() {
		t.Fatalf("%s: %s", text, diags)
	}
	return bound
}

func over(f expr.Builtin) *ducksql.Over {
	if f.Kind != expr.WindowKind {
		return nil
	}
	return &ducksql.Over{Partition: []string{`"t"."region"`}, Order: []string{`"t"."order_date" NULLS LAST`}, Ties: []string{`"t"."order_date"`, `"t"."name"`}}
}

// TestExamplesHaveTheirTypes runs every function's example and compares DuckDB's type with the one that Bind says.
func TestExamplesHaveTheirTypes(t *testing.T) {
	db := open(t)
	if _, err := db.Exec("CREATE TABLE t AS SELECT " + nulls(columns(t))); err != nil {
		t.Fatal(err)
	}
	for _, f := range expr.Builtins() {
		t.Run(f.Name, func(t *testing.T) {
			scope := &expr.Scope{Relations: []expr.Relation{{Columns: columns(t)}}, Aggregates: f.Kind == expr.AggregateKind, Windows: f.Kind == expr.WindowKind}
			bound := bind(t, f.Example, scope)
			sqlText := ducksql.Renderer{Names: ducksql.Names{"": "t"}, Over: over(f)}.Expr(bound)
			checkType(t, db, f.Example, sqlText, bound.Type)
		})
	}
}

func nulls(schema coltype.Schema) string {
	text := ""
	for i, f := range schema {
		if i > 0 {
			text += ", "
		}
		text += dialect.Cast("NULL", f.Type) + " AS " + dialect.Ident(f.Name)
	}
	return text
}

func checkType(t *testing.T, db *sql.DB, source, text string, want coltype.Type) {
	t.Helper()
	text = ducksql.At(text, time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC))
	if want.Kind == expr.Days || want.Kind == expr.Interval {
		want = coltype.Of(coltype.String)
		text = "CAST(" + text + " AS VARCHAR)"
	}
	var got, wanted string
	err := db.QueryRow("SELECT typeof(v), typeof("+dialect.Cast("NULL", want)+") FROM (SELECT "+text+" AS v FROM t)").Scan(&got, &wanted)
	if err != nil {
		t.Fatalf("%s\n%s\n%v", source, text, err)
	}
	if got != wanted {
		t.Errorf("%s: DuckDB says %s, Bind says %s\n%s", source, got, want, text)
	}
}

// TestAggregatesOverWindows runs every aggregate as a window function, with and without an order.
func TestAggregatesOverWindows(t *testing.T) {
	db := open(t)
	if _, err := db.Exec("CREATE TABLE t AS SELECT " + nulls(columns(t)) + " FROM range(3)"); err != nil {
		t.Fatal(err)
	}
	scope := &expr.Scope{Relations: []expr.Relation{{Columns: columns(t)}}, Windows: true}
	for _, f := range expr.Builtins() {
		if f.Kind == expr.Scalar {
			continue
		}
		ordered := over(expr.Builtin{Kind: expr.WindowKind})
		for _, o := range []*ducksql.Over{ordered, {Partition: ordered.Partition}, {}} {
			bound := bind(t, f.Example, scope)
			text := ducksql.Renderer{Names: ducksql.Names{"": "t"}, Over: o}.Expr(bound)
			var got, want string
			err := db.QueryRow("SELECT typeof(v), typeof("+dialect.Cast("NULL", bound.Type)+") FROM (SELECT "+text+" AS v FROM t) LIMIT 1").Scan(&got, &want)
			if err != nil || got != want {
				t.Errorf("%s: %s, want %s\n%s\n%v", f.Example, got, want, text, err)
			}
		}
	}
}
