package textvalue

const (
	microsPerSecond = 1_000_000
	microsPerDay    = 86_400 * microsPerSecond
)

// Date reads YYYY-MM-DD as days since 1970.
func Date(b []byte) (int32, bool) {
	days, rest, ok := takeDate(b)
	return days, ok && len(rest) == 0
}

// Time reads HH:MM with optional seconds and fraction as microseconds since midnight.
func Time(b []byte) (int64, bool) {
	micros, rest, ok := takeTime(b)
	return micros, ok && len(rest) == 0
}

// Timestamp reads a date and a time without zone, divided by T or a space, as microseconds since 1970. A date alone
// is its midnight.
func Timestamp(b []byte) (int64, bool) {
	if days, ok := Date(b); ok {
		return int64(days) * microsPerDay, true
	}
	micros, rest, ok := takeTimestamp(b)
	return micros, ok && len(rest) == 0
}

// Timestamptz reads a timestamp with a zone: Z, or an offset like +02:00, +0200 or +02. A timestamp without a zone is
// refused, since choosing one would be a guess.
func Timestamptz(b []byte) (int64, bool) {
	micros, rest, ok := takeTimestamp(b)
	if !ok {
		return 0, false
	}
	offset, ok := zoneOffset(rest)
	return micros - offset, ok
}

func takeTimestamp(b []byte) (micros int64, rest []byte, ok bool) {
	days, rest, ok := takeDate(b)
	if !ok || len(rest) == 0 || (rest[0] != 'T' && rest[0] != ' ' && rest[0] != 't') {
		return 0, b, false
	}
	micros, rest, ok = takeTime(rest[1:])
	return int64(days)*microsPerDay + micros, rest, ok
}

func takeDate(b []byte) (days int32, rest []byte, ok bool) {
	if len(b) < 10 || b[4] != '-' || b[7] != '-' {
		return 0, b, false
	}
	century, ok1 := two(b)
	year, ok2 := two(b[2:])
	month, ok3 := two(b[5:])
	day, ok4 := two(b[8:])
	year += century * 100
	if !ok1 || !ok2 || !ok3 || !ok4 || !calendar(year, month, day) {
		return 0, b, false
	}
	return int32(daysOf(year, month, day)), b[10:], true
}

func takeTime(b []byte) (micros int64, rest []byte, ok bool) {
	if len(b) < 5 || b[2] != ':' {
		return 0, b, false
	}
	hour, ok1 := two(b)
	minute, ok2 := two(b[3:])
	if !ok1 || !ok2 || hour > 23 || minute > 59 {
		return 0, b, false
	}
	micros, rest = int64(hour*60+minute)*60*microsPerSecond, b[5:]
	if len(rest) == 0 || rest[0] != ':' {
		return micros, rest, true
	}
	if len(rest) < 3 {
		return 0, b, false
	}
	second, ok := two(rest[1:])
	if !ok || second > 59 {
		return 0, b, false
	}
	fraction, rest, ok := takeFraction(rest[3:])
	return micros + int64(second)*microsPerSecond + fraction, rest, ok
}

// takeFraction reads .123456. Further digits must be zero: a microsecond is the smallest part that is kept.
func takeFraction(b []byte) (micros int64, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '.' {
		return 0, b, true
	}
	digits, rest := takeDigits(b[1:])
	if len(digits) == 0 {
		return 0, b, false
	}
	unit := int64(microsPerSecond)
	for _, c := range digits {
		unit /= 10
		if unit == 0 && c != '0' {
			return 0, b, false
		}
		micros += int64(c-'0') * unit
	}
	return micros, rest, true
}

// zoneOffset is the offset from UTC in microseconds.
func zoneOffset(b []byte) (int64, bool) {
	if len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	if len(b) == 1 && b[0]|0x20 == 'z' {
		return 0, true
	}
	if len(b) < 3 || (b[0] != '+' && b[0] != '-') {
		return 0, false
	}
	hours, ok := two(b[1:])
	minutes, ok2 := zoneMinutes(b[3:])
	if !ok || !ok2 || hours > 18 || minutes > 59 {
		return 0, false
	}
	offset := int64(hours*60+minutes) * 60 * microsPerSecond
	if b[0] == '-' {
		offset = -offset
	}
	return offset, true
}

func zoneMinutes(b []byte) (int, bool) {
	if len(b) == 0 {
		return 0, true
	}
	if b[0] == ':' {
		b = b[1:]
	}
	minutes, ok := two(b)
	return minutes, ok && len(b) == 2
}

func two(b []byte) (int, bool) {
	if len(b) < 2 || b[0] < '0' || b[0] > '9' || b[1] < '0' || b[1] > '9' {
		return 0, false
	}
	return int(b[0]-'0')*10 + int(b[1]-'0'), true
}

func calendar(year, month, day int) bool {
	return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month)
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// daysOf counts days since 1970 in the proleptic Gregorian calendar, with years that begin in March so that the leap
// day comes last.
func daysOf(year, month, day int) int {
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	yearOfEra := year - era*400
	dayOfYear := (153*(month-3)+2)/5 + day - 1
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return era*146_097 + dayOfEra - 719_468
}
