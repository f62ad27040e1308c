# Silver: one meaning a column, real instants instead of local times, and no row that can't be trusted.

table "silver" "airlines" {
  doc  = "Carriers by their two-letter code."
  from = table.bronze.airlines

  expect "fail" "one row a carrier" { unique = [carrier] }
}

table "silver" "airports" {
  doc  = "Airports by their FAA code."
  from = table.bronze.airports

  rename { zone = tzone }
  select { columns = [faa, name, lat, lon, alt, zone] }

  expect "fail" "one row an airport" { unique = [faa] }
  expect "warn" "on the globe" { that = lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180 }
}

table "silver" "planes" {
  doc  = "Planes by their tail number."
  from = table.bronze.planes

  rename { built = year }
  select { columns = [tailnum, built, manufacturer, model, engines, seats, engine] }

  expect "fail" "one row a plane" { unique = [tailnum] }
  column "built" { doc = "The year of manufacture; not known for all." }
}

table "silver" "weather" {
  doc  = "Hourly weather at the three airports."
  from = table.bronze.weather

  rename { observed_at = time_hour }
  select { columns = [origin, observed_at, temp, humid, wind_speed, wind_gust, precip, pressure, visib] }

  expect "fail" "one observation an hour" { unique = [origin, observed_at] }
}

table "silver" "flights" {
  doc  = "Flights by the instants of their departure and arrival; those whose plane nobody knows are in quarantine."
  from = table.bronze.flights

  # The four destinations that airports.csv lacks are in Puerto Rico and on the Virgin Islands, which share a zone.
  join "left" {
    with    = table.silver.airports
    on      = dest == airports.faa
    columns = { zone = coalesce(airports.zone, "America/Puerto_Rico") }
  }
  derive {
    flight_date         = make_date(year, month, day)
    scheduled_departure = instant(make_date(year, month, day), minute_of_day(sched_dep_time), "America/New_York")
    cancelled           = dep_time == null

    # A late flight that leaves at an earlier time of day left on the next day, an early one on the day before.
    departure_day = (
      dep_delay > 0 && minute_of_day(dep_time) < minute_of_day(sched_dep_time) ? make_date(year, month, day) + days(1) :
      dep_delay < 0 && minute_of_day(dep_time) > minute_of_day(sched_dep_time) ? make_date(year, month, day) - days(1) :
      make_date(year, month, day)
    )
  }
  derive {
    departed_at     = instant(departure_day, minute_of_day(dep_time), "America/New_York")
    local_departure = to_timezone(scheduled_departure, zone)
  }
  derive { local_departed = to_timezone(departed_at, zone) }
  derive {
    scheduled_arrival = next_instant(local_departure, minute_of_day(sched_arr_time), zone)
    arrived_at        = next_instant(local_departed, minute_of_day(arr_time), zone)
  }
  select {
    columns = [
      flight_date, carrier, flight, tailnum, origin, dest, distance, cancelled, scheduled_departure, departed_at,
      dep_delay, scheduled_arrival, arrived_at, arr_delay, air_time, time_hour,
    ]
  }

  partition_by = [month(flight_date)]
  sort_by      = [scheduled_departure]

  expect "quarantine" "known plane" {
    references = { tailnum = table.silver.planes.tailnum }
  }
  expect "fail" "known carrier" {
    references = { carrier = table.silver.airlines.carrier }
  }
  expect "fail" "departs as late as reported" {
    that = dep_delay == null || date_diff("minute", scheduled_departure, departed_at) == dep_delay
  }
  # One flight landed in Los Angeles in the hour that the end of summer time repeats: 1:14 was twice that night.
  expect "warn" "arrives as late as reported" {
    that = arr_delay == null || date_diff("minute", scheduled_arrival, arrived_at) == arr_delay
  }

  column "dep_delay" { doc = "Minutes; negative for early departures." }
  column "arr_delay" { doc = "Minutes; negative for early arrivals." }
  column "time_hour" { doc = "The scheduled hour of departure, as weather is reported." }
}
