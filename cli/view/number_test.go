package view

import (
	"testing"
	"time"

	"github.com/automic-etl/etl/engine/plan"
)

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", 12104: "12,104", 336776: "336,776", 999999: "999,999",
		1_000_000: "1 M", 1_234_567: "1.2 M", 11_500_000: "11.5 M", 99_949_999: "99.9 M", 99_960_000: "100 M", 410_000_000: "410 M",
		999_400_000: "999 M", 1_000_000_000: "1 B", 2_540_000_000: "2.5 B", -12104: "-12,104",
	} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1 kB", 1250: "1.2 kB", 9_940: "9.9 kB", 9_960: "10 kB", 84_000_000: "84 MB", 999_400: "999 kB",
		999_600: "1 MB", 2_000_000: "2 MB", 886_000_000: "886 MB", 1_500_000_000: "1.5 GB", 5_000_000_000_000_000_000: "5000 PB",
	} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ms", 240 * time.Millisecond: "240 ms", 1250 * time.Millisecond: "1.2 s", 59_990 * time.Millisecond: "59.9 s",
		200 * time.Second: "3 min 20 s", 3*time.Hour + 5*time.Minute: "3 h 5 min",
	} {
		if got := Duration(d); got != want {
			t.Errorf("Duration(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestAmount(t *testing.T) {
	for _, c := range []struct {
		want string
		e    plan.Estimate
	}{
		{"1 row", plan.Estimate{Rows: 1}},
		{"1.2 M rows (84 MB)", plan.Estimate{Rows: 1_200_000, Bytes: 84_000_000}},
		{"at least 12,104 rows", plan.Estimate{Rows: 12104, Bytes: -1, AtLeast: true}},
		{"12 MB", plan.Estimate{Rows: -1, Bytes: 12_000_000}},
		{"an unknown number of rows", plan.Estimate{Rows: -1, Bytes: -1}},
		{"an unknown number of rows", plan.Estimate{AtLeast: true}},
		{"at least 3 rows (12 B)", plan.Estimate{Rows: 3, Bytes: 12, AtLeast: true}},
	} {
		if got := amount(c.e); got != c.want {
			t.Errorf("amount(%+v) = %q, want %q", c.e, got, c.want)
		}
	}
}
