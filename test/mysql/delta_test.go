package mysql_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers"
	"github.com/automic-etl/etl/providers/outputtest"
)

// followed plays the host of a delta source: it keeps the log of changes and the state that they make.
type followed struct {
	lab     *lab
	cfg     sdk.Config
	columns coltype.Schema // recorded
	cursor  []byte
	last    string   // the greatest position
	ops     []string // of the last run
	state   map[string][]any
	bad     []sdk.BadRow
}

func (l *lab) follow(source map[string]cty.Value) *followed {
	cfg := l.source(source)
	cfg.Mode = "delta"
	described := providers.BuiltIn()["mysql"].Schema().Extract["delta"]
	cfg.Extract = cty.ObjectVal(block(described.ImpliedType(), nil))
	return &followed{lab: l, cfg: cfg, state: map[string][]any{}}
}

func (f *followed) plan() (*sdk.PlanResponse, sdk.Diagnostics) {
	req := sdk.PlanRequest{Columns: f.columns}
	if f.cursor != nil {
		req.Cursor = map[string][]byte{"": f.cursor}
	}
	return providers.BuiltIn()["mysql"].Plan(context.Background(), f.cfg, req)
}

// run plans, reads and applies.
func (f *followed) run() *sdk.PlanResponse {
	f.lab.t.Helper()
	response, diags := f.plan()
	if diags.HasErrors() {
		f.lab.t.Fatal(diags)
	}
	f.ops = nil
	if response.Changed {
		if err := f.read(response); err != nil {
			f.lab.t.Fatal(err)
		}
	}
	return response
}

func (f *followed) read(response *sdk.PlanResponse) error {
	f.lab.t.Helper()
	f.columns = coltype.UnifySchema(f.columns, response.Columns)
	request := sdk.ReadRequest{Columns: sdk.Followed(f.columns), Until: response.Until, BatchSize: 7}
	if f.cursor != nil {
		request.Cursor = map[string][]byte{"": f.cursor}
	}
	got := outputtest.NewRecorder(f.lab.t, request.Columns)
	if err := providers.BuiltIn()["mysql"].Read(f.lab.t.Context(), f.cfg, request, got); err != nil {
		return err
	}
	f.ops, f.cursor, f.bad = nil, got.Cursor, append(f.bad, got.BadRows...)
	for i, row := range got.Rows {
		if row.Number != int64(i+1) {
			f.lab.t.Errorf("row %d has the number %d", i+1, row.Number)
		}
		f.apply(response.Key, row.Values)
	}
	return nil
}

// apply takes a change: positions only ever grow.
func (f *followed) apply(key []string, values []any) {
	n := len(f.columns)
	op, position := fmt.Sprint(values[n]), fmt.Sprint(values[n+1])
	if position <= f.last {
		f.lab.t.Errorf("the position %s of %s follows %s", position, op, f.last)
	}
	f.last, f.ops = position, append(f.ops, op)
	var parts []string
	for _, name := range key {
		parts = append(parts, fmt.Sprint(values[f.columns.Index(name)]))
	}
	id := strings.Join(parts, "|")
	switch op {
	case sdk.Truncate:
		clear(f.state)
	case sdk.Delete:
		delete(f.state, id)
	default:
		f.state[id] = values[:n]
	}
}

// check compares the state with the table, column by column.
func (f *followed) check(what string) {
	f.lab.t.Helper()
	cfg := f.cfg
	cfg.Mode = "batch"
	got := f.lab.load(cfg, false)
	var want, have []string
	for _, row := range got.Rows {
		want = append(want, f.spell(got.Columns, row.Values))
	}
	for _, row := range f.state {
		have = append(have, f.spell(f.columns, row, got.Columns...))
	}
	slices.Sort(want)
	slices.Sort(have)
	if !slices.Equal(want, have) {
		f.lab.t.Fatalf("%s: the state is\n%s\ninstead of\n%s", what, strings.Join(have, "\n"), strings.Join(want, "\n"))
	}
}

