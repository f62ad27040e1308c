package compile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// orders is a bronze table: its provenance is hidden from what follows.
func ordersLake(t testing.TB) (*lake, compile.Inputs) {
	l := newLake(t)
	orders := schema(t, "id", "long", "customer", "string", "amount", "decimal(12, 2)", "at", "timestamp", "tags", "list(string)",
		"_etl_run", "string", "_etl_loaded_at", "timestamptz", "_etl_source", "string", "_etl_row", "long")
	customers := schema(t, "id", "string", "name", "string", "odd name", "string")
	l.create(t, ident("bronze", "orders"), orders)
	l.create(t, ident("silver", "customers"), customers)
	l.exec(t, `INSERT INTO bronze.orders VALUES
		(1, 'a', 10.50, '2026-01-01 10:00:00', ['x', 'y'], 'r', '2026-01-02 00:00:00+00', 'f1', 1),
		(2, 'a', 20.00, '2026-01-01 10:20:00', [], 'r', '2026-01-02 00:00:00+00', 'f1', 2),
		(3, 'b', NULL, '2026-01-01 12:00:00', NULL, 'r', '2026-01-02 00:00:00+00', 'f2', 1),
		(3, 'b', 7.25, '2026-01-01 13:00:00', ['z'], 'r', '2026-01-02 00:00:00+00', 'f2', 2),
		(4, NULL, 1.00, NULL, ['z'], 'r', '2026-01-02 00:00:00+00', 'f2', 3)`)
	l.exec(t, `INSERT INTO silver.customers VALUES ('a', 'Ada', 'o'), ('c', 'Cy', 'p')`)
	return l, compile.Inputs{
		table("bronze", "orders"):    {Ident: ident("bronze", "orders"), Columns: orders},
		table("silver", "customers"): {Ident: ident("silver", "customers"), Columns: customers},
	}
}

type stepCase struct {
	name    string
	steps   func(t *testing.T) []config.Step
	columns string // names of the output
	rows    []string
	kind    string
	why     string
}

