package cell

import (
	"strconv"
	"time"
)

const (
	microsPerSecond = 1_000_000
	secondsPerDay   = 86_400
)

// exists reports whether the calendar has the date: the server's zero dates, and dates with a zero in them, it has not.
func (m Moment) exists() bool {
	return m.Year >= 1 && m.Year <= 9999 && m.Month >= 1 && m.Month <= 12 && m.Day >= 1 && m.Day <= daysIn(m.Year, m.Month)
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// days are days since 1970.
func (m Moment) days() int64 {
	return time.Date(m.Year, time.Month(m.Month), m.Day, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay
}

// clock are microseconds since midnight, without sign.
func (m Moment) clock() int64 {
	return int64((m.Hour*60+m.Minute)*60+m.Second)*microsPerSecond + int64(m.Micros)
}

// micros are microseconds since 1970.
func (m Moment) micros() int64 { return m.days()*secondsPerDay*microsPerSecond + m.clock() }

// MomentOf is a moment of UTC with the given digits of fraction.
func MomentOf(seconds int64, micros, digits int) Moment {
	t := time.Unix(seconds, 0).UTC()
	return Moment{
		Year: t.Year(), Month: int(t.Month()), Day: t.Day(), Hour: t.Hour(), Minute: t.Minute(), Second: t.Second(),
		Micros: micros, Digits: digits,
	}
}

// ParseMoment reads the server's text of a date, a time, or both.
func ParseMoment(text []byte) (Moment, bool) {
	var m Moment
	rest := text
	if len(rest) >= 10 && rest[4] == '-' && rest[7] == '-' {
		var ok1, ok2, ok3 bool
		m.Year, ok1 = number(rest[:4])
		m.Month, ok2 = number(rest[5:7])
		m.Day, ok3 = number(rest[8:10])
		if !ok1 || !ok2 || !ok3 {
			return m, false
		}
		if rest = rest[10:]; len(rest) == 0 {
			return m, true
		}
		rest = rest[1:]
	}
	return m.parseClock(rest)
}

func (m Moment) parseClock(text []byte) (Moment, bool) {
	if len(text) > 0 && text[0] == '-' {
		m.Negative, text = true, text[1:]
	}
	hours := 0
	for hours < len(text) && text[hours] != ':' {
		hours++
	}
	if len(text) < hours+6 || text[hours+3] != ':' {
		return m, false
	}
	var ok1, ok2, ok3 bool
	m.Hour, ok1 = number(text[:hours])
	m.Minute, ok2 = number(text[hours+1 : hours+3])
	m.Second, ok3 = number(text[hours+4 : hours+6])
	if !ok1 || !ok2 || !ok3 {
		return m, false
	}
	return m.parseFraction(text[hours+6:])
}

func (m Moment) parseFraction(text []byte) (Moment, bool) {
	if len(text) == 0 {
		return m, true
	}
	digits := text[1:]
	if text[0] != '.' || len(digits) > 6 {
		return m, false
	}
	fraction, ok := number(digits)
	for range 6 - len(digits) {
		fraction *= 10
	}
	m.Micros, m.Digits = fraction, len(digits)
	return m, ok
}

func number(digits []byte) (n int, ok bool) {
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, len(digits) > 0
}

func (m Moment) appendDate(out []byte) []byte {
	out = padded(out, m.Year, 4)
	out = padded(append(out, '-'), m.Month, 2)
	return padded(append(out, '-'), m.Day, 2)
}

func (m Moment) appendClock(out []byte) []byte {
	if m.Negative {
		out = append(out, '-')
	}
	out = padded(out, m.Hour, 2)
	out = padded(append(out, ':'), m.Minute, 2)
	out = padded(append(out, ':'), m.Second, 2)
	if m.Digits == 0 {
		return out
	}
	fraction := m.Micros
	for range 6 - m.Digits {
		fraction /= 10
	}
	return padded(append(out, '.'), fraction, m.Digits)
}

func padded(out []byte, n, width int) []byte {
	var digits [20]byte
	text := strconv.AppendInt(digits[:0], int64(n), 10)
	for range width - len(text) {
		out = append(out, '0')
	}
	return append(out, text...)
}
