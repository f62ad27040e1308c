etl {
  project          = "shop"
  required_version = ">= 0.1.0"
}

variable "shop_dsn" {
  type      = string
  sensitive = true
  default   = env("SHOP_DSN")
}

lakehouse {
  warehouse = "lake"
  catalog "sql" { path = ".etl/catalog.db" }
  compute "duckdb" { memory_limit = "4GB" }
}

layer "mart" { doc = "For the business" }

connection "postgres" "shop" { dsn = var.shop_dsn }

source "postgres" "orders" {
  connection = connection.postgres.shop
  table      = "public.orders"
  extract "incremental" {
    cursor     = updated_at
    key        = [id]
    lookback   = "5m"
    batch_size = 100000
  }
}

source "csv" "airlines" {
  path    = "data/airlines*.csv"
  null_if = ["NA", ""]
  types   = { zip = string }
}

table "bronze" "orders" {
  from = source.postgres.orders
}

table "bronze" "airlines" {
  from = source.csv.airlines
}

table "silver" "customers" {
  sql = "SELECT DISTINCT customer_id AS id FROM ${table.bronze.orders}"
}

locals {
  limit = 1000
}

function "size_of" {
  params = [x]
  result = x > local.limit ? "large" : "small"
}

table "silver" "orders" {
  from = table.bronze.orders

  filter { where = amount > 0 && email != null }
  derive {
    email      = lower(trim(email))
    amount     = cast(amount, decimal(12, 2))
    order_date = date(updated_at)
  }
  derive { size = size_of(amount) }
  dedupe {
    key  = [id]
    keep = latest(updated_at)
  }
  join "left" {
    with    = table.silver.customers
    as      = c
    on      = customer_id == c.id
    columns = { known = c.id }
  }
  select { columns = [id, customer_id, email, region, amount, size, order_date] }

  partition_by = [month(order_date), bucket(16, customer_id)]
  sort_by      = [order_date, desc(id)]
  write "merge" { key = [id] }
  on_schema_change = "freeze"

  expect "quarantine" "valid email" { that = like(email, "%@%") }
  expect "fail" "known customer" { references = { customer_id = table.silver.customers.id } }
  expect "warn" "fresh" { table = max(order_date) >= today() - days(2) }
}

table "gold" "daily_sales" {
  sql = <<-SQL
    SELECT order_date, size, count(*) AS orders, sum(amount) AS revenue -- all
    FROM silver.orders
    WHERE amount > ${local.limit}
    GROUP BY ALL
  SQL
  column "revenue" { doc = "Sum of paid amounts in USD" }
}

table "gold" "customers" {
  for_each = toset(["eu", "us"])
  from     = table.silver.orders
  filter { where = region == each.key }
  aggregate {
    by      = [customer_id]
    orders  = count()
    revenue = sum(amount)
  }
}

table "mart" "customers" {
  for_each = table.gold.customers
  from     = table.gold.customers[each.key]
  dynamic "expect" {
    for_each = { revenue = 0, orders = 1 }
    labels   = ["warn", "${expect.key} is enough"]
    content { that = revenue >= expect.value }
  }
}

output "sales" { value = table.gold.daily_sales }
