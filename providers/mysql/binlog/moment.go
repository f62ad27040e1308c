package binlog

import "github.com/automic-etl/etl/providers/mysql/cell"

// fraction reads what follows the seconds of a time with so many digits, as microseconds.
func fraction(in *source, digits int) int {
	n := (digits + 1) / 2
	micros := int(in.big(n))
	for range 3 - n {
		micros *= 100
	}
	return micros
}

func packedDate(in *source) cell.Moment {
	v := int(in.little(3))
	return cell.Moment{Year: v >> 9, Month: v >> 5 & 15, Day: v & 31}
}

// timestamp2 counts seconds since 1970; none at all are the zero date.
func timestamp2(in *source, digits int) cell.Moment {
	seconds := int64(in.big(4))
	micros := fraction(in, digits)
	return instant(seconds, micros, digits)
}

func instant(seconds int64, micros, digits int) cell.Moment {
	if seconds == 0 {
		return cell.Moment{Micros: micros, Digits: digits}
	}
	return cell.MomentOf(seconds, micros, digits)
}

// datetime2 packs year and month, day, hour, minute and second into 40 bits above an offset.
func datetime2(in *source, digits int) cell.Moment {
	const offset = 0x8000000000
	m := unpackDatetime(int64(in.big(5)) - offset)
	m.Micros, m.Digits = fraction(in, digits), digits
	return m
}

func unpackDatetime(v int64) cell.Moment {
	months, clock := v>>22, v&(1<<17-1)
	return cell.Moment{
		Year: int(months / 13), Month: int(months % 13), Day: int(v >> 17 & 31),
		Hour: int(clock >> 12), Minute: int(clock >> 6 & 63), Second: int(clock & 63),
	}
}

// time2 is a number of 24 bits and those of the fraction, above an offset: negative times have a negative number.
func time2(in *source, digits int) cell.Moment {
	n := (digits + 1) / 2
	v := int64(in.big(3+n)) - 1<<(23+8*n)
	m := cell.Moment{Digits: digits, Negative: v < 0}
	if v < 0 {
		v = -v
	}
	clock := v >> (8 * n)
	m.Hour, m.Minute, m.Second = int(clock>>12&1023), int(clock>>6&63), int(clock&63)
	m.Micros = int(v & (1<<(8*n) - 1))
	for range 3 - n {
		m.Micros *= 100
	}
	return m
}

// datetime1, timestamp1 and time1 are what columns of older servers keep until they are rebuilt.
func datetime1(in *source) cell.Moment {
	v := in.little(8)
	date, clock := int(v/1_000_000), int(v%1_000_000)
	return cell.Moment{
		Year: date / 10_000, Month: date / 100 % 100, Day: date % 100, Hour: clock / 10_000, Minute: clock / 100 % 100, Second: clock % 100,
	}
}

func timestamp1(in *source) cell.Moment { return instant(int64(in.little(4)), 0, 0) }

func time1(in *source) cell.Moment {
	v := signed(in.little(3), 3)
	m := cell.Moment{Negative: v < 0}
	if v < 0 {
		v = -v
	}
	m.Hour, m.Minute, m.Second = int(v/10_000), int(v/100%100), int(v%100)
	return m
}
