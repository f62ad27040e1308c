package cli

import "fmt"

// templateFile is a file of a new project.
type templateFile struct{ name, text string }

// template gives the files of a new project, among them one of data, so that the project can be planned as it is.
func template(name string) ([]templateFile, error) {
	data, err := sample(name)
	return []templateFile{
		{"orders.etl.hcl", fmt.Sprintf(templateProject, name, name, name)},
		{".gitignore", ".etl/\nwarehouse/\n"},
		{"data/orders." + name, data},
	}, err
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
