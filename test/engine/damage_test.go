package engine

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/planner"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/providers/csv"
	"github.com/automic-etl/etl/state"
)

// sound is a project of all that the language has, in which lines depend on each other.
const sound = `etl {
  project = "shop"
}
variable "least" {
  type    = number
  default = 1
}
variable "regions" {
  default = ["eu", "us"]
}
locals {
  twice = var.least * 2
  both  = toset(var.regions)
}
function "net" {
  params = [gross, rate]
  result = gross / (1 + rate)
}
layer "stage" {
  doc = "Between"
}
source "csv" "orders" {
  path    = "orders.csv"
  null_if = [""]
  types = {
    day = date
  }
}
source "csv" "customers" {
  path = "customers.csv"
}
table "bronze" "orders" {
  from = source.csv.orders
}
table "bronze" "customers" {
  from         = source.csv.customers
  max_bad_rows = 10
}
table "silver" "customers" {
  from = table.bronze.customers
  select {
    columns = [id, name, region]
  }
  rename {
    customer = name
  }
  expect "fail" "one" {
    unique = [id]
  }
}
table "silver" "orders" {
  from = table.bronze.orders
  filter {
    where = amount > var.least && amount < 1000 * local.twice
  }
  derive {
    price = net(amount, 0.2)
    large = amount > 10
    label = "${region}-${tag}"
  }
  cast {
    price = double
  }
  join "left" {
    with    = table.silver.customers
    as      = c
    on      = customer_id == c.id
    columns = { customer = c.customer }
  }
  window {
    by      = [customer_id]
    order   = [day]
    columns = { nth = row_number() }
  }
  session {
    by  = [customer_id]
    at  = day
    gap = "30d"
    as  = visit
  }
  dedupe {
    key  = [id]
    keep = latest(day)
  }
  partition_by = [month(day), region]
  sort_by      = [desc(day)]
  write "merge" {
    key = [id]
  }
  column "price" {
    doc  = "Net"
    type = double
  }
  expect "quarantine" "positive" {
    that = price > 0 && label != ""
  }
  expect "warn" "known" {
    references = { customer_id = table.silver.customers.id }
  }
  expect "warn" "some" {
    table = count() > 0 && max(day) > date("2020-01-01")
  }
  lifecycle {
    prevent_destroy = false
  }
}
table "stage" "by_region" {
  for_each = local.both
  from     = table.silver.orders
  filter {
    where = region == each.key
  }
  aggregate {
    by    = [region, large]
    n     = count()
    total = sum(price)
  }
  filter {
    where = n > 0 && total > 0
  }
}
table "gold" "both" {
  from = table.stage.by_region["eu"]
  union {
    with = [table.stage.by_region["us"]]
  }
  sort {
    by = [desc(total), large]
  }
}
table "gold" "sales" {
  sql = <<-SQL
    SELECT c.region, o.label, sum(o.price) AS total, max(nth) AS most
    FROM silver.orders o JOIN silver.customers c ON c.id = o.customer_id
    WHERE o.price > ${var.least}
    GROUP BY ALL
  SQL
  write "partitions" {
    by = [region]
  }
  expect "fail" "total" {
    that = total > 0 && most > 0
  }
}
table "gold" "best" {
  sql = "SELECT region, max(total) AS best FROM ${table.gold.sales} GROUP BY region"
  doc = "The best"
}
table "silver" "versions" {
  from = table.silver.customers
  write "history" {
    key = [id]
  }
  expect "warn" "current" {
    that = is_current || valid_to != null
  }
}
table "gold" "now" {
  sql = "SELECT count(*) AS n FROM silver.versions WHERE is_current AND valid_to IS NULL"
}
output "best" {
  value = table.gold.best
}
`

func soundData() map[string]string {
	return map[string]string{
		"orders.csv":    "id,customer_id,amount,region,tag,day\n1,1,10.5,eu,a,2026-11-01\n2,2,20.25,us,b,2026-11-02\n",
		"customers.csv": "id,name,region\n1,Ada,eu\n2,Cy,us\n",
	}
}

// damages are what is done to the value of an attribute.
func damages() map[string]string {
	return map[string]string{"no expression": "", "twice the sign": "= 1", "no such function": "no_such(1)", "a bracket too few": "f(1, [2]", "text without an end": "\"x"}
}

