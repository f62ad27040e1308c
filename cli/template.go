package cli

import "fmt"

// templateFile is a file of a new project.
type templateFile struct{ name, text string }

// template gives the files of a new project.
func template(name string) []templateFile {
	data := map[string]templateFile{
		"csv":     {"data/orders.csv", "id,customer,amount,ordered_on\n1,ada,12.50,2026-01-03\n2,grace,80.00,2026-01-03\n3,ada,7.25,2026-01-04\n"},
		"json":    {"data/orders.json", "{\"id\":1,\"customer\":\"ada\",\"amount\":12.5,\"ordered_on\":\"2026-01-03\"}\n{\"id\":2,\"customer\":\"grace\",\"amount\":80,\"ordered_on\":\"2026-01-03\"}\n"},
		"parquet": {},
	}[name]
	files := []templateFile{
		{"orders.etl.hcl", fmt.Sprintf(templateProject, name, name, name)},
		{".gitignore", ".etl/\nwarehouse/\n"},
	}
	if data.name != "" {
		files = append(files, data)
	}
	return files
}

const templateProject = `etl {
  project = "orders"
}

# Every file that matches is read once; a new one is new data.
source %q "orders" {
  path = "data/orders*.%s"
  extract "incremental" {}
}

# Bronze: what the source said, as it said it, plus where it came from.
table "bronze" "orders" {
  from = source.%s.orders
}

# Silver: cleaned, typed, one row an order.
table "silver" "orders" {
  from = table.bronze.orders

  filter { where = amount > 0 }
  dedupe {
    key  = [id]
    keep = latest(_etl_loaded_at)
  }
  select { columns = [id, customer, amount, ordered_on] }

  expect "fail" "has a customer" { not_null = [customer] }
}

# Gold: what people ask for.
table "gold" "daily_sales" {
  sql = <<-SQL
    SELECT ordered_on, count(*) AS orders, sum(amount) AS revenue
    FROM silver.orders
    GROUP BY ordered_on
    ORDER BY ordered_on
  SQL
}
`
