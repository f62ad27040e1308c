package config

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/lang/eval"
	"github.com/automic-etl/etl/lang/format"
)

const base = "source \"csv\" \"o\" { path = \"o.csv\" }\ntable \"bronze\" \"o\" { from = source.csv.o }\n"

// Layout, comments, and the order of attributes and blocks change nothing; values that are used do.
func TestDefinitionIgnoresLayout(t *testing.T) {
	text := base + `
variable "least" { default = 10 }
table "silver" "o" {
  from = table.bronze.o
  filter { where = amount > var.least && (region == "eu") }
  rename {
    a = x
    b = y
  }
  dedupe {
    key  = [id]
    keep = latest(at)
  }
  expect "drop" "one" { that = amount > 0 }
  expect "drop" "two" { not_null = [id] }
  doc  = "Orders"
  tags = { b = "1", a = "2" }
}
table "gold" "o" {
  sql = <<-SQL
    SELECT region, count(*) AS n -- all
    FROM silver.o GROUP BY ALL
  SQL
}
`
	other := `
# a comment
table "gold" "o" { sql = "select region,\n\tcount(*) as n from silver.o /* why */ group by all;" }

table "silver" "o" {
  tags = {
    a = "2" # two
    b = "1"
  }
  doc = "Orders"
  from = (table.bronze.o)
  filter {
    where = (amount > var.least) && region   ==   "eu"
  }
  expect "drop" "two" { not_null = [ id ] }
  rename {
    b = y
    a = x
  }
  dedupe {
    keep = [latest(at)]
    key = [
      id,
    ]
  }
  expect "drop" "one" { that = (amount) > 0 }
}
locals {
  ten = 5 * 2
}
variable "least" { default = 10 }
` + base
	want := describe(good(t, text))
	if got := describe(good(t, other)); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	laidOut, diags := format.Source([]byte(other), "x.etl.hcl")
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	if got := describe(good(t, string(laidOut))); got != want {
		t.Errorf("the canonical layout changes the definition:\n%s", laidOut)
	}
	if got := describe(good(t, strings.Replace(text, "default = 10", "default = 11", 1))); got == want {
		t.Error("a changed variable must change the definition")
	}
}

// Each of these edits must be seen, in the part that it belongs to.
func TestDefinitionSeesChanges(t *testing.T) {
	text := base + `table "silver" "o" {
  from = table.bronze.o
  derive {
    a = 1
    b = 2
  }
  select { columns = [a, b, c] }
  write "merge" { key = [a, b] }
  expect "warn" "w" { that = a > 0 }
  expect "drop" "d" { that = a > 0 }
  doc          = "x"
  partition_by = [a]
}
table "silver" "q" { sql = "SELECT a FROM silver.o WHERE b = 'X'" }
`
	edits := []struct {
		old, new   string
		data, meta bool
	}{
		{"a = 1\n    b = 2", "b = 2\n    a = 1", true, false},
		{"[a, b, c]", "[b, a, c]", true, false},
		{"key = [a, b]", "key = [b, a]", true, false},
		{`"warn" "w" { that = a > 0`, `"warn" "w" { that = a > 1`, false, true},
		{`"drop" "d" { that = a > 0`, `"drop" "d" { that = a > 1`, true, false},
		{`"warn" "w"`, `"drop" "w"`, true, true},
		{`doc          = "x"`, `doc          = "y"`, false, true},
		{"partition_by = [a]", "partition_by = [month(a)]", false, true},
		{"b = 'X'", "b = 'x'", true, false},
		{"SELECT a FROM", "SELECT a AS b FROM", true, false},
		{"path = \"o.csv\"", "path = \"p.csv\"", true, false},
		{"path = \"o.csv\"", "path = \"o.csv\" #", false, false},
	}
	before := good(t, text)
	for _, e := range edits {
		changed := strings.Replace(text, e.old, e.new, 1)
		if changed == text {
			t.Fatalf("%q isn't in the text", e.old)
		}
		if strings.HasSuffix(e.new, "#") {
			changed = strings.Replace(text, `{ path = "o.csv" }`, "{\n  path    = \"o.csv\"\n  threads = 4\n}", 1)
		}
		data, meta := differ(t, before, good(t, changed))
		if data != e.data || meta != e.meta {
			t.Errorf("%q → %q: data %v, meta %v", e.old, e.new, data, meta)
		}
	}
}

func differ(t *testing.T, before, after *Project) (data, meta bool) {
	t.Helper()
	for _, a := range before.Tables {
		b := table(t, after, a.Addr.String())
		data = data || !reflect.DeepEqual(a.Definition.Data, b.Definition.Data)
		meta = meta || !reflect.DeepEqual(a.Definition.Meta, b.Definition.Meta)
	}
	return data, meta
}

func TestLoadIsDeterministic(t *testing.T) {
	dir := large(t)
	opt := Options{Dir: dir, NeedSecrets: true, Plugin: plugin}
	first, diags := Load(context.Background(), opt)
	if diags.HasErrors() || len(first.Tables) != 1000 || len(first.Sources) != 100 {
		t.Fatal(len(first.Tables), diags)
	}
	second, _ := Load(context.Background(), opt)
	if describe(first) != describe(second) {
		t.Error("two loads of one project differ")
	}
}