func stepCases() []stepCase {
	return []stepCase{
		{
			name: "nothing", steps: func(*testing.T) []config.Step { return nil },
			columns: "id customer amount at tags _etl_loaded_at", kind: "append",
		},
		{
			name: "filter derive select",
			steps: func(t *testing.T) []config.Step {
				return []config.Step{
					&config.Filter{Header: head("filter"), Where: node(t, "amount > 5 && customer != null")},
					&config.Derive{Header: head("derive"), Columns: assign(t, `{ amount = amount * 2, size = amount > 10 ? "large" : "small", file = _etl_source }`)},
					&config.Select{Header: head("select"), Columns: refs("id", "amount", "size", "file")},
				}
			},
			columns: "id amount size file _etl_loaded_at", kind: "append",
			rows: []string{
				`{"id":1,"amount":21.0,"size":"large","file":"f1","_etl_loaded_at":"2026-01-02 09:00:00+09"}`,
				`{"id":2,"amount":40.0,"size":"large","file":"f1","_etl_loaded_at":"2026-01-02 09:00:00+09"}`,
				`{"id":3,"amount":14.5,"size":"small","file":"f2","_etl_loaded_at":"2026-01-02 09:00:00+09"}`,
			},
		},
		{
			name: "the time of the load stays, named or not",
			steps: func(t *testing.T) []config.Step {
				return []config.Step{
					&config.Select{Header: head("select"), Columns: refs("id", "_etl_loaded_at", "customer")},
					&config.Select{Header: head("select"), Except: refs("_etl_loaded_at")},
					&config.Select{Header: head("select"), Columns: refs("_etl_loaded_at", "id")},
					&config.Select{Header: head("select"), Columns: refs("id")},
					&config.Filter{Header: head("filter"), Where: node(t, "id == 1")},
				}
			},
			columns: "id _etl_loaded_at", kind: "append",
			rows: []string{`{"id":1,"_etl_loaded_at":"2026-01-02 09:00:00+09"}`},
		},
		{
			name: "the time of the load stays, left out last",
			steps: func(t *testing.T) []config.Step {
				return []config.Step{
					&config.Filter{Header: head("filter"), Where: node(t, "id == 1")},
					&config.Select{Header: head("select"), Columns: refs("id", "_etl_loaded_at")},
					&config.Select{Header: head("select"), Except: refs("_etl_loaded_at")},
				}
			},
			columns: "id _etl_loaded_at", kind: "append",
			rows: []string{`{"id":1,"_etl_loaded_at":"2026-01-02 09:00:00+09"}`},
		},
		{
			name: "rename swaps",
			steps: func(t *testing.T) []config.Step {
				return []config.Step{
					&config.Select{Header: head("select"), Except: refs("tags", "at", "amount")},
					&config.Rename{Header: head("rename"), Columns: assign(t, `{ id = customer, customer = id }`)},
					&config.Filter{Header: head("filter"), Where: node(t, `id == "b"`)},
					&config.CastTo{Header: head("cast"), Columns: []config.ColumnType{{Name: "customer", Type: coltype.Of(coltype.String)}}},
				}
			},
			columns: "customer id _etl_loaded_at", kind: "append",
			rows: []string{
				`{"customer":"3","id":"b","_etl_loaded_at":"2026-01-02 09:00:00+09"}`,
				`{"customer":"3","id":"b","_etl_loaded_at":"2026-01-02 09:00:00+09"}`,
			},
		},
		{
			name: "dedupe keeps the latest",
			steps: func(t *testing.T) []config.Step {
				return []config.Step{
					&config.Dedupe{Header: head("dedupe"), Key: nodes(t, "id"), Keep: []config.SortKey{desc(t, "at")}},
					&config.Select{Header: head("select"), Columns: refs("id", "amount")},
				}
			},
			columns: "id amount", kind: "keys", why: "recomputes the keys that new rows touch: id",
			rows: []string{`{"id":1,"amount":10.5}`, `{"id":2,"amount":20.0}`, `{"id":3,"amount":7.25}`, `{"id":4,"amount":1.0}`},
		},
		{
			name: "dedupe by all columns",
			steps: func(t *testing.T) []config.Step {
				return []config.Step{
					&config.Aggregate{Header: head("aggregate"), By: by(t, "id", "customer"), Columns: nil},
					&config.Dedupe{Header: head("dedupe"), Key: nodes(t, "customer", "id")},
				}
			},
			columns: "id customer", kind: "none",
			rows: []string{`{"id":1,"customer":"a"}`, `{"id":2,"customer":"a"}`, `{"id":3,"customer":"b"}`, `{"id":4,"customer":null}`},
		},
		{
			name: "sort",
			steps: func(t *testing.T) []config.Step {
				return []config.Step{
					&config.SortBy{Header: head("sort"), Keys: []config.SortKey{desc(t, "amount * 2"), asc(t, "id")}},
					&config.Select{Header: head("select"), Columns: refs("id")},
					&config.Rename{Header: head("rename"), Columns: assign(t, "{ order_id = id }")},
				}
			},
			columns: "order_id _etl_loaded_at", kind: "append",
		},
		{
			name: "aggregate",
			steps: func(t *testing.T) []config.Step {
				return []config.Step{&config.Aggregate{
					Header: head("aggregate"), By: by(t, "customer"),
					Columns: assign(t, `{ orders = count(), revenue = sum(amount), share = sum(amount) / count(), latest = arg_max(id, at), ids = list_agg(id) }`),
				}}
			},
			columns: "customer orders revenue share latest ids", kind: "keys",
			rows: []string{
				`{"customer":"a","orders":2,"revenue":30.50,"share":15.25,"latest":2,"ids":[1,2]}`,
				`{"customer":"b","orders":2,"revenue":7.25,"share":3.625,"latest":3,"ids":[3,3]}`,
				`{"customer":null,"orders":1,"revenue":1.00,"share":1.0,"latest":null,"ids":[4]}`,
			},
		},
		{
			name: "total",
			steps: func(t *testing.T) []config.Step {
				return []config.Step{&config.Aggregate{Header: head("aggregate"), Columns: assign(t, `{ orders = count() }`)}}
			},
			columns: "orders", kind: "none", why: "recomputes fully: over the whole input: an aggregate", rows: []string{`{"orders":5}`},
		},
		{
			name: "left join",
			steps: func(t *testing.T) []config.Step {
				return []config.Step{
					&config.Join{Header: head("join"), How: "left", With: table("silver", "customers"), As: "c", On: node(t, "customer == c.id"), Columns: assign(t, `{ customer_name = c.name, odd = c["odd name"], own = orders.id }`)},
					&config.Select{Header: head("select"), Columns: refs("id", "customer_name", "odd", "own")},
				}
			},
			columns: "id customer_name odd own _etl_loaded_at", kind: "append",
		},
		{
			name: "anti join",
			steps: func(t *testing.T) []config.Step {
				return []config.Step{
					&config.Join{Header: head("join"), How: "anti", With: table("silver", "customers"), As: "customers", On: node(t, "customer == customers.id")},
					&config.Aggregate{Header: head("aggregate"), Columns: assign(t, `{ n = count() }`)},
				}
			},
			columns: "n", kind: "none", rows: []string{`{"n":3}`},
		},
		{
			name: "full join",
			steps: func(t *testing.T) []config.Step {
				return []config.Step{
					&config.Join{Header: head("join"), How: "full", With: table("silver", "customers"), As: "c", On: node(t, "customer == c.id"), Columns: assign(t, `{ customer = coalesce(customer, c.id), customer_name = c.name }`)},
					&config.Select{Header: head("select"), Columns: refs("id", "customer", "customer_name")},
					&config.Filter{Header: head("filter"), Where: node(t, "customer_name != null")},
				}
			},
			columns: "id customer customer_name", kind: "none", why: "recomputes fully: a full join, whose unmatched rows depend on all rows",
			rows: []string{`{"id":1,"customer":"a","customer_name":"Ada"}`, `{"id":2,"customer":"a","customer_name":"Ada"}`, `{"id":null,"customer":"c","customer_name":"Cy"}`},
		},
		{
			name: "unnest",
			steps: func(t *testing.T) []config.Step {
				return []config.Step{
					&config.Unnest{Header: head("unnest"), Column: config.ColumnRef{Name: "tags"}, As: "tag"},
					&config.Select{Header: head("select"), Columns: refs("id", "tag")},
				}
			},
			columns: "id tag _etl_loaded_at", kind: "append",
		},
		{
			name: "window",
			steps: func(t *testing.T) []config.Step {
				return []config.Step{
					&config.Window{Header: head("window"), By: nodes(t, "customer"), Order: []config.SortKey{asc(t, "at")}, Columns: assign(t, `{ previous = lag(id), total = sum(amount), n = row_number(), last = last_value(id), all_ids = list_agg(id) }`)},
					&config.Filter{Header: head("filter"), Where: node(t, `customer == "a"`)},
					&config.Select{Header: head("select"), Columns: refs("id", "customer", "previous", "total", "n", "last")},
				}
			},
			columns: "id customer previous total n last", kind: "keys",
			rows: []string{
				`{"id":1,"customer":"a","previous":null,"total":10.50,"n":1,"last":2}`,
				`{"id":2,"customer":"a","previous":1,"total":30.50,"n":2,"last":2}`,
			},
		},
		{
			name: "session",
			steps: func(t *testing.T) []config.Step {
				return []config.Step{
					&config.Session{Header: head("session"), By: nodes(t, "customer"), At: node(t, "at"), Gap: "30m", As: "visit"},
					&config.Aggregate{Header: head("aggregate"), By: by(t, "customer", "visit"), Columns: assign(t, `{ n = count() }`)},
					&config.Select{Header: head("select"), Columns: refs("customer", "n")},
				}
			},
			columns: "customer n", kind: "none", why: "recomputes fully: an aggregate after a session: the rows of a key can come from several keys before",
			rows: []string{`{"customer":"a","n":2}`, `{"customer":"b","n":1}`, `{"customer":"b","n":1}`, `{"customer":null,"n":1}`},
		},
		{
			name: "union by name",
			steps: func(t *testing.T) []config.Step {
				return []config.Step{
					&config.CastTo{Header: head("cast"), Columns: []config.ColumnType{{Name: "id", Type: coltype.Of(coltype.String)}}},
					&config.Union{Header: head("union"), With: []addr.Address{table("silver", "customers")}},
					&config.Filter{Header: head("filter"), Where: node(t, `id == "c" || id == "4"`)},
				}
			},
			columns: "id customer amount at tags name odd name", kind: "append",
			rows: []string{
				`{"id":"4","customer":null,"amount":1.0,"at":null,"tags":["z"],"name":null,"odd name":null}`,
				`{"id":"c","customer":null,"amount":null,"at":null,"tags":null,"name":"Cy","odd name":"p"}`,
			},
		},
	}
}

