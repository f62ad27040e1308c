package compile_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

func chainInputs(t failer) compile.Inputs {
	orders := schema(t, "id", "long", "customer", "string", "amount", "decimal(12, 2)", "qty", "int", "at", "timestamp", "tags", "list(string)", "_etl_loaded_at", "timestamptz")
	return compile.Inputs{
		table("silver", "orders"):    {Ident: ident("silver", "orders"), Columns: orders},
		table("silver", "more"):      {Ident: ident("silver", "more"), Columns: orders},
		table("silver", "customers"): {Ident: ident("silver", "customers"), Columns: schema(t, "id", "string", "name", "string")},
	}
}

// TestOutlineOfSoundTables: where nothing is wrong, the outline has the columns of the query.
func TestOutlineOfSoundTables(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		inputs, tab := chainInputs(t), target(table("silver", "orders"), chain(t)...)
		want := mustCompile(t, tab, inputs).Columns
		shape, diags := compile.Outline(tab, inputs)
		if diags.HasErrors() || !shape.Whole() || !slices.EqualFunc(shape.Columns, want, func(a, b coltype.Field) bool { return a.Name == b.Name && a.Type.Equal(b.Type) }) {
			t.Fatalf("got %v\nwant %v\n%s", shape, want, describe(diags))
		}
	})
}

// TestNothingFollowsFromAMistake: of a table without mistakes, whatever is hidden, no mistake shows.
func TestNothingFollowsFromAMistake(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		inputs, steps := chainInputs(t), chain(t)
		for i := range steps {
			if rapid.IntRange(0, 2).Draw(t, "hide") == 0 {
				steps[i] = hide(t, steps[i])
			}
		}
		for _, name := range []string{"orders", "more", "customers"} {
			a := table("silver", name)
			switch rapid.IntRange(0, 3).Draw(t, name) {
			case 0:
				inputs[a] = forget(t, inputs[a])
			case 1:
				delete(inputs, a)
			}
		}
		tab := target(table("silver", "orders"), steps...)
		shape, diags := compile.Outline(tab, inputs)
		if diags.HasErrors() {
			t.Fatal(describe(diags))
		}
		if _, diags = compile.Promises(promising(t, tab), shape, inputs); shape.Open && diags.HasErrors() {
			t.Fatal(describe(diags))
		}
	})
}

// promising says things of columns that there may not be.
func promising(t failer, tab *config.Table) *config.Table {
	tab.Partition = []config.Transform{{Name: "month", Column: "no_such"}}
	tab.Sort = []config.SortKey{asc(t, "no_such")}
	tab.Write = config.Write{Mode: "merge", Key: []string{"no_such"}}
	tab.Columns = []config.ColumnDecl{{Name: "no_such", Required: true}}
	tab.Expects = []config.Expect{
		{Name: "a", Action: "fail", That: node(t, "no_such > 1")}, {Name: "b", Action: "fail", Unique: []string{"no_such"}},
		{Name: "c", Action: "fail", NotNull: []string{"no_such"}}, {Name: "d", Action: "fail", Table: node(t, "max(no_such) > 1")},
		{Name: "e", Action: "fail", References: []config.Reference{{Column: "no_such", Table: table("silver", "none"), To: "id"}}},
	}
	return tab
}

// forget drops columns and types of an input.
func forget(t *rapid.T, in compile.Input) compile.Input {
	in.Open = true
	in.Columns = slices.Clone(in.Columns)
	in.Columns = slices.DeleteFunc(in.Columns, func(coltype.Field) bool { return rapid.Bool().Draw(t, "drop") })
	for i := range in.Columns {
		if rapid.Bool().Draw(t, "untype") {
			in.Columns[i].Type = coltype.Of(expr.Invalid)
		}
	}
	return in
}

