source "mongodb" "orders" {
  connection = connection.mongodb.shop
  collection = "orders"
  extract "delta" {}
}

# Every change of every order, from the first snapshot on.
table "bronze" "orders" {
  from = source.mongodb.orders
}

# Orders as they are now.
table "silver" "orders" {
  from = table.bronze.orders
  derive { customer = lower(customer) }
  write "merge" { key = [_id] }

  expect "warn" "known customer" { references = { customer = table.bronze.customers._id } }
}

# And as they ever were: who asks when an order was paid finds it here.
table "silver" "order_history" {
  from = table.bronze.orders
  select { columns = [_id, status, total] }
  write "history" { key = [_id] }
}

# Lines of orders: an array of documents becomes rows.
table "silver" "lines" {
  from = table.silver.orders
  unnest {
    column = lines
    as     = line
  }
  derive {
    item     = line.item
    quantity = line.quantity
    amount   = line.price * line.quantity
  }
  select { columns = [_id, customer, placedAt, item, quantity, amount] }
}

table "gold" "revenue" {
  sql = <<-SQL
    SELECT c.country, l.item, sum(l.quantity) AS quantity, sum(l.amount) AS revenue
    FROM silver.lines AS l
    JOIN bronze.customers AS c ON c._id = l.customer
    GROUP BY ALL
    ORDER BY ALL
  SQL
}