func TestProviders(t *testing.T) {
	dir := t.TempDir()
	text := "source \"zzz\" \"a\" { }\nsource \"csv\" \"a\" { }\nconnection \"mmm\" \"a\" { dsn = env(\"NOT_SET\") }\nsource \"csv\" \"b\" { }\n"
	if err := os.WriteFile(filepath.Join(dir, "a.etl.hcl"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	names, diags := Providers(context.Background(), Options{Dir: dir})
	if diags.HasErrors() || !reflect.DeepEqual(names, []string{"csv", "mmm", "zzz"}) {
		t.Errorf("got %v, %v", names, diags)
	}
}

// Secrets reach the provider, and nothing else.
func TestSecrets(t *testing.T) {
	text := `
variable "key" {
  sensitive = true
  default   = "pepper-123"
}
locals {
  url = "postgres://u:${env("PASSWORD")}@h/${var.key}"
}
connection "postgres" "a" { dsn = local.url }
connection "postgres" "b" { dsn = "literal-secret" }
connection "postgres" "c" { dsn = env("PASSWORD") }
source "postgres" "a" {
  connection = connection.postgres.a
  table      = "t"
}
source "postgres" "b" {
  connection = connection.postgres.b
  table      = "x-${var.key}"
}
source "postgres" "c" {
  connection = connection.postgres.c
  table      = "t"
}
table "bronze" "a" { from = source.postgres.a }
table "bronze" "b" { from = source.postgres.b }
table "bronze" "c" { from = source.postgres.c }
output "key" {
  value     = var.key
  sensitive = true
}
`
	load := func(password string) *Project {
		p, diags := project(t, map[string]string{"a.etl.hcl": text}, func(o *Options) { o.Environ = []string{"PASSWORD=" + password} })
		if diags.HasErrors() {
			t.Fatal(render(t, p, diags))
		}
		return p
	}
	p := load("hunter2")
	bare, _ := p.Connections[0].Config.GetAttr("dsn").Unmark()
	if got := bare.AsString(); got != "postgres://u:hunter2@h/pepper-123" {
		t.Errorf("the provider gets %s", got)
	}
	got := describe(p)
	for _, secret := range []string{"hunter2", "pepper", "literal-secret"} {
		if strings.Contains(got, secret) {
			t.Errorf("%s stands in a definition:\n%s", secret, got)
		}
	}
	for _, want := range []string{"dsn = local.url", "dsn = (sensitive)", `dsn = env("PASSWORD")`, `source.table = "x-${var.key}"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in:\n%s", want, got)
		}
	}
	if got != describe(load("hunter3")) {
		t.Error("another password changes definitions")
	}
	want := []string{"postgres://u:hunter2@h/pepper-123", "literal-secret", "x-pepper-123", "pepper-123", "hunter2"}
	if !reflect.DeepEqual(p.Sensitive, want) {
		t.Errorf("Sensitive = %q", p.Sensitive)
	}
	if !eval.IsSensitive(p.Outputs[0].Value) || !p.Outputs[0].Sensitive {
		t.Error("a sensitive output lost its mark")
	}
}

// validate has neither secrets nor all variables.
func TestValidateWithoutValues(t *testing.T) {
	text := base + `
variable "least" { type = number }
variable "regions" { type = set(string) }
connection "postgres" "shop" { dsn = env("NOT_SET") }
source "postgres" "s" {
  connection = connection.postgres.shop
  table      = "t"
}
table "bronze" "s" { from = source.postgres.s }
table "silver" "a" {
  from = table.bronze.o
  filter { where = amount > var.least }
}
table "silver" "b" {
  for_each = var.regions
  from     = table.bronze.o
  filter { where = region == each.key }
}
table "silver" "c" { from = table.silver.b["eu"] }
table "silver" "d" { sql = "SELECT ${var.least} AS x" }
`
	p, diags := project(t, map[string]string{"a.etl.hcl": text}, func(o *Options) { o.NeedSecrets = false })
	if diags.HasErrors() {
		t.Fatal(render(t, p, diags))
	}
	var open []string
	for _, table := range p.Tables {
		if table.Partial {
			open = append(open, table.Ident.String())
		}
	}
	if !reflect.DeepEqual(open, []string{"silver.a", "silver.d"}) {
		t.Errorf("open: %v", open)
	}
	if dsn := p.Connections[0].Config.GetAttr("dsn"); dsn.IsKnown() || !eval.IsSensitive(dsn) {
		t.Error("env() must be unknown and sensitive")
	}
	_, diags = project(t, map[string]string{"a.etl.hcl": text}, nil)
	if len(diags.Errs()) != 3 {
		t.Errorf("with secrets three values are missing: %v", diags)
	}
}

func TestVariablesByPrecedence(t *testing.T) {
	files := map[string]string{
		"a.etl.hcl": "variable \"x\" {\n  type    = string\n  default = \"default\"\n}\nvariable \"l\" {\n  type    = list(number)\n  default = []\n}\n" +
			"output \"x\" { value = var.x }\noutput \"l\" { value = var.l }\n",
	}
	value := func(change func(*Options)) string {
		t.Helper()
		p, diags := project(t, files, change)
		if diags.HasErrors() {
			t.Fatal(render(t, p, diags))
		}
		return eval.Canonical(p.Outputs[1].Value) + eval.Canonical(p.Outputs[0].Value)
	}
	steps := []struct {
		file, text, want string
		change           func(*Options)
	}{
		{want: `"default"[]`},
		{want: `"env"[1, 2]`, change: func(o *Options) { o.Environ = []string{"ETL_VAR_x=env", "ETL_VAR_l=[1, 2]", "ETL_VAR_other=1"} }},
		{file: "etl.etlvars.hcl", text: "x = \"file\"", want: `"file"[]`},
		{file: "b.auto.etlvars.hcl", text: "x = \"b\"", want: `"b"[]`},
		{file: "a.auto.etlvars.hcl", text: "x = \"a\"", want: `"b"[]`},
		{file: "prod.hcl", text: "x = \"prod\"\nl = [3]", want: `"prod"[3]`, change: func(o *Options) {
			o.Vars = []VarArg{{Name: "x", Value: "arg"}, {File: "prod.hcl"}}
		}},
		{want: `"a,b"[4]`, change: func(o *Options) {
			o.Vars = []VarArg{{File: "prod.hcl"}, {Name: "x", Value: "a,b"}, {Name: "l", Value: "[4]"}}
		}},
	}
	for _, s := range steps {
		if s.file != "" {
			files[s.file] = s.text
		}
		if got := value(s.change); got != s.want {
			t.Errorf("after %q: got %s, want %s", s.file, got, s.want)
		}
	}
}

func TestLakehouse(t *testing.T) {
	p := good(t, base)
	if p.Name != "default" || p.Lakehouse.CatalogPath != filepath.Join(p.Dir, ".etl", "catalog.db") ||
		p.Lakehouse.Warehouse != filepath.Join(p.Dir, "warehouse") || p.Lakehouse.Declared {
		t.Errorf("defaults: %+v", p.Lakehouse)
	}
	p = good(t, `etl { project = "shop" }
lakehouse {
  warehouse = "/data/lake"
  catalog "sql" { uri = "sqlite:///state/c.db" }
  compute "duckdb" {
    memory_limit = "4GB"
    threads      = 2
  }
}
`)
	want := Lakehouse{Declared: true, CatalogPath: filepath.Join(p.Dir, "state", "c.db"), Warehouse: "/data/lake", MemoryLimit: "4GB", Threads: 2}
	p.Lakehouse.Range = want.Range
	if p.Lakehouse != want || p.Name != "shop" {
		t.Errorf("got %+v, want %+v", p.Lakehouse, want)
	}
}

// What the provider's description says of types and defaults is what the provider gets.
func TestProviderValues(t *testing.T) {
	p := good(t, `
connection "postgres" "p" { dsn = "x" }
source "postgres" "o" {
  connection = connection.postgres.p
  table      = "public.orders"
  where      = amount>0 && region!="x"
  option "a" { value = "1" }
  option "b" { value = "2" }
  tls { ca = "ca.pem" }
  extract "incremental" {
    cursor = col["updated at"]
    key    = [id, line]
  }
}
source "csv" "c" {
  for_each = { eu = 1, us = 2 }
  path     = "${each.key}/${each.value}.csv"
  types    = { zip = string, "odd name" = decimal(12,2) }
}
table "bronze" "c" {
  for_each = source.csv.c
  from     = source.csv.c[each.key]
}
`)
	pg, provider := p.Sources[2], must(t, "postgres")
	if !pg.Config.Type().Equals(provider.Source.ImpliedType()) {
		t.Errorf("the type is %#v", pg.Config.Type())
	}
	if got := eval.Canonical(pg.Config); got != `{ "option" = [{ "name" = "a", "value" = "1" }, { "name" = "b", "value" = "2" }], `+
		`"table" = "public.orders", "tls" = { "ca" = "ca.pem" }, "where" = "amount > 0 && region != \"x\"" }` {
		t.Errorf("config: %s", got)
	}
	if got := eval.Canonical(pg.Extract); got != `{ "batch_size" = 10000, "cursor" = "updated at", "key" = ["id", "line"], "lookback" = null }` {
		t.Errorf("extract: %s", got)
	}
	if p.Sources[1].Config.GetAttr("path") != cty.StringVal("us/2.csv") || p.Sources[1].Addr.String() != `source.csv.c["us"]` {
		t.Errorf("instance: %#v", p.Sources[1])
	}
	if got := eval.Canonical(p.Sources[0].Config.GetAttr("types")); got != `{ "odd name" = "decimal(12, 2)", "zip" = "string" }` {
		t.Errorf("types: %s", got)
	}
	if table(t, p, `table.bronze.c["us"]`).From.String() != `source.csv.c["us"]` {
		t.Error("a table doesn't follow its source's instance")
	}
	if at := pg.Attributes["extract.cursor"]; at.Start.Line != 11 {
		t.Errorf("the cursor stands at %v", at)
	}
}
