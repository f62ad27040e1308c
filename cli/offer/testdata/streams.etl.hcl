# line break } # x: 2 columns
source "shopdb" "line_break_x" {
  connection = connection.shopdb.main
  table      = "line\nbreak }\n# x"
}

# other: 2 columns
source "shopdb" "other" {
  connection = connection.shopdb.main
  query      = "SELECT \"1\""
}

# public."2024 Größe ${x}": 2 columns
source "shopdb" "shopdb_2024_gr_e_x" {
  connection = connection.shopdb.main
  table      = "public.\"2024 Größe $${x}\""
}

# public.no_cursor: 1 column
source "shopdb" "no_cursor" {
  connection = connection.shopdb.main
  table      = "public.no_cursor"
}

# public.no_key: 2 columns, about 0 rows
# source.shopdb.known reads it already.
source "shopdb" "no_key" {
  connection = connection.shopdb.main
  table      = "public.no_key"
  # No index begins with at: each read looks at all rows, unless one is created.
  # No key was found. If there is one, this reads only what is new:
  # extract "incremental" {
  #   cursor = at
  #   key    = [ … ]
  # }
}

# public.numbered: 2 columns
# source.shopdb.one and source.shopdb.two read it already.
source "shopdb" "numbered" {
  connection = connection.shopdb.main
  table      = "public.numbered"
  # This finds new rows, and misses changes of old ones.
  # Where the server allows it, extract "delta" {} follows every change.
  extract "incremental" {
    cursor = id # or at
    key    = [id]
  }
}

# public.orders: 2 columns, about 1 row
source "shopdb" "public_orders" {
  connection = connection.shopdb.main
  table      = "public.orders"
  # Where the server allows it, extract "delta" {} follows every change.
  extract "incremental" {
    cursor = at
    key    = [col["Odd name"], id]
  }
}

# public.taken: 2 columns
source "shopdb" "public_taken" {
  connection = connection.shopdb.main
  table      = "public.taken"
}

# sales.orders: 2 columns, about 5.1 M rows, 410 MB
source "shopdb" "sales_orders" {
  connection = connection.shopdb.main
  table      = "sales.orders"
  # No index begins with at: each read looks at all rows, unless one is created.
  # This finds new rows, and misses changes of old ones.
  # Where the server allows it, extract "delta" {} follows every change.
  extract "incremental" {
    cursor = at # or col["Odd name"], col.var
    key    = [id]
  }
}
