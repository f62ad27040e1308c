"""Compares the flights project's tables with numbers computed straight from the CSV files.

usage: flights_check.py PROJECT DATA

Each figure is computed three times: from the CSV files by DuckDB's own reader with SQL of its own, from the Iceberg
tables by PyIceberg, and from the metadata files by DuckDB's iceberg_scan. All three must be equal.
"""

import sys

from lake import catalog, engine, scan

FILES = ["airlines", "airports", "planes", "weather", "flights"]

# Silver as SQL over the CSV files, written apart from the project: what a flight's instants are.
EXPECTED = """
CREATE MACRO minute_of(hhmm) AS (hhmm // 100) * 60 + hhmm % 100;
CREATE MACRO instant(day, minute, zone) AS timezone(zone, day::TIMESTAMP + to_minutes(minute));
CREATE MACRO next_day(day) AS (day + INTERVAL 1 DAY)::DATE;

CREATE TABLE zoned AS
SELECT f.*, make_date(f.year, f.month, f.day) AS flight_date, coalesce(a.tzone, 'America/Puerto_Rico') AS zone
FROM csv.flights f LEFT JOIN csv.airports a ON a.faa = f.dest;

-- The departure is the schedule plus the reported delay: another way than the project's, which reads the clock.
CREATE TABLE departed AS
SELECT *, instant(flight_date, minute_of(sched_dep_time), 'America/New_York') AS scheduled_departure,
       instant(flight_date, minute_of(sched_dep_time), 'America/New_York') + to_minutes(dep_delay) AS departed_at
FROM zoned;

CREATE TABLE flights AS
SELECT *,
  CASE WHEN instant(timezone(zone, scheduled_departure)::DATE, minute_of(sched_arr_time), zone) > scheduled_departure
       THEN instant(timezone(zone, scheduled_departure)::DATE, minute_of(sched_arr_time), zone)
       ELSE instant(next_day(timezone(zone, scheduled_departure)::DATE), minute_of(sched_arr_time), zone) END AS scheduled_arrival,
  CASE WHEN instant(timezone(zone, departed_at)::DATE, minute_of(arr_time), zone) > departed_at
       THEN instant(timezone(zone, departed_at)::DATE, minute_of(arr_time), zone)
       ELSE instant(next_day(timezone(zone, departed_at)::DATE), minute_of(arr_time), zone) END AS arrived_at
FROM departed;

CREATE TABLE known AS SELECT * FROM flights WHERE tailnum IS NULL OR tailnum IN (SELECT tailnum FROM csv.planes);
"""

# Figures over silver.flights, the same SQL for all three.
SILVER = """
SELECT count(*), count(DISTINCT carrier), count(tailnum), count(departed_at), count(arrived_at),
       sum(epoch_us(scheduled_departure)::HUGEINT), sum(epoch_us(departed_at)::HUGEINT),
       sum(epoch_us(scheduled_arrival)::HUGEINT), sum(epoch_us(arrived_at)::HUGEINT),
       sum(dep_delay)::BIGINT, sum(arr_delay)::BIGINT, sum(air_time)::BIGINT, sum(distance)::BIGINT,
       min(flight_date)::VARCHAR, max(flight_date)::VARCHAR
FROM {flights}
"""

# Gold straight from the CSV: pairs of a table's columns in its order, and the query that computes them.
GOLD = {
    "carrier_delays": (
        "carrier, airline, month::DATE::VARCHAR, flights, cancelled, mean_dep_delay, mean_arr_delay, late",
        """
        SELECT k.carrier, a.name, date_trunc('month', flight_date)::DATE::VARCHAR, count(*),
               count(*) FILTER (dep_time IS NULL), round(avg(dep_delay), 2), round(avg(arr_delay), 2),
               count(*) FILTER (arr_delay > 15)
        FROM known k JOIN csv.airlines a USING (carrier) GROUP BY ALL
        """,
    ),
    "routes": (
        "origin, dest, flights, carriers, distance, mean_air_time, mean_arr_delay, rank",
        """
        SELECT origin, dest, count(*), count(DISTINCT carrier), max(distance), round(avg(air_time), 1),
               round(avg(arr_delay), 2), row_number() OVER (PARTITION BY origin ORDER BY count(*) DESC, dest)
        FROM known WHERE dep_time IS NOT NULL GROUP BY origin, dest
        """,
    ),
    "weather_effect": (
        "sight, flights, cancelled, mean_dep_delay",
        """
        SELECT CASE WHEN visib < 1 THEN 'fog' WHEN visib < 5 THEN 'haze' ELSE 'clear' END, count(*),
               count(*) FILTER (dep_time IS NULL), round(avg(dep_delay), 2)
        FROM known k JOIN csv.weather w ON w.origin = k.origin AND w.time_hour = k.time_hour GROUP BY ALL
        """,
    ),
}


class Check:
    """Collects what differs."""

    def __init__(self):
        self.failed = False

    def equal(self, name, expected, **found):
        wrong = {engine: value for engine, value in found.items() if value != expected}
        print(f"  {'differs' if wrong else 'equal  '}  {name}: {brief(expected)}")
        for by, value in wrong.items():
            self.failed = True
            print(f"           {by} has {difference(expected, value)}")


def brief(value):
    """A figure as it is printed: long lists by their size."""
    if isinstance(value, list) and len(value) > 1:
        return f"{len(value)} rows"
    text = str(value)
    return text if len(text) < 100 else text[:100] + "…"


def difference(expected, value):
    """What two lists of rows do not share."""
    if not isinstance(value, list) or not isinstance(expected, list):
        return value
    return f"not {sorted(set(expected) - set(value))[:3]} but {sorted(set(value) - set(expected))[:3]}"


def load_expected(connection, data):
    connection.execute("CREATE SCHEMA csv")
    for name in FILES:
        suffix = ".csv.gz" if name == "flights" else ".csv"
        connection.execute(
            f"CREATE TABLE csv.{name} AS SELECT * FROM read_csv('{data}/{name}{suffix}', nullstr=['NA', ''], sample_size=-1)"
        )
    connection.execute(EXPECTED)


def rows(connection, sql):
    return sorted(connection.execute(sql).fetchall(), key=repr)


def main(project, data):
    check, connection, lake = Check(), engine(), catalog(project)
    load_expected(connection, data)

    def both(name, query):
        """The query's rows over a table read by PyIceberg, and by DuckDB itself."""
        table = lake.load_table(name)
        scan(connection, table, "scanned")
        connection.register("pyiceberg", table.scan().to_arrow())
        result = {
            "PyIceberg": rows(connection, query.format(table="pyiceberg", flights="pyiceberg")),
            "iceberg_scan": rows(connection, query.format(table="scanned", flights="scanned")),
        }
        connection.unregister("pyiceberg")
        return result

    for name in FILES:
        expected = rows(connection, f"SELECT count(*) FROM csv.{name}")
        check.equal(f"rows of bronze.{name}", expected, **both(f"bronze.{name}", "SELECT count(*) FROM {table}"))
    unknown = rows(connection, "SELECT (SELECT count(*) FROM flights) - (SELECT count(*) FROM known)")
    check.equal("flights in quarantine", unknown, **both("silver.flights__quarantine", "SELECT count(*) FROM {table}"))
    check.equal("silver.flights", rows(connection, SILVER.format(flights="known")), **both("silver.flights", SILVER))
    for name, (columns, query) in GOLD.items():
        check.equal(f"gold.{name}", rows(connection, query), **both(f"gold.{name}", f"SELECT {columns} FROM {{table}}"))
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