// One mistake, wherever it stands, is reported on its line, and nothing else is: what only follows from it stays silent.
func TestDamagedLines(t *testing.T) {
	p := newProject(t, soundData())
	if said := p.mistakes(t, sound); len(said) > 0 {
		t.Fatal(spelled(said))
	}
	lines := strings.Split(sound, "\n")
	inText := false
	for i, line := range lines {
		name, _, assigned := strings.Cut(line, " = ")
		switch {
		case inText || strings.HasSuffix(line, "<<-SQL"):
			inText = !strings.HasSuffix(line, "SQL") || !inText
		case strings.TrimSpace(line) == "}":
			p.damaged(t, lines, i, "", header(lines, i), "a brace too few")
		case !assigned && strings.HasSuffix(line, "{"):
			word, rest, _ := strings.Cut(strings.TrimLeft(line, " "), " ")
			indent := line[:len(line)-len(word)-len(rest)-1]
			p.damaged(t, lines, i, indent+word[:len(word)-1]+" "+rest, i, "a letter too few")
			p.damaged(t, lines, i, indent+"zzz "+rest, i, "no such block")
			p.damaged(t, lines, i, strings.Replace(line, "{", "= {", 1), i, "an equals sign")
			if strings.Contains(line, "\"") {
				p.damaged(t, lines, i, strings.Replace(line, "\"", "", 1), i, "a quote too few")
			}
		case assigned && !strings.HasSuffix(line, "{"):
			for what, value := range damages() {
				p.damaged(t, lines, i, name+" = "+value, i, what)
			}
		}
	}
}

// column is a column of the project where it is used, not where it is made.
var column = regexp.MustCompile(`(AS )?\b(id|customer_id|amount|region|tag|day|name|customer|price|large|label|nth|total|n|most)\b`)

// A column that isn't there is reported where it is named, and nothing of what is made of it.
func TestMisspeltColumns(t *testing.T) {
	p := newProject(t, soundData())
	lines := strings.Split(sound, "\n")
	inText, tried := false, 0
	for i, line := range lines {
		_, value, assigned := strings.Cut(line, " = ")
		if strings.HasSuffix(line, "SQL") {
			inText = !inText
		} else if inText {
			value, assigned = line, true
		}
		if !assigned || strings.Contains(line, "params") || i < strings.Count(sound[:strings.Index(sound, "table \"silver\"")], "\n") {
			continue
		}
		before := line[:len(line)-len(value)]
		for _, m := range column.FindAllStringSubmatchIndex(value, -1) {
			if m[2] < 0 && !strings.HasPrefix(value[m[1]:], " = ") {
				tried++
				p.damaged(t, lines, i, before+value[:m[1]]+"x"+value[m[1]:], i, "a misspelt "+value[m[4]:m[5]])
			}
		}
	}
	if tried < 48 {
		t.Errorf("only %d columns were tried", tried)
	}
}

// header is the line of the block that a line with a brace closes.
func header(lines []string, at int) int {
	indent := lines[at][:strings.Index(lines[at], "}")]
	for at--; !strings.HasPrefix(lines[at], indent) || lines[at][len(indent)] == ' ' || !strings.HasSuffix(lines[at], "{"); {
		at--
	}
	return at
}

func (p *project) damaged(t *testing.T, lines []string, at int, now string, told int, what string) {
	t.Helper()
	changed := append(append(append([]string{}, lines[:at]...), now), lines[at+1:]...)
	said := p.mistakes(t, strings.Join(changed, "\n"))
	var wrong []string
	for _, d := range said {
		if d.Subject == nil || d.Subject.Start.Line != told+1 {
			wrong = append(wrong, fmt.Sprintf("%s: %s", d.Subject, d.Summary+": "+d.Detail))
		}
	}
	if len(said) == 0 || len(wrong) > 0 {
		t.Errorf("%s on line %d, %s:\n%s", what, at+1, lines[at], strings.Join(wrong, "\n"))
	}
}

// mistakes are those of all stages.
func (p *project) mistakes(t *testing.T, text string) hcl.Diagnostics {
	t.Helper()
	p.write("shop.etl.hcl", text)
	ctx := context.Background()
	loaded, diags := config.Load(ctx, config.Options{Dir: p.dir, NeedSecrets: true, Plugin: func(context.Context, string) (schema.Provider, error) {
		return csv.New().Schema(), nil
	}})
	p.now = loaded
	lake, err := state.Open(ctx, state.Options{CatalogPath: filepath.Join(p.dir, "catalog.db"), Warehouse: filepath.Join(p.dir, "warehouse"), ReadOnly: true, Project: loaded.Name})
	if err != nil {
		t.Fatal(err)
	}
	defer lake.Close()
	planning := p.planner(lake, planner.Options{})
	planning.Doubtful = diags.HasErrors()
	planned, found := planning.Plan(ctx)
	if (planned == nil) != (diags.HasErrors() || found.HasErrors()) {
		t.Error("a plan was made of a project with mistakes, or none of one without")
	}
	return append(diags, found...)
}
