# Customers change slowly, and say when: only those that changed are read. The keys of all are compared to find those
# that are gone.
source "mongodb" "customers" {
  connection = connection.mongodb.shop
  collection = "customers"
  types      = { zip = string }

  extract "incremental" {
    cursor         = updatedAt
    lookback       = "5m"
    detect_deletes = true
  }
}

table "bronze" "customers" {
  from = source.mongodb.customers
  write "merge" { key = [_id] }
}
