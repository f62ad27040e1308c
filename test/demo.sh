#!/bin/sh
# The main job, end to end: New York's flights of 2013 from CSV through bronze and silver to gold, the last month
# arriving later, and the result compared with the CSV by two other engines. It works on a copy in .cache/demo.
set -eu
cd "$(dirname "$0")/.."

etl=$PWD/bin/etl
example=$PWD/examples/flights
work=$PWD/.cache/demo

step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
fail() { echo "demo: $*" >&2; exit 1; }
run() { echo "\$ etl $*"; "$etl" -chdir="$work" "$@"; }

# plan WANT: a plan must end with this exit code.
plan() {
	code=0
	run plan -detailed-exitcode || code=$?
	[ "$code" = "$1" ] || fail "etl plan -detailed-exitcode ended with $code instead of $1"
}

# month FROM TO FILE: the flights of some months as a file of their own.
month() {
	zcat <"$example/data/flights.csv.gz" | awk -F, -v from="$1" -v to="$2" 'NR == 1 || ($2 >= from && $2 <= to)' | gzip -1 >"$3"
}

step "A copy of examples/flights in .cache/demo; December's flights are not there yet"
rm -rf "$work"
mkdir -p "$work/data"
cp "$example"/*.etl.hcl "$work"
for file in airlines airports planes weather; do cp "$example/data/$file.csv" "$work/data"; done
month 1 11 "$work/data/flights-2013-01-11.csv.gz"
month 12 12 "$work/december.csv.gz"
ls -l "$work/data"

step "The plan of an empty lakehouse"
plan 2

step "Apply"
run apply -auto-approve

step "Who was late in the first quarter"
run query "
  SELECT carrier, airline, sum(flights)::BIGINT AS flights, sum(late)::BIGINT AS late,
         round(100.0 * sum(late) / sum(flights), 1) AS percent
  FROM gold.carrier_delays WHERE month < DATE '2013-04-01' GROUP BY ALL ORDER BY percent DESC, carrier LIMIT 8"

step "Nothing is left to do"
plan 0

step "December arrives as a further file: only it is read"
mv "$work/december.csv.gz" "$work/data/flights-2013-12.csv.gz"
plan 2
run apply -auto-approve

step "Gold"
run query "SELECT * FROM gold.weather_effect ORDER BY mean_dep_delay DESC"
run query "SELECT origin, dest, flights, carriers, mean_arr_delay FROM gold.routes WHERE rank <= 2 ORDER BY origin, rank"
run query "
  SELECT carrier, airline, month, flights, cancelled, mean_dep_delay, mean_arr_delay, late
  FROM gold.carrier_delays ORDER BY mean_arr_delay DESC, carrier, month LIMIT 10"

step "And nothing is left to do again"
plan 0

step "The same numbers by PyIceberg, by DuckDB's iceberg_scan, and straight from the CSV"
test/.tools/venv/bin/python test/flights_check.py "$work" "$example/data"
echo
echo "The lakehouse is in .cache/demo: try  bin/etl -chdir=.cache/demo query 'SELECT …'"
