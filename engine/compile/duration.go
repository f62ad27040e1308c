package compile

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Duration reads a duration that has been checked.
func Duration(text string) (time.Duration, error) {
	micros, wrong := duration(text)
	if wrong != "" {
		return 0, errors.New(wrong)
	}
	return time.Duration(micros) * time.Microsecond, nil
}

// duration reads 30m, 1h30m, 2d or 1w as microseconds; the second result says what is wrong.
func duration(text string) (int64, string) {
	if n := len(text); n > 1 && (text[n-1] == 'd' || text[n-1] == 'w') {
		days, err := strconv.ParseFloat(text[:n-1], 64)
		if text[n-1] == 'w' {
			days *= 7
		}
		if err == nil && days > 0 && days < 100_000 {
			return int64(days * 24 * float64(time.Hour/time.Microsecond)), ""
		}
	} else if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return d.Microseconds(), ""
	}
	return 0, fmt.Sprintf("%q is no duration. Durations are written 30s, 5m, 1h30m, 2d or 1w.", text)
}
