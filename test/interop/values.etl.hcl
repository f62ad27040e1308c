source "csv" "values" {
  path  = "in/values.csv"
  types = {
    id    = long
    key   = string
    small = int
    ratio = double
    half  = float
    at    = timestamp
    seen  = timestamptz
    money = decimal(38, 10)
    huge  = decimal(38, 0)
    day   = date
    clock = time
    good  = boolean
    text  = string
  }
}
source "json" "values" {
  path  = "in/values.json"
  types = {
    id    = long
    key   = string
    small = int
    ratio = double
    half  = float
    at    = timestamp
    seen  = timestamptz
    money = decimal(38, 10)
    huge  = decimal(38, 0)
    day   = date
    clock = time
    good  = boolean
    text  = string
  }
}
source "parquet" "values" { path = "in/values.parquet" }

table "bronze" "csv" { from = source.csv.values }
table "bronze" "json" { from = source.json.values }
table "bronze" "parquet" { from = source.parquet.values }

table "silver" "csv" {
  from = table.bronze.csv
  derive { copy = text }
  write "merge" { key = [key] }
}
table "silver" "json" {
  from = table.bronze.json
  derive { copy = text }
  write "merge" { key = [key] }
}
table "silver" "parquet" {
  from = table.bronze.parquet
  derive { copy = text }
  write "merge" { key = [key] }
}

table "gold" "csv" { sql = "SELECT * FROM silver.csv" }
table "gold" "json" { sql = "SELECT * FROM silver.json" }
table "gold" "parquet" { sql = "SELECT * FROM silver.parquet" }

table "gold" "keys" {
  from = table.silver.csv
  aggregate {
    by = [key]
    n  = count()
  }
}
