package compile_test

import (
	"strings"
	"testing"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

func contractTable(change func(*config.Table)) *config.Table {
	tab := target(table("silver", "orders"))
	change(tab)
	return tab
}

func TestContract(t *testing.T) {
	long, wide := coltype.Of(coltype.Long), coltype.DecimalOf(20, 2)
	tab := contractTable(func(tab *config.Table) {
		tab.Columns = []config.ColumnDecl{{Name: "n", Doc: "How many.", Type: &long, Required: true}, {Name: "amount", Type: &wide}}
		tab.Partition = []config.Transform{{Name: "month", Column: "day"}, {Name: "bucket", Arg: 16, Column: "n"}}
		tab.Sort = []config.SortKey{asc(t, "day"), desc(t, "n")}
		tab.Write = config.Write{Mode: "merge", Key: []string{"n"}}
	})
	out, diags := compile.Contract(tab, schema(t, "n", "int", "amount", "decimal(12, 2)", "day", "date"))
	if diags.HasErrors() {
		t.Fatal(describe(diags))
	}
	if n := out[0]; n.Type.Kind != coltype.Long || !n.Required || n.Doc != "How many." {
		t.Errorf("n is %+v", n)
	}
	if out[1].Type.String() != "decimal(20, 2)" || out[2].Name != "day" {
		t.Errorf("columns %+v", out)
	}
}

func TestContractMistakes(t *testing.T) {
	short := coltype.Of(coltype.Int)
	columns := schema(t, "id", "long", "rate", "double", "day", "date", "tags", "list(string)", "name", "string", "_etl_loaded_at", "timestamptz")
	cases := []struct {
		change func(*config.Table)
		want   string
	}{
		{func(tab *config.Table) { tab.Columns = []config.ColumnDecl{{Name: "naem"}} }, `This table has no column "naem". Did you mean "name"? Its columns are: id, rate, day, tags, name.`},
		{func(tab *config.Table) { tab.Columns = []config.ColumnDecl{{Name: "id", Type: &short}} }, `declared int but computed as long. Change the declaration, or cast the column in a step: cast { id = int }.`},
		{func(tab *config.Table) { tab.Write.Key = []string{"key"} }, `no column "key"`},
		{func(tab *config.Table) { tab.Write.Key = []string{"rate"} }, `The key "rate" is double.`},
		{func(tab *config.Table) { tab.Write.Key = []string{"tags"} }, `The key "tags" is list(string).`},
		{func(tab *config.Table) { tab.Write.By, tab.Write.Lookback = []string{"id"}, "3d" }, `A lookback counts back in time, but the column "id" is long.`},
		{func(tab *config.Table) { tab.Write.By, tab.Write.Lookback = []string{"day"}, "3 days" }, `"3 days" is no duration.`},
		{func(tab *config.Table) { tab.Partition = []config.Transform{{Name: "month", Column: "name"}} }, `The transform month doesn't take string`},
		{func(tab *config.Table) { tab.Partition = []config.Transform{{Name: "hour", Column: "day"}} }, `for a date use day.`},
		{func(tab *config.Table) { tab.Partition = []config.Transform{{Name: "bucket", Column: "rate"}} }, `The transform bucket doesn't take double`},
		{func(tab *config.Table) { tab.Partition = []config.Transform{{Name: "truncate", Column: "day"}} }, `The transform truncate doesn't take date`},
		{func(tab *config.Table) { tab.Partition = []config.Transform{{Name: "identity", Column: "tags"}} }, `Partition by a column that isn't nested.`},
		{func(tab *config.Table) { tab.Partition = []config.Transform{{Name: "day", Column: "dya"}} }, `Did you mean "day"?`},
		{func(tab *config.Table) { tab.Sort = []config.SortKey{asc(t, "lower(name)")} }, `derive it first`},
		{func(tab *config.Table) { tab.Sort = []config.SortKey{asc(t, "tags")} }, `sorts by columns that aren't nested`},
		{func(tab *config.Table) { tab.Sort = []config.SortKey{asc(t, "nam")} }, `Did you mean "name"?`},
	}
	for _, c := range cases {
		_, diags := compile.Contract(contractTable(c.change), columns)
		if got := describe(diags); !diags.HasErrors() || !strings.Contains(got, c.want) {
			t.Errorf("%s\nwant %s", got, c.want)
		}
	}
}

func TestSQLTable(t *testing.T) {
	l := newLake(t)
	text := "SELECT 1::HUGEINT AS big, 2::UTINYINT AS tiny, 'x'::ENUM('x', 'y') AS e, '{}'::JSON AS j, TIMESTAMP_NS '2026-01-01 00:00:00.123456789' AS at; -- done;\n/* ; */ "
	tab := contractTable(func(tab *config.Table) {
		tab.From, tab.SQL = nil, &config.SQL{Text: text}
		wide := coltype.Of(coltype.Long)
		tab.Columns = []config.ColumnDecl{{Name: "tiny", Type: &wide, Doc: "Small."}}
	})
	out, diags := compile.SQLTable(tab, schema(t, "big", "decimal(38, 0)", "tiny", "int", "e", "string", "j", "string", "at", "timestamp"))
	if diags.HasErrors() {
		t.Fatal(describe(diags))
	}
	checkTypes(t, l, out)
	if got := l.rows(t, out.Query); got[0] != `{"big":1,"tiny":2,"e":"x","j":"{}","at":"2026-01-01 00:00:00.123456"}` {
		t.Errorf("rows %v", got)
	}
	if out.Incremental.Kind != compile.Recompute || out.Columns[1].Doc != "Small." || out.Columns[0].ID != 0 {
		t.Errorf("%+v", out)
	}
}

func TestSQLTableMistakes(t *testing.T) {
	cases := []struct{ text, columns, want string }{
		{"SELECT 1 AS a; SELECT 2", "a long", "something after its semicolon"},
		{"SELECT ';' AS a, $$;$$ AS \";\" -- ;\n", "a string", ""},
		{"SELECT $x$ ; $x$ AS a, E'\\';' AS b", "a string b string", ""},
		{"SELECT 1 AS a, 2 AS A", "a long A long", `gives the columns "a" and "A"`},
		{"SELECT 1", " long", "Column 1 of this query has no name."},
		{"SELECT 1 AS _etl_x", "_etl_x long", "Reserved column name"},
		{"SELECT NULL AS a", "a unknown", `CAST(… AS VARCHAR) AS a`},
		{"SELECT", "", "gives no columns"},
	}
	for _, c := range cases {
		tab := contractTable(func(tab *config.Table) { tab.From, tab.SQL = nil, &config.SQL{Text: c.text} })
		var columns coltype.Schema
		for i, parts := 0, strings.Split(c.columns, " "); i+1 < len(parts); i += 2 {
			kind, _ := coltype.KindOf(parts[i+1])
			columns = append(columns, coltype.Field{Name: parts[i], Type: coltype.Of(kind)})
		}
		_, diags := compile.SQLTable(tab, columns)
		if got := describe(diags); diags.HasErrors() != (c.want != "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.text, got, c.want)
		}
	}
}
