package column

import (
	"bytes"
	"encoding/binary"
	"math"
	"time"

	"github.com/automic-etl/etl/providers/textvalue"
)

// The server counts from 2000.
const (
	daysTo2000   = 10_957
	microsTo2000 = daysTo2000 * microsPerDay
	microsPerDay = 86_400_000_000
)

func binaryDate(b []byte) (int32, error) {
	if len(b) != 4 {
		return 0, errMalformed
	}
	days := int32(binary.BigEndian.Uint32(b))
	if days == math.MaxInt32 || days == math.MinInt32 {
		return 0, errInfinite
	}
	if days > math.MaxInt32-daysTo2000 {
		return 0, errRange
	}
	return days + daysTo2000, nil
}

func binaryTime(b []byte) (int64, error) {
	if len(b) != 8 {
		return 0, errMalformed
	}
	micros := int64(binary.BigEndian.Uint64(b))
	if micros >= microsPerDay {
		return 0, errMidnight
	}
	return micros, nil
}

func binaryTimestamp(b []byte) (int64, error) {
	if len(b) != 8 {
		return 0, errMalformed
	}
	micros := int64(binary.BigEndian.Uint64(b))
	if micros == math.MaxInt64 || micros == math.MinInt64 {
		return 0, errInfinite
	}
	if micros > math.MaxInt64-microsTo2000 {
		return 0, errRange
	}
	return micros + microsTo2000, nil
}

func infinite(b []byte) bool { return string(b) == "infinity" || string(b) == "-infinity" }

func textDate(b []byte) (int32, error) {
	if infinite(b) {
		return 0, errInfinite
	}
	b, before := bytes.CutSuffix(b, []byte(" BC"))
	days, ok := daysOf(b, before)
	switch {
	case !ok:
		return 0, errNoValue
	case days > math.MaxInt32 || days < math.MinInt32:
		return 0, errRange
	}
	return int32(days), nil
}

func textTime(b []byte) (int64, error) {
	if bytes.HasPrefix(b, []byte("24:00:00")) {
		return 0, errMidnight
	}
	micros, ok := textvalue.Time(b)
	if !ok {
		return 0, errNoValue
	}
	return micros, nil
}

func textTimestamp(b []byte) (int64, error) { return moment(b, "") }

// textTimestamptz takes timestamps as a session in UTC writes them.
func textTimestamptz(b []byte) (int64, error) { return moment(b, "+00") }

func moment(b []byte, zone string) (int64, error) {
	if infinite(b) {
		return 0, errInfinite
	}
	b, before := bytes.CutSuffix(b, []byte(" BC"))
	b, zoned := bytes.CutSuffix(b, []byte(zone))
	date, clock, there := bytes.Cut(b, []byte(" "))
	days, ok := daysOf(date, before)
	micros, ok2 := textvalue.Time(clock)
	if !zoned || !there || !ok || !ok2 {
		return 0, errNoValue
	}
	if days > math.MaxInt64/microsPerDay || days == math.MaxInt64/microsPerDay && micros > math.MaxInt64%microsPerDay {
		return 0, errRange
	}
	return days*microsPerDay + micros, nil
}

// daysOf counts from 1970 in the proleptic Gregorian calendar. Years before Christ are counted back from 1.
func daysOf(b []byte, before bool) (int64, bool) {
	first := bytes.IndexByte(b, '-')
	if first < 4 || first > 7 || len(b) != first+6 || b[first+3] != '-' {
		return 0, false
	}
	year, ok := number(b[:first])
	month, ok2 := number(b[first+1 : first+3])
	day, ok3 := number(b[first+4:])
	if !ok || !ok2 || !ok3 {
		return 0, false
	}
	if before {
		year = 1 - year
	}
	at := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return at.Unix() / 86_400, int(at.Month()) == month && at.Day() == day
}

func number(b []byte) (n int, ok bool) {
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
