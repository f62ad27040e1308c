# Bronze: what the files say, as they say it, with where each row came from.

source "csv" "airlines" {
  path    = "${var.data}/airlines.csv"
  null_if = local.missing
}

source "csv" "airports" {
  path    = "${var.data}/airports.csv"
  null_if = local.missing
}

source "csv" "planes" {
  path    = "${var.data}/planes.csv"
  null_if = local.missing
}

source "csv" "weather" {
  path    = "${var.data}/weather.csv"
  null_if = local.missing
}

# New files are read when they arrive; a file that was read is not read again.
source "csv" "flights" {
  path    = "${var.data}/flights*.csv.gz"
  null_if = local.missing
  extract "incremental" {}
}

table "bronze" "airlines" { from = source.csv.airlines }
table "bronze" "airports" { from = source.csv.airports }
table "bronze" "planes" { from = source.csv.planes }
table "bronze" "weather" { from = source.csv.weather }
table "bronze" "flights" { from = source.csv.flights }
