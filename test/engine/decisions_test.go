package engine

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/automic-etl/etl/engine/planner"
)

const shop = `
source "csv" "orders" {
  path  = "in/*.csv"
  types = { region = string }
  extract "incremental" {}
}
source "csv" "regions" { path = "regions.csv" }
table "bronze" "orders" {
  from = source.csv.orders
}
table "bronze" "regions" { from = source.csv.regions }
table "silver" "orders" {
  from = table.bronze.orders
  filter { where = amount > 1 }
}
table "silver" "named" {
  from = table.silver.orders
  join "left" {
    with    = table.bronze.regions
    as      = r
    on      = region == r.id
    columns = { label = r.name }
  }
}
table "silver" "latest" {
  from = table.bronze.orders
  dedupe {
    key  = [region]
    keep = latest(id)
  }
}
table "gold" "sales" {
  sql = "SELECT region, sum(amount) AS total FROM silver.orders GROUP BY region"
}
`

func shopFiles() map[string]string {
	return map[string]string{"shop.etl.hcl": shop, "in/1.csv": "id,amount,region\n1,2,eu\n2,1,us\n3,5,us\n", "regions.csv": "id,name\neu,Europe\nus,States\n"}
}

// TestRefresh says how each table follows what comes in.
func TestRefresh(t *testing.T) {
	p := newProject(t, shopFiles())
	planned := p.apply()
	p.expect(planned, "table.bronze.orders", "create additive load")
	p.expect(planned, "table.gold.sales", "create additive full")
	p.settled()

	p.write("in/2.csv", "id,amount,region\n4,7,us\n5,1,eu\n")
	planned = p.apply()
	p.expect(planned, "table.bronze.orders", "refresh - load")
	p.expect(planned, "table.bronze.regions", "none - -")
	p.expect(planned, "table.silver.orders", "refresh - append")
	p.expect(planned, "table.silver.named", "refresh - append")
	p.expect(planned, "table.silver.latest", "refresh - keys")
	p.expect(planned, "table.gold.sales", "refresh - full")
	p.settled()
	p.same("SELECT id, label FROM silver.named", "1|Europe", "3|States", "4|States")
	p.same("SELECT id, region FROM silver.latest", "4|us", "5|eu")
	p.same("SELECT * FROM gold.sales", "eu|2", "us|12")

	p.write("regions.csv", "id,name\neu,Europa\nus,States\n")
	planned = p.apply()
	named := p.expect(planned, "table.silver.named", "refresh - full")
	if !strings.Contains(named.Why, "table.bronze.regions") {
		t.Errorf("the reason for a full refresh is %q", named.Why)
	}
	p.expect(planned, "table.silver.orders", "none - -")
	p.same("SELECT id, label FROM silver.named", "1|Europa", "3|States", "4|States")
	p.settled()
}

