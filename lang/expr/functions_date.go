package expr

func dateFunctions() []Builtin {
	date := func(name, signature, doc, example string) Builtin {
		return scalar(groupDate, name, signature, doc, example)
	}
	constant := func(b Builtin, check func([]*Typed) string) Builtin { b.check = check; return b }
	strptime := constant(date("strptime", "(text string, format literal) timestamp", "The text read in a format (%Y-%m-%d %H:%M:%S); a timestamptz where the format has %z. A text that doesn't fit fails the run.", `strptime(day_text, "%d.%m.%Y")`), checkFormat)
	strptime.own = strptimeType
	tryParse := constant(date("try_strptime", "(text string, format literal) timestamp", "strptime, but null for a text that doesn't fit.", `try_strptime(day_text, "%d.%m.%Y")`), checkFormat)
	tryParse.own = strptimeType
	return []Builtin{
		constant(date("date", "(x date) date", "The date of a text (2026-11-23), a timestamp, or an instant in UTC.", `date(updated_at)`).
			or("(x string) date", "(x timestamp) date", "(x timestamptz) date"), checkLiteral),
		constant(date("time", "(x time) time", "The time of day of a text (18:04:11), a timestamp, or an instant in UTC.", `time(updated_at)`).
			or("(x string) time", "(x timestamp) time", "(x timestamptz) time"), checkLiteral),
		constant(date("timestamp", "(x timestamp) timestamp", "The timestamp of a text, of a date at midnight, or of an instant in UTC.", `timestamp(order_date)`).
			or("(x string) timestamp", "(x timestamptz) timestamp"), checkLiteral),
		constant(date("timestamptz", "(x timestamptz) timestamptz", "The instant of a text with an offset, or of a local time in a zone (America/New_York).", `timestamptz(departed_at, "America/New_York")`).
			or("(x string) timestamptz", "(local timestamp, zone string) timestamptz", "(local string, zone string) timestamptz"), checkZone),
		constant(date("to_timezone", "(at timestamptz, zone string) timestamp", "The local time of an instant in a zone.", `to_timezone(seen_at, "Europe/Berlin")`), checkZone),
		constant(date("date_trunc", "(unit unit, x D) D", "The start of the year, quarter, month, week (Monday), day, hour, minute or second.", `date_trunc("month", order_date)`), checkTruncUnit),
		constant(date("date_diff", "(unit unit, from D, to D) long", "How many boundaries of the unit lie between two times.", `date_diff("day", order_date, shipped_date)`), checkUnit),
		date("make_date", "(year long, month long, day long) date", "The date of its parts.", `make_date(2026, 11, 23)`),
		date("make_time", "(hour long, minute long, second double) time", "The time of day of its parts.", `make_time(18, 4, 11)`),
		date("make_timestamp", "(year long, month long, day long, hour long, minute long, second double) timestamp", "The timestamp of its parts.", `make_timestamp(2026, 11, 23, 18, 4, 11)`),
		date("last_day", "(x D) date", "The last day of the month.", `last_day(order_date)`),
		strptime, tryParse,
		constant(date("strftime", "(x D, format literal) string", "The time written in a format (%Y-%m-%d %H:%M:%S), instants in UTC.", `strftime(order_date, "%d.%m.%Y")`), checkFormat),
		date("epoch", "(x D) double", "Seconds since 1970-01-01, in UTC.", `epoch(updated_at)`),
		date("epoch_ms", "(x D) long", "Milliseconds since 1970-01-01, in UTC.", `epoch_ms(updated_at)`),
		date("from_epoch", "(seconds double) timestamptz", "The instant so many seconds after 1970-01-01 UTC.", `from_epoch(seconds_total)`),
		date("from_epoch_ms", "(milliseconds long) timestamptz", "The instant so many milliseconds after 1970-01-01 UTC.", `from_epoch_ms(millis)`),
		date("now", "() timestamptz", "The instant of the run; the same for all its rows.", `now()`),
		date("today", "() date", "The date of the run in UTC.", `today()`),
	}
}

func datePartFunctions() []Builtin {
	part := func(name, doc, example string) Builtin {
		return scalar(groupDate, name, "(x D) int", doc, example)
	}
	generic := scalar(groupDate, "date_part", "(unit unit, x D) long", "A part of a date or timestamp: year, quarter, month, week, day, dayofweek, dayofyear, hour, minute, second, millisecond, microsecond. Instants are in UTC.", `date_part("week", order_date)`)
	generic.check = checkPart
	clock := func(name, doc, example string) Builtin { return part(name, doc, example).or("(x time) int") }
	return []Builtin{
		generic,
		part("year", "The year.", `year(order_date)`),
		part("quarter", "The quarter, 1 to 4.", `quarter(order_date)`),
		part("month", "The month, 1 to 12. To group, use date_trunc.", `month(order_date)`),
		part("week", "The ISO week, 1 to 53.", `week(order_date)`),
		part("day", "The day of the month, 1 to 31.", `day(order_date)`),
		part("dayofweek", "The day of the week, Monday 1 to Sunday 7.", `dayofweek(order_date)`),
		part("dayofyear", "The day of the year, 1 to 366.", `dayofyear(order_date)`),
		clock("hour", "The hour, 0 to 23.", `hour(updated_at)`),
		clock("minute", "The minute, 0 to 59.", `minute(updated_at)`),
		clock("second", "The second, 0 to 59.", `second(updated_at)`),
		scalar(groupDate, "monthname", "(x D) string", "The English name of the month.", `monthname(order_date)`),
		scalar(groupDate, "dayname", "(x D) string", "The English name of the day of the week.", `dayname(order_date)`),
	}
}

func intervalFunctions() []Builtin {
	span := func(name, result, doc, example string) Builtin {
		return scalar(groupDate, name, "(n long) "+result, doc+" To be added to or subtracted from a date or timestamp.", example)
	}
	return []Builtin{
		span("years", "days", "So many years.", `order_date + years(1)`),
		span("months", "days", "So many months; the 31st becomes the month's last day.", `order_date - months(3)`),
		span("weeks", "days", "So many weeks.", `order_date + weeks(2)`),
		span("days", "days", "So many days.", `today() - days(2)`),
		span("hours", "interval", "So many hours; a date becomes a timestamp.", `updated_at + hours(6)`),
		span("minutes", "interval", "So many minutes; a date becomes a timestamp.", `updated_at + minutes(90)`),
		span("seconds", "interval", "So many seconds; a date becomes a timestamp.", `updated_at - seconds(30)`),
		span("milliseconds", "interval", "So many milliseconds; a date becomes a timestamp.", `updated_at + milliseconds(5)`),
	}
}
