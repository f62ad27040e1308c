package config

import (
	"strings"
	"testing"

	"github.com/automic-etl/etl/lang/expr"
)

// The typed steps, as the engine gets them.
func TestSteps(t *testing.T) {
	p := good(t, base+`
table "silver" "other" { from = table.bronze.o }
function "half" {
  params = [x]
  result = x / 2
}
table "silver" "o" {
  from = table.bronze.o
  filter { where = half(a) > 1 }
  derive {
    z = 1
    a = 2
  }
  select { except = [col["odd name"]] }
  rename { new = old }
  cast { a = list(long) }
  dedupe {
    key  = [id, lower(b)]
    keep = [latest(at), earliest(n)]
  }
  join "anti" {
    with = table.silver.other
    on   = id == other.id
  }
  union { with = [table.silver.other] }
  unnest { column = lines }
  aggregate {
    by = { month = date_trunc("month", at) }
    n  = count()
  }
  window {
    by      = [a]
    order   = [desc(at), n]
    columns = { previous = lag(at) }
  }
  session {
    by  = [user]
    at  = at
    gap = "30m"
    as  = visit
  }
  sort { by = [asc(a)] }
}
`)
	steps := table(t, p, "table.silver.o").Steps
	if len(steps) != 13 {
		t.Fatalf("%d steps", len(steps))
	}
	check := func(what string, ok bool) {
		t.Helper()
		if !ok {
			t.Errorf("%s is wrong", what)
		}
	}
	check("filter", steps[0].(*Filter).Where.String() == "x / 2 > 1" || steps[0].(*Filter).Where.String() == "a / 2 > 1")
	derive := steps[1].(*Derive).Columns
	check("derive", len(derive) == 2 && derive[0].Name == "z" && derive[1].Name == "a")
	check("select", steps[2].(*Select).Except[0].Name == "odd name" && steps[2].(*Select).Columns == nil)
	rename := steps[3].(*Rename).Columns[0]
	check("rename", rename.Name == "new" && rename.Expr.(*expr.Column).Path[0] == "old")
	check("cast", steps[4].(*CastTo).Columns[0].Type.String() == "list(long)")
	dedupe := steps[5].(*Dedupe)
	check("dedupe", len(dedupe.Key) == 2 && dedupe.Keep[0].Desc && !dedupe.Keep[1].Desc)
	join := steps[6].(*Join)
	check("join", join.How == "anti" && join.As == "other" && join.With.String() == "table.silver.other" && join.On != nil)
	check("union", steps[7].(*Union).With[0].Name == "other")
	unnest := steps[8].(*Unnest)
	check("unnest", unnest.Column.Name == "lines" && unnest.As == "lines")
	aggregate := steps[9].(*Aggregate)
	check("aggregate", aggregate.By[0].Name == "month" && aggregate.Columns[0].Name == "n")
	window := steps[10].(*Window)
	check("window", window.Order[0].Desc && !window.Order[1].Desc && window.Columns[0].Name == "previous")
	session := steps[11].(*Session)
	check("session", session.Gap == "30m" && session.As == "visit" && session.At.String() == "at")
	check("sort", !steps[12].(*SortBy).Keys[0].Desc)
	for _, step := range steps {
		check(step.Kind()+"'s range", step.Range().Start.Line > 5)
	}
}

func TestWriteDefaults(t *testing.T) {
	p := good(t, `
source "csv" "all" { path = "x" }
source "csv" "new" {
  path = "x"
  extract "incremental" { }
}
table "bronze" "all" { from = source.csv.all }
table "bronze" "new" { from = source.csv.new }
table "bronze" "over" {
  from = source.csv.all
  write "append" { }
}
table "silver" "s" { from = table.bronze.new }
`)
	want := map[string]Write{
		"table.bronze.all":  {Mode: "replace", Default: true},
		"table.bronze.new":  {Mode: "append", Default: true},
		"table.bronze.over": {Mode: "append"},
		"table.silver.s":    {Mode: "replace", Default: true},
	}
	for address, w := range want {
		got := table(t, p, address).Write
		if got.Mode != w.Mode || got.Default != w.Default {
			t.Errorf("%s: %+v", address, got)
		}
	}
}

func TestDynamic(t *testing.T) {
	p := good(t, base+`
locals {
  limits = { amount = 100, tax = 20 }
}
table "silver" "o" {
  for_each = toset(["eu"])
  from     = table.bronze.o
  dynamic "expect" {
    for_each = local.limits
    iterator = limit
    labels   = ["warn", "${limit.key} in ${each.key}"]
    content { that = amount <= limit.value && region == each.key }
  }
  dynamic "filter" {
    for_each = ["a", "b"]
    content { where = region != filter.value }
  }
  dynamic "write" {
    for_each = []
    content { }
  }
}
`)
	o := table(t, p, `table.silver.o["eu"]`)
	if len(o.Expects) != 2 || o.Expects[0].Name != "amount in eu" || o.Expects[1].That.String() != `amount <= 20 && region == "eu"` {
		t.Errorf("expects: %+v", o.Expects)
	}
	if len(o.Steps) != 2 || o.Steps[1].(*Filter).Where.String() != `region != "b"` {
		t.Errorf("steps: %+v", o.Steps)
	}
}

func TestOutputs(t *testing.T) {
	p := good(t, base+`
output "table" {
  value       = table.bronze.o
  description = "Where it is"
}
output "sum" { value = max(1, 2) }
`)
	if p.Outputs[1].Value.AsString() != "bronze.o" || p.Outputs[1].Doc != "Where it is" || p.Outputs[0].Addr.Name != "sum" {
		t.Errorf("%+v", p.Outputs)
	}
}

// Values that aren't what a place takes are mistakes, whatever they are.
func TestOddValues(t *testing.T) {
	odd := []string{"null", "[null]", "{}", "[]", "5", `"x"`, "toset([null])", "{ a = null }", `env("NOT_SET")`, `try(null.x, [1])`, "sensitive(1)",
		"sensitive([])", "1e5000", "-1", `jsondecode("{\"\": null}")`}
	places := []string{
		"for_each = %s", "tags = %s", "doc = %s", "max_bad_rows = %s", "sql = %s", "sql = \"${%s}\"", "refresh = %s", "on_schema_change = %s",
		"filter { where = %s }", "select { columns = %s }", "sort { by = %s }", "partition_by = %s", "union { with = %s }",
		"lifecycle { prevent_destroy = %s }", "column \"a\" { type = %s }", "write \"merge\" { key = %s }",
		"expect \"warn\" \"x\" { references = %s }", "dynamic \"expect\" {\n for_each = %s\n labels = [\"warn\", \"x\"]\n content { that = true }\n}",
		"dynamic \"expect\" {\n for_each = [1]\n labels = %s\n content { that = true }\n}", "session {\n at = a\n as = s\n gap = %s\n}",
	}
	for _, place := range places {
		for _, value := range odd {
			text := base + "table \"silver\" \"o\" {\n  from = table.bronze.o\n  " + strings.Replace(place, "%s", value, 1) + "\n}\n"
			p, diags := project(t, map[string]string{"a.etl.hcl": text}, func(o *Options) {
				o.NeedSecrets = !strings.HasPrefix(value, "env") // unknown and sensitive
			})
			for _, d := range diags {
				if d.Summary == "" || d.Detail == "" || d.Subject == nil {
					t.Errorf("%s with %s: %#v", place, value, d)
				}
			}
			render(t, p, diags)
		}
	}
}