func TestSteps(t *testing.T) {
	l, inputs := ordersLake(t)
	for _, c := range stepCases() {
		t.Run(c.name, func(t *testing.T) {
			out := mustCompile(t, target(table("bronze", "orders"), c.steps(t)...), inputs)
			if got := strings.Join(out.Columns.Names(), " "); got != c.columns {
				t.Errorf("columns %s, want %s", got, c.columns)
			}
			checkTypes(t, l, out)
			if out.Incremental.Kind != c.kind || c.why != "" && out.Incremental.Why != c.why {
				t.Errorf("incremental %q, %q; want %q, %q", out.Incremental.Kind, out.Incremental.Why, c.kind, c.why)
			}
			if rows := sorted(l.rows(t, out.Query)); c.rows != nil && !slices.Equal(rows, c.rows) {
				t.Errorf("rows\n%s\nwant\n%s", strings.Join(rows, "\n"), strings.Join(c.rows, "\n"))
			}
		})
	}
}

func checkTypes(t failer, l *lake, out *compile.Compiled) {
	t.Helper()
	l.create(t, ident("gold", "typed"), out.Columns)
	if got, want := l.types(t, out.Query), l.types(t, "SELECT * FROM gold.typed"); !slices.Equal(got, want) {
		t.Fatalf("DuckDB's types %v, ours %v\n%s", got, want, out.Query)
	}
}

