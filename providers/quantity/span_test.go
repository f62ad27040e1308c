package quantity

import (
	"testing"
	"time"
)

func TestSpan(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{"5m": 5 * time.Minute, "2d": 2 * day, "1.5d": 36 * time.Hour, "3w": 21 * day, "0d": 0, "99999d": 99_999 * day} {
		if got, ok := Span(text); !ok || got != want {
			t.Errorf("%q is %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "d", "5", "-1d", "-5m", "NaNd", "Infd", "1e9d", "20000w", "2 d", "soon"} {
		if got, ok := Span(text); ok {
			t.Errorf("%q is %v", text, got)
		}
	}
}
