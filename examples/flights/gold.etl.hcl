# Gold: answers.

table "gold" "carrier_delays" {
  doc  = "How late each carrier was in each month."
  from = table.silver.flights

  derive { month = date_trunc("month", flight_date) }
  join "left" {
    with    = table.silver.airlines
    on      = carrier == airlines.carrier
    columns = { airline = airlines.name }
  }
  aggregate {
    by             = [carrier, airline, month]
    flights        = count()
    cancelled      = count_if(cancelled)
    mean_dep_delay = round(avg(dep_delay), 2)
    mean_arr_delay = round(avg(arr_delay), 2)
    late           = count_if(arr_delay > 15)
  }

  expect "fail" "one row a carrier and month" { unique = [carrier, month] }
  expect "warn" "more flights than delays" { that = late + cancelled <= flights }
  column "late" { doc = "Flights that arrived more than a quarter of an hour late." }
}

table "gold" "routes" {
  doc  = "Every route with its distance, its flights, and its rank among the routes of its origin."
  from = table.silver.flights

  filter { where = !cancelled }
  aggregate {
    by             = [origin, dest]
    flights        = count()
    carriers       = count_distinct(carrier)
    distance       = max(distance)
    mean_air_time  = round(avg(air_time), 1)
    mean_arr_delay = round(avg(arr_delay), 2)
  }
  window {
    by      = [origin]
    order   = [desc(flights), dest]
    columns = { rank = row_number() }
  }
}

# Plain SQL works as well: the tables that it names are its dependencies.
table "gold" "weather_effect" {
  doc = "Departure delays by how far one could see."
  sql = <<-SQL
    SELECT
      CASE WHEN w.visib < 1 THEN 'fog' WHEN w.visib < 5 THEN 'haze' ELSE 'clear' END AS sight,
      count(*)                                     AS flights,
      count(*) FILTER (f.cancelled)                AS cancelled,
      round(avg(f.dep_delay), 2)                   AS mean_dep_delay
    FROM silver.flights AS f
    JOIN silver.weather AS w ON w.origin = f.origin AND w.observed_at = f.time_hour
    GROUP BY ALL
  SQL

  column "sight" { doc = "fog: less than one mile; haze: less than five." }
}