// spell names the columns that are not null, and of those recorded the ones that are still there.
func (f *followed) spell(columns coltype.Schema, values []any, there ...coltype.Field) string {
	var parts []string
	for i, v := range values {
		if _, still := coltype.Schema(there).Lookup(columns[i].Name); v != nil && (there == nil || still) {
			parts = append(parts, columns[i].Name+"="+fmt.Sprint(v))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}

// TestDelta goes through what can happen to a table.
func TestDelta(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE orders (id int primary key, v varchar(20), n int)", "INSERT INTO orders VALUES (1, 'one', 1), (2, 'two', 2)", "CREATE TABLE other (id int)")
		f := l.follow(table("orders"))
		first := f.run()
		if !first.Snapshot || !slices.Equal(first.Key, []string{"id"}) || !slices.Equal(f.ops, []string{"truncate", "insert", "insert"}) {
			t.Errorf("%+v, %v", first, f.ops)
		}
		f.check("snapshot")
		if again := f.run(); again.Changed || again.Snapshot {
			t.Errorf("nothing happened: %+v", again)
		}
		for _, step := range []struct {
			statements []string
			ops        string
		}{
			{[]string{"INSERT INTO orders VALUES (3, 'three', 3)", "UPDATE orders SET v = 'zwei' WHERE id = 2", "DELETE FROM orders WHERE id = 1"}, "insert update delete"},
			{[]string{"UPDATE orders SET id = 20 WHERE id = 2", "UPDATE orders SET id = id + 1 ORDER BY id DESC"}, "delete insert delete insert delete insert"},
			{[]string{"INSERT INTO other VALUES (1)"}, ""},
			{[]string{"TRUNCATE TABLE orders", "INSERT INTO orders VALUES (7, 'seven', 7)"}, "truncate insert"},
			{[]string{"ALTER TABLE orders ADD COLUMN d date FIRST", "INSERT INTO orders VALUES ('2024-01-01', 8, 'eight', 8)"}, "insert"},
			{[]string{"UPDATE orders SET n = 70 WHERE id = 7", "ALTER TABLE orders DROP COLUMN n", "UPDATE orders SET v = 'acht' WHERE id = 8"}, "update update"},
			{[]string{"ALTER TABLE orders CHANGE v w varchar(30) character set latin1", "UPDATE orders SET w = 'huit é' WHERE id = 8"}, "update"},
			{[]string{"DELETE FROM orders", "INSERT INTO orders (id, w) SELECT 1, 'x' UNION SELECT 2, 'y' UNION SELECT 3, 'z'"}, "delete delete insert insert insert"},
			{[]string{"DROP TABLE orders", "CREATE TABLE orders (id int primary key, w text, big bigint unsigned)", "INSERT INTO orders VALUES (5, 'new', 18446744073709551615)"}, "truncate insert"},
			{[]string{"REPLACE INTO orders VALUES (5, 'newer', 1)"}, "update"},
			{[]string{"INSERT INTO orders VALUES (5, 'newest', 1) ON DUPLICATE KEY UPDATE w = VALUES(w)"}, "update"},
		} {
			l.exec(step.statements...)
			f.run()
			if got := strings.Join(f.ops, " "); got != step.ops {
				t.Errorf("%v gives %q instead of %q", step.statements, got, step.ops)
			}
			if !strings.Contains(step.statements[0], "CHANGE v w") { // rows that don't change keep their value under the old name
				f.check(step.statements[0])
			}
		}
	})
}

// TestDeltaTypes looks whether the log's values are those of a query: each type, written after the snapshot.
func TestDeltaTypes(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		all := append(values(), own(l.flavor)...)
		if l.flavor == "mysql" {
			for _, document := range documents() {
				all = append(all, value{"json", "string", document, ""})
			}
		}
		l.exec(createTyped("typed", all))
		f := l.follow(table("typed"))
		f.run()
		l.exec(insertTyped("typed", 1, all), "INSERT INTO typed (id) VALUES (2)", "UPDATE typed SET id = id + 10")
		f.run()
		if len(f.bad) > 0 {
			t.Errorf("%+v", f.bad)
		}
		f.check("types")
		l.exec("DELETE FROM typed WHERE c0 IS NULL")
		f.run()
		f.check("deleted")
	})
}

// documents are JSON values of all kinds and sizes.
func documents() []string {
	long := strings.Repeat("x", 70_000)
	return []string{
		`'null'`, `'true'`, `'0'`, `'-1'`, `'65535'`, `'-32769'`, `'4294967295'`, `'18446744073709551615'`, `'-9223372036854775808'`, `'1.0'`, `'1e15'`, `'1e14'`, `'1e16'`,
		`'123456789012345.6'`, `'1e-14'`, `'1.5e-15'`, `'1e-16'`, `'2.5e-17'`, `'1.7976931348623157e308'`, `'-0.0'`, `'0.1'`, `'""'`, `'"a\\"b\\\\c\\n\\t\\u0001é😀/"'`, `'[]'`, `'{}'`,
		`'[[], {}, [1, [2, {"a": [null]}]]]'`, `'{"b": 1, "aa": 2, "": 3}'`, `JSON_ARRAY(CAST(1.50 AS DECIMAL(10,2)), CAST('2024-02-29' AS DATE), CAST('12:00:01.5' AS TIME(2)),
			CAST('-100:00:01' AS TIME), CAST('2024-02-29 12:00:01.000001' AS DATETIME(6)))`, `JSON_ARRAY(x'00ff', b'101')`, `JSON_OBJECT('long', '` + long + `', 'n', 70000)`,
		`JSON_ARRAY('` + long + `', 1, 40000, 5000000000)`,
	}
}

// TestDeltaOdd checks what is logged in no ordinary way.
func TestDeltaOdd(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE odd (a int, b varchar(9), d date, primary key (b, a))", "CREATE TABLE keyless (a int, b int)", "INSERT INTO keyless VALUES (1, 1), (1, 1)")
		f, k := l.follow(table("odd")), l.follow(table("keyless"))
		f.run()
		if response := k.run(); !strings.Contains(response.Warnings.Error(), "No key") {
			t.Errorf("%+v", response)
		}
		conn, err := l.db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		for _, statement := range []string{"SET sql_mode = ''", "INSERT INTO odd VALUES (1, 'x', '0000-00-00'), (2, 'x', '2024-01-01'), (3, 'x', '2024-01-01'), (4, 'x', '2024-01-01')",
			"UPDATE odd SET d = '2024-00-00' WHERE a = 2", "UPDATE odd SET d = '0000-00-00' WHERE a = 3", "UPDATE odd SET d = '2024-01-02' WHERE a = 3",
			"UPDATE odd SET d = '0000-00-00' WHERE a = 4", "DELETE FROM odd WHERE a = 4", "UPDATE keyless SET b = 2"} {
			if _, err := conn.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		f.run()
		f.check("unrepresentable dates")
		if len(f.bad) != 4 || !strings.Contains(f.bad[0].Position, "key b=x, a=1") || !strings.Contains(f.bad[0].Reason, "no date of the calendar") {
			t.Errorf("%+v", f.bad)
		}
		if k.run(); strings.Join(k.ops, " ") != "delete insert delete insert" {
			t.Errorf("%v", k.ops)
		}
	})
}