// hide takes something out of a step, as if it could not be read.
func hide(t *rapid.T, step config.Step) config.Step {
	all := rapid.IntRange(0, 3).Draw(t, "all") == 0
	if all {
		return &config.Unread{Header: head(step.Kind())}
	}
	switch s := step.(type) {
	case *config.Filter:
		s.Where = &expr.Hole{}
	case *config.Derive:
		s.Columns = hideColumns(t, s.Columns)
	case *config.Select:
		s.Columns = append(s.Columns[1:], config.ColumnRef{})
	case *config.Rename:
		s.Columns = []config.Assignment{{}}
	case *config.Join:
		s.Columns = hideColumns(t, s.Columns)
		hideJoin(t, s)
	case *config.Union:
		s.With = []addr.Address{{}}
	case *config.Unnest:
		hideUnnest(t, s)
	case *config.Aggregate:
		s.By = hideColumns(t, s.By)
		s.Columns = hideColumns(t, s.Columns)
	case *config.Dedupe:
		s.Key, s.Keep = []expr.Node{nil}, []config.SortKey{{}}
	case *config.Window:
		s.By, s.Order, s.Columns = []expr.Node{&expr.Hole{}}, []config.SortKey{{}}, hideColumns(t, s.Columns)
	case *config.Session:
		hideSession(t, s)
	case *config.SortBy:
		s.Keys = []config.SortKey{{}}
	}
	return step
}

func hideColumns(t *rapid.T, columns []config.Assignment) []config.Assignment {
	if len(columns) == 0 {
		return columns
	}
	i := rapid.IntRange(0, len(columns)-1).Draw(t, "column")
	columns = slices.Clone(columns)
	columns[i].Expr = &expr.Hole{}
	if rapid.Bool().Draw(t, "nameless") {
		columns[i] = config.Assignment{}
	}
	return columns
}

func hideJoin(t *rapid.T, s *config.Join) {
	switch rapid.IntRange(0, 2).Draw(t, "join") {
	case 0:
		s.As = ""
	case 1:
		s.With = addr.Address{}
	default:
		s.On = nil
	}
}

func hideUnnest(t *rapid.T, s *config.Unnest) {
	switch rapid.IntRange(0, 2).Draw(t, "unnest") {
	case 0:
		s.As = ""
	case 1:
		s.Column = config.ColumnRef{}
	default:
		s.As, s.Column = "", config.ColumnRef{}
	}
}

func hideSession(t *rapid.T, s *config.Session) {
	switch rapid.IntRange(0, 2).Draw(t, "session") {
	case 0:
		s.As = ""
	case 1:
		s.At = nil
	default:
		s.Gap, s.By = "", []expr.Node{nil}
	}
}

