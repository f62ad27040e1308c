package quantity

import (
	"strconv"
	"time"
)

// Span reads a length of time: a duration of Go, or so many days or weeks, as in "2d".
func Span(text string) (time.Duration, bool) {
	if n := len(text) - 1; n > 0 && (text[n] == 'd' || text[n] == 'w') {
		days, err := strconv.ParseFloat(text[:n], 64)
		if text[n] == 'w' {
			days *= 7
		}
		if err != nil || !(days >= 0 && days < 100_000) {
			return 0, false
		}
		return time.Duration(days * 24 * float64(time.Hour)), true
	}
	d, err := time.ParseDuration(text)
	return d, err == nil && d >= 0
}
