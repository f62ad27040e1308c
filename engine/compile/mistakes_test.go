package compile_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

type mistake struct {
	step func(t *testing.T) config.Step
	want string
}

func rowMistakes() []mistake {
	return []mistake{
		{func(t *testing.T) config.Step {
			return &config.Filter{Header: head("filter"), Where: node(t, "amuont > 0")}
		}, `Unknown column: The input of this step has no column "amuont". Did you mean "amount"? Its columns are: id, customer, amount, at, tags.`},
		{func(t *testing.T) config.Step {
			return &config.Filter{Header: head("filter"), Where: node(t, "amount")}
		}, `step filter of table.gold.out needs a condition, which is true or false, but this is decimal(12, 2).`},
		{func(t *testing.T) config.Step {
			return &config.Filter{Header: head("filter"), Where: node(t, "count() > 1")}
		}, `Aggregate in the wrong place`},
		{func(t *testing.T) config.Step {
			return &config.Derive{Header: head("derive"), Columns: assign(t, `{ x = null }`)}
		}, `Column without a type: This is always null`},
		{func(t *testing.T) config.Step {
			return &config.Derive{Header: head("derive"), Columns: assign(t, `{ x = days(1) }`)}
		}, `This is an interval, which no column can hold.`},
		{func(t *testing.T) config.Step {
			return &config.Derive{Header: head("derive"), Columns: assign(t, `{ x = [] }`)}
		}, `The elements of this list have no type.`},
		{func(t *testing.T) config.Step {
			return &config.Derive{Header: head("derive"), Columns: assign(t, `{ _etl_x = 1 }`)}
		}, `Reserved column name`},
		{func(t *testing.T) config.Step {
			return &config.Derive{Header: head("derive"), Columns: assign(t, `{ Amount = 1 }`)}
		}, `There are "Amount" and "amount", and engines that read the table don't tell them apart.`},
		{func(t *testing.T) config.Step {
			return &config.Derive{Header: head("derive"), Columns: assign(t, `{ x = 1, X = 2 }`)}
		}, `The columns "x" and "X" have one name.`},
		{func(t *testing.T) config.Step {
			return &config.Select{Header: head("select"), Columns: refs("id", "custmer")}
		}, `no column "custmer". Did you mean "customer"?`},
		{func(t *testing.T) config.Step {
			return &config.Select{Header: head("select"), Columns: refs("id", "id")}
		}, `The column "id" stands twice in this list.`},
		{func(t *testing.T) config.Step { return &config.Select{Header: head("select"), Except: refs("idd")} }, `no column "idd"`},
		{func(t *testing.T) config.Step {
			return &config.Select{Header: head("select"), Except: refs("id", "customer", "amount", "at", "tags")}
		}, `Table without columns`},
		{func(t *testing.T) config.Step {
			return &config.Rename{Header: head("rename"), Columns: assign(t, `{ x = id + 1 }`)}
		}, `A column is renamed as new = old`},
		{func(t *testing.T) config.Step {
			return &config.Rename{Header: head("rename"), Columns: assign(t, `{ x = id, y = id }`)}
		}, `The column "id" is already renamed to "x".`},
		{func(t *testing.T) config.Step {
			return &config.Rename{Header: head("rename"), Columns: assign(t, `{ amount = id }`)}
		}, `There would be two columns "amount".`},
		{func(t *testing.T) config.Step {
			return &config.Rename{Header: head("rename"), Columns: assign(t, `{ _etl_y = id }`)}
		}, `Reserved column name`},
		{func(t *testing.T) config.Step {
			return &config.CastTo{Header: head("cast"), Columns: []config.ColumnType{{Name: "at", Type: coltype.Of(coltype.Timestamptz)}}}
		}, `timestamp can't be cast to timestamptz.`},
		{func(t *testing.T) config.Step {
			return &config.Unnest{Header: head("unnest"), Column: config.ColumnRef{Name: "id"}, As: "x"}
		}, `unnest makes rows of the elements of a list, but the column "id" is long.`},
		{func(t *testing.T) config.Step {
			return &config.Unnest{Header: head("unnest"), Column: config.ColumnRef{Name: "tags"}, As: "_etl_x"}
		}, `Reserved column name`},
		{func(t *testing.T) config.Step {
			return &config.SortBy{Header: head("sort"), Keys: []config.SortKey{asc(t, "nothing")}}
		}, `no column "nothing"`},
	}
}

