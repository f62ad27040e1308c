package view

import (
	"strconv"
	"strings"
	"time"

	"github.com/automic-etl/etl/engine/plan"
)

// Count is a number as a person reads it: 12,104 exactly, 1.2 M from a million on.
func Count(n int64) string {
	switch {
	case n < 0:
		return "-" + Count(-n)
	case n < 1_000_000:
		return grouped(n)
	case n < 999_500_000:
		return short(float64(n)/1e6, 100) + " M"
	default:
		return short(float64(n)/1e9, 100) + " B"
	}
}

// Bytes is a size in decimal units: 84 MB, 1.2 GB.
func Bytes(n int64) string {
	const step = 1000
	value, unit := float64(n), "B"
	for _, next := range []string{"kB", "MB", "GB", "TB", "PB"} {
		if value < step-0.5 {
			break
		}
		value, unit = value/step, next
	}
	if unit == "B" {
		return strconv.FormatInt(n, 10) + " B"
	}
	return short(value, 10) + " " + unit
}

// short keeps one decimal below a bound, none from there on.
func short(value, bound float64) string {
	text := strconv.FormatFloat(value, 'f', 1, 64)
	if rounded, err := strconv.ParseFloat(text, 64); err == nil && rounded >= bound {
		return strconv.FormatFloat(value, 'f', 0, 64)
	}
	return strings.TrimSuffix(text, ".0")
}

// grouped writes thousands apart: 336,776.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// Duration is a span of time to three digits or so: 240 ms, 1.2 s, 3 min 20 s.
func Duration(d time.Duration) string {
	switch {
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < time.Minute:
		return strconv.FormatFloat(d.Truncate(100*time.Millisecond).Seconds(), 'f', 1, 64) + " s"
	case d < time.Hour:
		return strconv.Itoa(int(d.Minutes())) + " min " + strconv.Itoa(int(d.Seconds())%60) + " s"
	default:
		return strconv.Itoa(int(d.Hours())) + " h " + strconv.Itoa(int(d.Minutes())%60) + " min"
	}
}

// Plural is a number with its noun, as people read it: 1 table, 1,000 tables, 1.2 M rows.
func Plural[N int | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Count(int64(n)) + " " + noun + "s"
}

// known tells whether an estimate says anything at all.
func known(e plan.Estimate) bool { return e.Rows > 0 || e.Bytes > 0 || e.AtLeast }

// amount is an estimate in words: 1.2 M rows (84 MB), at least 12,104 rows.
func amount(e plan.Estimate) string {
	prefix := ""
	if e.AtLeast {
		prefix = "at least "
	}
	switch {
	case e.Rows < 0 && e.Bytes <= 0, e.AtLeast && e.Rows == 0 && e.Bytes <= 0:
		return "an unknown number of rows"
	case e.Rows < 0:
		return prefix + Bytes(e.Bytes)
	case e.Bytes <= 0:
		return prefix + Plural(e.Rows, "row")
	default:
		return prefix + Plural(e.Rows, "row") + " (" + Bytes(e.Bytes) + ")"
	}
}