// TestSamePlan plans twice, with the caches that the first left and without.
func TestSamePlan(t *testing.T) {
	p := newProject(t, shopFiles())
	document := func() string {
		text, err := json.Marshal(p.plan())
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for range 2 {
		first, second := document(), document()
		if err := os.RemoveAll(filepath.Join(p.dir, ".etl", "cache")); err != nil {
			t.Fatal(err)
		}
		third := document()
		if first != second || first != third {
			t.Errorf("the plan differs:\n%s\n%s\n%s", first, second, third)
		}
		p.apply()
		p.write("in/9.csv", "id,amount,region\n9,9,eu\n")
	}
}

// TestChanges changes the configuration in one way each.
func TestChanges(t *testing.T) {
	tests := map[string]struct {
		old, new string
		want     map[string]string
	}{
		"doc": {"from = table.bronze.orders\n  filter", "from = table.bronze.orders\n  doc = \"Those that count\"\n  filter",
			map[string]string{"table.silver.orders": "evolve metadata metadata", "table.silver.named": "none - -"}},
		"column doc": {"from = source.csv.orders", "from = source.csv.orders\n  column \"amount\" { doc = \"in euros\" }",
			map[string]string{"table.bronze.orders": "evolve metadata metadata", "table.silver.orders": "none - -"}},
		"filter": {"amount > 1", "amount > 2", map[string]string{"table.silver.orders": "rebuild breaking full", "table.silver.named": "refresh - full", "table.gold.sales": "refresh - full",
			"table.bronze.orders": "none - -", "table.silver.latest": "none - -"}},
		"spelling": {"filter { where = amount > 1 }", "filter {\n    # more than one\n    where = (amount > 1)\n  }", map[string]string{"table.silver.orders": "none - -"}},
		"partitions": {"filter { where = amount > 1 }", "filter { where = amount > 1 }\n  partition_by = [region]",
			map[string]string{"table.silver.orders": "evolve metadata metadata", "table.silver.named": "none - -"}},
		"new column": {"filter { where = amount > 1 }", "filter { where = amount > 1 }\n  derive { twice = amount * 2 }",
			map[string]string{"table.silver.orders": "rebuild additive full", "table.silver.named": "refresh additive full", "table.gold.sales": "refresh - full"}},
		"dropped": {"table \"gold\" \"sales\" {\n  sql = \"SELECT region, sum(amount) AS total FROM silver.orders GROUP BY region\"\n}", "",
			map[string]string{"table.gold.sales": "drop destructive -", "table.silver.orders": "none - -"}},
		"warn": {"filter { where = amount > 1 }", "filter { where = amount > 1 }\n  expect \"warn\" \"small\" { that = amount < 100 }",
			map[string]string{"table.silver.orders": "evolve metadata metadata", "table.silver.named": "none - -"}},
		"quarantine": {"filter { where = amount > 1 }", "filter { where = amount > 1 }\n  expect \"quarantine\" \"small\" { that = amount < 3 }",
			map[string]string{"table.silver.orders": "rebuild breaking full", "table.silver.named": "refresh - full"}},
		"source": {"types = { region = string }", "types = { region = string, amount = double }",
			map[string]string{"table.bronze.orders": "rebuild breaking load", "table.silver.orders": "rebuild breaking full", "table.gold.sales": "rebuild breaking full"}},
		"required": {"filter { where = amount > 1 }", "filter { where = amount > 1 }\n  column \"amount\" { required = true }",
			map[string]string{"table.silver.orders": "rebuild additive full"}},
		"required in bronze": {"from = source.csv.orders", "from = source.csv.orders\n  column \"amount\" { required = true }",
			map[string]string{"table.bronze.orders": "rebuild additive load"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := newProject(t, shopFiles())
			p.apply()
			if strings.Count(shop, test.old) != 1 {
				t.Fatalf("%q stands %d times in the configuration", test.old, strings.Count(shop, test.old))
			}
			p.write("shop.etl.hcl", strings.Replace(shop, test.old, test.new, 1))
			planned := p.apply()
			for address, want := range test.want {
				p.expect(planned, address, want)
			}
			p.settled()
		})
	}
}

// TestSchemaChanges lets files arrive with other columns.
func TestSchemaChanges(t *testing.T) {
	tests := map[string]struct {
		file, rule string
		bronze     string
		silver     string
		latest     string
	}{
		"added":   {"id,amount,region,note\n4,7,us,hi\n", "", "refresh additive load", "refresh additive full", "refresh additive full"},
		"ignored": {"id,amount,region,note\n4,7,us,hi\n", "on_schema_change = \"ignore\"", "refresh - load", "refresh - append", "refresh - keys"},
		"missing": {"id,amount\n4,7\n", "", "refresh - load", "refresh - append", "refresh - keys"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := newProject(t, shopFiles())
			p.write("shop.etl.hcl", strings.Replace(shop, "from = source.csv.orders", "from = source.csv.orders\n  "+test.rule, 1))
			p.apply()
			p.write("in/2.csv", test.file)
			planned := p.apply()
			p.expect(planned, "table.bronze.orders", test.bronze)
			p.expect(planned, "table.silver.orders", test.silver)
			p.expect(planned, "table.silver.latest", test.latest)
			p.settled()
			p.same("SELECT id, amount FROM silver.orders", "1|2", "3|5", "4|7")
		})
	}
}

func TestFrozen(t *testing.T) {
	p := newProject(t, shopFiles())
	frozen := strings.Replace(shop, "from = source.csv.orders", "from = source.csv.orders\n  on_schema_change = \"freeze\"\n  column \"id\" {\n    required = true\n    doc = \"Number\"\n  }", 1)
	p.write("shop.etl.hcl", frozen)
	p.apply()
	p.settled()
	p.write("in/2.csv", "id,amount,region\n4,7,us\n")
	p.apply()
	p.write("in/3.csv", "id,amount,region,note\n5,7,us,hi\n")
	_, diags := p.tryPlan(planner.Options{})
	if !diags.HasErrors() || !strings.Contains(spelled(diags), "note string added") {
		t.Errorf("a frozen table took a new column: %s", spelled(diags))
	}
}

// TestPartitionsAfterGroups has a filter after a group: what new rows alone make of a day doesn't pass it, what all rows make does.
func TestPartitionsAfterGroups(t *testing.T) {
	p := newProject(t, shopFiles())
	p.write("shop.etl.hcl", `
source "csv" "orders" {
  path = "in/*.csv"
  extract "incremental" {}
}
table "bronze" "orders" { from = source.csv.orders }
table "gold" "large" {
  from = table.bronze.orders
  aggregate {
    by    = [region]
    total = sum(amount)
  }
  filter { where = total > 5 }
  write "partitions" { by = [region] }
}
table "gold" "regions" {
  from = table.bronze.orders
  filter { where = amount > 1 }
  write "partitions" { by = [region] }
}
`)
	p.apply()
	p.same("SELECT region, total FROM gold.large", "us|6")
	p.write("in/2.csv", "id,amount,region\n4,4,eu\n5,1,us\n")
	planned := p.apply()
	p.expect(planned, "table.gold.large", "refresh - keys")
	p.expect(planned, "table.gold.regions", "refresh - partitions")
	p.same("SELECT region, total FROM gold.large", "eu|6", "us|7")
	p.same("SELECT id FROM gold.regions", "1", "3", "4")
	p.settled()
}