// What is known all the same is held against what is said.
func TestOutlineKnows(t *testing.T) {
	inputs := chainInputs(t)
	inputs[table("silver", "gone")] = compile.Input{Ident: ident("silver", "gone"), Open: true}
	filter := func(text string) config.Step { return &config.Filter{Header: head("filter"), Where: node(t, text)} }
	unread := &config.Unread{Header: head("fliter")}
	cases := []struct {
		from  string
		steps []config.Step
		want  string // summaries and names
	}{
		{"gone", []config.Step{filter("a > 1 && 1")}, "Wrong type"},
		{"gone", []config.Step{&config.Select{Columns: refs("a", "b")}, filter("c > 1")}, "Unknown column"},
		{"gone", []config.Step{&config.Aggregate{By: by(t, "a"), Columns: assign(t, "{ n = count() }")}, filter("n && m")}, "Unknown column, Wrong type"},
		{"gone", []config.Step{&config.Derive{Columns: assign(t, "{ a = 1 }")}, filter("lower(a) == b")}, "Wrong arguments"},
		{"gone", []config.Step{&config.CastTo{Columns: []config.ColumnType{{Name: "a", Type: coltype.Of(coltype.Date)}}}, filter("a > 1")}, "Types can't be compared"},
		{"orders", []config.Step{unread, filter("c > 1 && 1")}, "Wrong type"},
		{"orders", []config.Step{filter("idd > 1"), unread, filter("c > 1")}, "Unknown column"},
		{"orders", []config.Step{&config.Filter{Where: &expr.Call{Name: "&&", Args: []expr.Node{&expr.Hole{}, node(t, "idd > 1")}}}}, "Unknown column"},
		{"orders", []config.Step{&config.Derive{Columns: []config.Assignment{{Name: "x", Expr: &expr.Hole{}}}}, filter("x > 1 && y > 1")}, "Unknown column"},
		{"orders", []config.Step{&config.Derive{Columns: []config.Assignment{{}}}, filter("x > 1 && lower(id) > 1")}, "Wrong arguments"},
		{"orders", []config.Step{&config.Select{Columns: refs("id", "", "amuont")}, filter("customer == 1 && nothing")}, "Unknown column, Types can't be compared, Unknown column"},
		{"orders", []config.Step{&config.Select{Columns: refs("id", "amuont")}, filter("amuont > 1 && amount > 1 && qty > 1")}, "Unknown column, Unknown column"},
		{"orders", []config.Step{&config.Select{Columns: refs("id", "")}, &config.Rename{Columns: assign(t, "{ customer = id }")}}, ""},
		{"orders", []config.Step{&config.Rename{Columns: []config.Assignment{{Name: "x"}}}, filter("x > 1 && qty && y")}, "Wrong type, Unknown column"},
		{"orders", []config.Step{&config.CastTo{Columns: []config.ColumnType{{Name: "id"}, {Name: "idd", Type: coltype.Of(coltype.Int)}}}, filter("id == at")}, "Unknown column"},
		{"orders", []config.Step{&config.Aggregate{By: by(t, "custmer"), Columns: assign(t, "{ n = count() }")}, filter("custmer == customer && id > 1")}, "Unknown column, Unknown column"},
		{"orders", []config.Step{&config.Aggregate{By: []config.Assignment{{}}, Columns: assign(t, "{ n = id }")}, filter("id > 1")}, ""},
		{"orders", []config.Step{&config.Join{How: "left", As: "c", With: table("silver", "gone"), On: node(t, "id == c.id && idd"), Columns: assign(t, "{ x = c.x, y = d.y }")}, filter("x > 1 && y && z")}, "Unknown column, Unknown column, Unknown column"},
		{"orders", []config.Step{&config.Union{With: []addr.Address{table("silver", "gone")}}, filter("more > 1 && lower(id) > 1")}, "Wrong arguments"},
		{"orders", []config.Step{&config.Select{Columns: refs("id")}, &config.Select{Except: refs("id")}}, "Table without columns"},
	}
	for i, c := range cases {
		_, diags := compile.Outline(target(table("silver", c.from), c.steps...), inputs)
		var got []string
		for _, d := range diags {
			got = append(got, d.Summary)
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%d: got %v, want %s\n%s", i, got, c.want, describe(diags))
		}
		repeated(t, diags)
	}
}

// A table whose column breaks its contract is known by neither type; one whose type isn't known is taken at its word.
func TestPromises(t *testing.T) {
	tab := target(table("silver", "orders"))
	date, text := coltype.Of(coltype.Date), coltype.Of(coltype.String)
	tab.Columns = []config.ColumnDecl{{Name: "id", Type: &date}, {Name: "what", Type: &date}, {Name: "more", Type: &text}}
	columns := append(schema(t, "id", "long"), coltype.Field{Name: "what", Type: coltype.Of(expr.Invalid)})
	shape, diags := compile.Promises(tab, compile.Shape{Columns: columns, Open: true}, nil)
	if got := describe(diags); len(diags) != 1 || !strings.Contains(got, `The column "id" is declared date but computed as long.`) {
		t.Errorf("got %s", got)
	}
	var got []string
	for _, f := range shape.Columns {
		kind := "unknown"
		if f.Type.Kind != expr.Invalid {
			kind = f.Type.String()
		}
		got = append(got, f.Name+" "+kind)
	}
	if want := "id unknown, what date, more string"; strings.Join(got, ", ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
