package compile_test

import (
	"context"
	"database/sql"
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

var runAt = time.Date(2026, 11, 23, 2, 55, 40, 0, time.UTC)

// failer is what testing.T and rapid.T have in common.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func parse(t failer, text string) hclsyntax.Expression {
	t.Helper()
	e, diags := hclsyntax.ParseExpression([]byte(text), "orders.etl.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatalf("%s: %s", text, diags)
	}
	return e
}

func node(t failer, text string) expr.Node {
	t.Helper()
	n, diags := expr.Parse(parse(t, text), expr.Env{})
	if diags.HasErrors() {
		t.Fatalf("%s: %s", text, diags)
	}
	return n
}

// assign reads `{ a = x, b = y }`.
func assign(t failer, text string) []config.Assignment {
	t.Helper()
	list, diags := expr.ParseAssignments(parse(t, text), expr.Env{})
	if diags.HasErrors() {
		t.Fatalf("%s: %s", text, diags)
	}
	out := make([]config.Assignment, len(list))
	for i, a := range list {
		out[i] = config.Assignment(a)
	}
	return out
}

func nodes(t failer, texts ...string) []expr.Node {
	t.Helper()
	var out []expr.Node
	for _, text := range texts {
		out = append(out, node(t, text))
	}
	return out
}

func by(t failer, names ...string) []config.Assignment {
	t.Helper()
	var out []config.Assignment
	for _, name := range names {
		out = append(out, config.Assignment{Name: name, Expr: node(t, name)})
	}
	return out
}

func asc(t failer, text string) config.SortKey {
	t.Helper()
	return config.SortKey{Expr: node(t, text)}
}

func desc(t failer, text string) config.SortKey {
	t.Helper()
	return config.SortKey{Expr: node(t, text), Desc: true}
}

func head(kind string) config.Header {
	return config.Header{Type: kind, Src: hcl.Range{Filename: "orders.etl.hcl", Start: hcl.InitialPos, End: hcl.InitialPos}}
}

func refs(names ...string) []config.ColumnRef {
	var out []config.ColumnRef
	for _, name := range names {
		out = append(out, config.ColumnRef{Name: name})
	}
	return out
}

func schema(t failer, pairs ...string) coltype.Schema {
	t.Helper()
	var out coltype.Schema
	for i := 0; i < len(pairs); i += 2 {
		ty, err := coltype.Parse(pairs[i+1])
		if err != nil {
			t.Fatalf("%v", err)
		}
		out = append(out, coltype.Field{ID: i + 1, Name: pairs[i], Type: ty})
	}
	return out
}

func table(layer, name string) addr.Address {
	return addr.Address{Kind: addr.Table, Type: layer, Name: name}
}

func ident(layer, name string) addr.Ident { return addr.Ident{Namespace: layer, Name: name} }

// target is a table that reads silver.orders.
func target(from addr.Address, steps ...config.Step) *config.Table {
	return &config.Table{Addr: table("gold", "out"), Ident: ident("gold", "out"), From: &from, Steps: steps, Write: config.Write{Mode: "replace"}}
}

type lake struct {
	conn *sql.Conn
}

func newLake(t testing.TB) *lake {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(); _ = db.Close() })
	l := &lake{conn: conn}
	for _, stmt := range []string{"SET TimeZone='Asia/Tokyo'", "SET threads=2"} {
		l.exec(t, stmt)
	}
	for _, s := range []string{"bronze", "silver", "gold", compile.NewSchema, compile.KeysSchema, compile.ReferencedSchema("silver")} {
		l.exec(t, "CREATE SCHEMA "+s)
	}
	return l
}

func (l *lake) exec(t failer, stmt string) {
	t.Helper()
	if _, err := l.conn.ExecContext(context.Background(), compile.At(stmt, runAt)); err != nil {
		t.Fatalf("%s\n%v", stmt, err)
	}
}

// create makes an empty table.
func (l *lake) create(t failer, id addr.Ident, columns coltype.Schema) {
	t.Helper()
	var parts []string
	for _, f := range columns {
		parts = append(parts, dialect.Ident(f.Name)+" "+dialect.Type(f.Type))
	}
	l.exec(t, fmt.Sprintf("CREATE OR REPLACE TABLE %s.%s (%s)", dialect.Ident(id.Namespace), dialect.Ident(id.Name), strings.Join(parts, ", ")))
}

// rows are the result as text, one string a row.
func (l *lake) rows(t failer, query string) []string {
	t.Helper()
	wrapped := "SELECT CAST(to_json(q) AS VARCHAR) FROM (" + compile.At(query, runAt) + ") AS q"
	rows, err := l.conn.QueryContext(context.Background(), wrapped)
	if err != nil {
		t.Fatalf("%s\n%v", query, err)
	}
	defer func() { _ = rows.Close() }()
	out := []string{}
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatalf("%v", err)
		}
		out = append(out, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s\n%v", query, err)
	}
	return out
}

func sorted(rows []string) []string {
	sort.Strings(rows)
	return rows
}

// types are DuckDB's types of a query's columns.
func (l *lake) types(t failer, query string) []string {
	t.Helper()
	rows, err := l.conn.QueryContext(context.Background(), "SELECT column_name || ' ' || column_type FROM (DESCRIBE "+compile.At(query, runAt)+")")
	if err != nil {
		t.Fatalf("%s\n%v", query, err)
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatalf("%v", err)
		}
		out = append(out, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s\n%v", query, err)
	}
	return out
}

func mustCompile(t failer, tab *config.Table, inputs compile.Inputs) *compile.Compiled {
	t.Helper()
	c, diags := compile.Table(tab, inputs)
	if diags.HasErrors() {
		t.Fatalf("%s", describe(diags))
	}
	return c
}

func describe(diags hcl.Diagnostics) string {
	var parts []string
	for _, d := range diags {
		parts = append(parts, d.Summary+": "+d.Detail)
	}
	return strings.Join(parts, "\n")
}

func union(parts ...[]string) []string {
	var out []string
	for _, p := range parts {
		out = append(out, p...)
	}
	return sorted(out)
}