// TestSortIsTheOutputsOrder: the key is gone from the output, and decides its order all the same.
func TestSortIsTheOutputsOrder(t *testing.T) {
	l, inputs := ordersLake(t)
	out := mustCompile(t, target(table("bronze", "orders"),
		&config.SortBy{Header: head("sort"), Keys: []config.SortKey{desc(t, "amount")}},
		&config.Select{Header: head("select"), Columns: refs("id", "customer")},
		&config.Filter{Header: head("filter"), Where: node(t, "customer != null")},
		&config.Derive{Header: head("derive"), Columns: assign(t, "{ id = -id }")},
	), inputs)
	got := strings.Join(l.rows(t, "SELECT id FROM ("+out.Query+")"), " ")
	if want := `{"id":-2} {"id":-1} {"id":-3} {"id":-3}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestOddNames: no name of a user means anything in the statement.
func TestOddNames(t *testing.T) {
	l := newLake(t)
	odd := []string{"s0", "s1", "side", "k", "k0", "t", "select", `a"b`, "with spaces", "😀", "etl_new", "orders", "$1", "{{etl_now}}"}
	var columns coltype.Schema
	values := ""
	for i, name := range odd {
		columns = append(columns, coltype.Field{Name: name, Type: coltype.Of(coltype.String)})
		values += fmt.Sprintf("%s'v%d'", map[bool]string{true: ", "}[i > 0], i)
	}
	l.create(t, ident("silver", "orders"), columns)
	l.exec(t, "INSERT INTO silver.orders VALUES ("+values+")")
	inputs := compile.Inputs{table("silver", "orders"): {Ident: ident("silver", "orders"), Columns: columns}}
	for i, name := range odd {
		col := &expr.Column{Path: []string{name}}
		key := config.Assignment{Name: name, Expr: col}
		out := mustCompile(t, target(table("silver", "orders"),
			&config.Join{Header: head("join"), How: "inner", With: table("silver", "orders"), As: "s0", On: node(t, "now() != null"), Columns: []config.Assignment{{Name: "joined", Expr: &expr.Column{Path: []string{"s0", name}}}}},
			&config.Derive{Header: head("derive"), Columns: []config.Assignment{{Name: "copy", Expr: col}}},
			&config.Dedupe{Header: head("dedupe"), Key: []expr.Node{col}, Keep: []config.SortKey{{Expr: col}}},
			&config.Aggregate{Header: head("aggregate"), By: []config.Assignment{key, {Name: "copy", Expr: node(t, "copy")}, {Name: "joined", Expr: node(t, "joined")}}, Columns: assign(t, "{ n = count() }")},
		), inputs)
		checkTypes(t, l, out)
		got := l.rows(t, "SELECT [c1, c2, c3, c4::VARCHAR] AS r FROM ("+out.Query+") AS q(c1, c2, c3, c4)")
		if want := fmt.Sprintf(`{"r":["v%d","v%d","v%d","1"]}`, i, i, i); len(got) != 1 || got[0] != want {
			t.Errorf("%s: got %v, want %s", name, got, want)
		}
	}
}
