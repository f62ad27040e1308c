# A shop's database in PostgreSQL, read in each of the three ways.
etl {
  project          = "shop"
  required_version = ">= 0.1.0"
}

variable "dsn" {
  type      = string
  sensitive = true
  default   = env("SHOP_DSN")
}

connection "postgres" "shop" { dsn = var.dsn }

# Small and rarely changed: all of it, each time.
source "postgres" "countries" {
  connection = connection.postgres.shop
  table      = "public.countries"
}

# Rows say when they last changed: only those are read. What was deleted is found by its key.
source "postgres" "customers" {
  connection = connection.postgres.shop
  table      = "public.customers"
  extract "incremental" {
    cursor         = updated_at
    key            = [id]
    lookback       = "5m"
    detect_deletes = true
  }
}

# Every change, from the server's log.
source "postgres" "orders" {
  connection = connection.postgres.shop
  table      = "public.orders"
  types      = { details = object({ items = int }) }
  extract "delta" {}
}

table "bronze" "countries" { from = source.postgres.countries }

table "bronze" "customers" {
  from = source.postgres.customers
  write "merge" { key = [id] }
}

table "bronze" "orders" { from = source.postgres.orders } # the log of changes

table "silver" "orders" { # the rows as they are
  from = table.bronze.orders
  write "merge" { key = [id] }
}

table "silver" "orders_history" { # and as they ever were
  from = table.bronze.orders
  write "history" { key = [id] }
}

table "gold" "revenue" {
  sql = <<-SQL
    SELECT n.name AS country, count(*) AS orders, sum(o.amount) AS amount, sum(o.details.items) AS items
    FROM silver.orders AS o
    JOIN bronze.customers AS c ON c.id = o.customer_id
    JOIN bronze.countries AS n ON n.code = c.country
    WHERE o.status <> 'new'
    GROUP BY ALL
  SQL
}