func wideMistakes() []mistake {
	return []mistake{
		{func(t *testing.T) config.Step {
			return &config.Join{Header: head("join"), How: "left", With: table("silver", "customers"), As: "c", On: node(t, "customer == c.idd"), Columns: assign(t, `{ x = c.name }`)}
		}, `The table "c" has no column "idd". Did you mean "id"?`},
		{func(t *testing.T) config.Step {
			return &config.Join{Header: head("join"), How: "left", With: table("silver", "customers"), As: "c", On: node(t, "id == c.id"), Columns: assign(t, `{ x = c.name }`)}
		}, `Types can't be compared`},
		{func(t *testing.T) config.Step {
			return &config.Join{Header: head("join"), How: "inner", With: table("silver", "customers"), As: "customers", On: node(t, "customer == customers.id")}
		}, `Join without columns`},
		{func(t *testing.T) config.Step {
			return &config.Join{Header: head("join"), How: "semi", With: table("silver", "customers"), As: "c", On: node(t, "customer == c.id"), Columns: assign(t, `{ x = c.name }`)}
		}, `A semi join only keeps or drops rows`},
		{func(t *testing.T) config.Step {
			return &config.Join{Header: head("join"), How: "inner", With: table("silver", "customers"), As: "orders", On: node(t, "true"), Columns: assign(t, `{ x = 1 }`)}
		}, `Two tables with one name`},
		{func(t *testing.T) config.Step {
			return &config.Join{Header: head("join"), How: "inner", With: table("silver", "nowhere"), As: "nowhere", On: node(t, "true")}
		}, `Unknown table`},
		{func(t *testing.T) config.Step {
			return &config.Union{Header: head("union"), With: []addr.Address{table("silver", "customers")}}
		}, `The column "id" is long in one table of this union and string in another.`},
		{func(t *testing.T) config.Step {
			return &config.Dedupe{Header: head("dedupe"), Key: nodes(t, "idd"), Keep: []config.SortKey{desc(t, "att")}}
		}, `no column "att". Did you mean "at"?`},
		{func(t *testing.T) config.Step {
			return &config.Aggregate{Header: head("aggregate"), By: by(t, "customer"), Columns: assign(t, `{ x = amount }`)}
		}, `Column is not aggregated: amount has many values in a group. Say which one you mean, such as max(amount), or add it to by.`},
		{func(t *testing.T) config.Step {
			return &config.Aggregate{Header: head("aggregate"), By: by(t, "customer"), Columns: assign(t, `{ customer = count() }`)}
		}, `"customer" is a group of this aggregate already.`},
		{func(t *testing.T) config.Step { return &config.Aggregate{Header: head("aggregate")} }, `Aggregate without columns`},
		{func(t *testing.T) config.Step {
			return &config.Aggregate{Header: head("aggregate"), Columns: assign(t, `{ x = sum(customer) }`)}
		}, `sum is written sum(x N) N, but its argument "x" is string here. Write cast(customer, double)`},
		{func(t *testing.T) config.Step {
			return &config.Aggregate{Header: head("aggregate"), Columns: assign(t, `{ x = row_number() }`)}
		}, `Window function in the wrong place`},
		{func(t *testing.T) config.Step {
			return &config.Window{Header: head("window"), By: nodes(t, "customer"), Columns: assign(t, `{ x = 1 + lag(id) }`)}
		}, `Window without an order: lag looks at rows in an order, and this window has none.`},
		{func(t *testing.T) config.Step {
			return &config.Session{Header: head("session"), By: nodes(t, "customer"), At: node(t, "id"), Gap: "30m", As: "s"}
		}, `A session is made of times, but this is long.`},
		{func(t *testing.T) config.Step {
			return &config.Session{Header: head("session"), By: nodes(t, "customer"), At: node(t, "at"), Gap: "half an hour", As: "s"}
		}, `"half an hour" is no duration.`},
	}
}

func TestStepMistakes(t *testing.T) {
	_, inputs := ordersLake(t)
	for _, c := range append(rowMistakes(), wideMistakes()...) {
		step := c.step(t)
		out, diags := compile.Table(target(table("bronze", "orders"), step), inputs)
		if out != nil || !diags.HasErrors() {
			t.Errorf("%s: no mistake found, want %s", step.Kind(), c.want)
			continue
		}
		if got := describe(diags); !strings.Contains(got, c.want) {
			t.Errorf("%s\nwant %s", got, c.want)
		}
		repeated(t, diags)
	}
}

func repeated(t *testing.T, diags hcl.Diagnostics) {
	t.Helper()
	seen := map[string]bool{}
	for _, d := range diags {
		if seen[d.Detail] {
			t.Errorf("said twice: %s", d.Detail)
		}
		seen[d.Detail] = true
	}
}

// TestMistakesOfAllSteps: a column with a mistake is reported once, and what builds on it is not; other steps are.
func TestMistakesOfAllSteps(t *testing.T) {
	_, inputs := ordersLake(t)
	_, diags := compile.Table(target(table("bronze", "orders"),
		&config.Derive{Header: head("derive"), Columns: assign(t, `{ size = lower(amount), good = id + 1 }`)},
		&config.Filter{Header: head("filter"), Where: node(t, `size == "large" && good > 1`)},
		&config.Select{Header: head("select"), Columns: refs("size", "god")},
		&config.Aggregate{Header: head("aggregate"), By: by(t, "size"), Columns: assign(t, `{ n = count(), x = sum(at) }`)},
	), inputs)
	var got []string
	for _, d := range diags {
		got = append(got, d.Summary)
	}
	if want := "Wrong arguments, Unknown column, Unknown column"; strings.Join(got, ", ") != want {
		t.Errorf("got %v, want %s\n%s", got, want, describe(diags))
	}
}

func TestTableWithoutRows(t *testing.T) {
	tab := target(table("bronze", "orders"))
	tab.From = nil
	if _, diags := compile.Table(tab, nil); !strings.Contains(describe(diags), "neither from nor sql") {
		t.Errorf("got %s", describe(diags))
	}
	if _, diags := compile.Table(target(table("bronze", "none")), nil); !strings.Contains(describe(diags), "The columns of table.bronze.none are not known") {
		t.Errorf("got %s", describe(diags))
	}
}
