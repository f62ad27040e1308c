# A shop's database in MySQL or MariaDB, read in each of the three ways.
#
#   mysql shop < schema.sql
#   SHOP_PASSWORD=… etl apply

etl {
  project          = "shop"
  required_version = ">= 0.1.0"
}

variable "host" {
  type    = string
  default = "127.0.0.1"
}

variable "port" {
  type    = number
  default = 3306
}

variable "database" {
  type    = string
  default = "shop"
}

connection "mysql" "shop" {
  host     = var.host
  port     = var.port
  database = var.database
  user     = "etl"
  password = env("SHOP_PASSWORD")
}

# Small and rarely changed: all of it, each time.
source "mysql" "currencies" {
  connection = connection.mysql.shop
  table      = "currencies"
}

# Rows say when they last changed: only those are read. What was deleted is found by its key.
source "mysql" "customers" {
  connection = connection.mysql.shop
  table      = "customers"
  types      = { newsletter = boolean }
  extract "incremental" {
    cursor         = updated_at
    key            = [id]
    lookback       = "1m"
    detect_deletes = true
  }
}

# Every change, from the binary log.
source "mysql" "orders" {
  connection = connection.mysql.shop
  table      = "orders"
  extract "delta" {}
}

table "bronze" "currencies" { from = source.mysql.currencies }

table "bronze" "customers" {
  from = source.mysql.customers
  write "merge" { key = [id] }
}

table "bronze" "orders" { from = source.mysql.orders } # the log of changes

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
    SELECT c.region, count(*) AS orders, sum(o.amount) AS amount
    FROM silver.orders AS o JOIN bronze.customers AS c ON c.id = o.customer_id
    WHERE o.status = 'paid'
    GROUP BY ALL
  SQL
}
