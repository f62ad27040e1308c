package mysql

import (
	"slices"
	"strings"
	"testing"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/mysql/binlog"
)

func TestLookback(t *testing.T) {
	for _, c := range []struct {
		column          column
		value, lookback string
		want, wrong     string
	}{
		{column{class: instant}, "2024-03-01 00:00:00", "1s", "2024-02-29 23:59:59.000000", ""},
		{column{class: datetime}, "2024-03-01 00:00:00.000001", "1us", "2024-03-01 00:00:00.000000", ""},
		{column{class: date}, "2024-03-01", "24h", "2024-02-29", ""},
		{column{class: date}, "2024-03-01", "2d", "2024-02-28", ""},
		{column{class: instant}, "2024-03-01 00:00:00", "1w", "2024-02-23 00:00:00.000000", ""},
		{column{class: integer}, "18446744073709551615", "5", "18446744073709551610", ""},
		{column{class: integer}, "-9223372036854775808", "0", "-9223372036854775808", ""},
		{column{class: decimal, scale: 2}, "0.10", "0.25", "-0.15", ""},
		{column{class: words}, "k9", "", "k9", ""},
		{column{class: words}, "k9", "1", "", "Leave the lookback out"},
		{column{class: integer}, "1", "5m", "", "is none"},
		{column{class: integer}, "1", "-5", "", "is none"},
		{column{class: date}, "2024-03-01", "5", "", "no length of time"},
		{column{class: date}, "2024-03-01", "-5m", "", "no length of time"},
	} {
		got, wrong := c.column.before(c.value, c.lookback)
		if got != c.want || !strings.Contains(wrong, c.wrong) || c.wrong == "" && wrong != "" {
			t.Errorf("%s before %s is %q, %q", c.lookback, c.value, got, wrong)
		}
	}
}

func TestSpelledBound(t *testing.T) {
	for _, c := range []struct{ value, kind, want string }{
		{"2024-03-01 01:02:03", "timestamp", "2024-03-01T01:02:03.000000"}, {"2024-03-01 01:02:03.5", "timestamptz", "2024-03-01T01:02:03.500000Z"},
		{"2024-03-01", "date", "2024-03-01"}, {"2024-03-01", "timestamp", "2024-03-01T00:00:00.000000"}, {"42", "long", "42"}, {"2024-03-01 01:02:03", "string", "2024-03-01 01:02:03"},
	} {
		kind, err := coltype.Parse(c.kind)
		if err != nil {
			t.Fatal(err)
		}
		if got := (column{}).spell(c.value, kind); got != c.want {
			t.Errorf("%s as %s is %s instead of %s", c.value, c.kind, got, c.want)
		}
	}
}

// TestPositionsSort holds that texts of positions sort as their numbers do.
func TestPositionsSort(t *testing.T) {
	var spelled []string
	for _, epoch := range []uint64{1, 1 << 40} {
		for _, at := range []binlog.Place{{}, {Row: 9}, {Row: 1 << 33}, {File: 1}, {File: 1, Offset: 255}, {File: 1, Offset: 1 << 32}, {File: 16, Offset: 4, Row: 3}, {File: 999_999}} {
			spelled = append(spelled, string(appendPosition(nil, epoch, at)))
		}
	}
	if !slices.IsSorted(spelled) || len(slices.Compact(slices.Clone(spelled))) != len(spelled) {
		t.Errorf("%v", spelled)
	}
	for _, position := range spelled {
		if len(position) != len(spelled[0]) {
			t.Errorf("%s is not as long as %s", position, spelled[0])
		}
	}
}

func TestInet6(t *testing.T) {
	for _, c := range []struct{ bytes, want string }{
		{"\x20\x01\x0d\xb8" + strings.Repeat("\x00", 10) + "\x00\x01", "2001:db8::1"}, {strings.Repeat("\x00", 15) + "\x01", "::1"},
		{strings.Repeat("\x00", 12) + "\x01\x02\x03\x04", "::1.2.3.4"}, {strings.Repeat("\x00", 10) + "\xff\xff\x01\x02\x03\x04", "::ffff:1.2.3.4"},
	} {
		if got, ok := spellInet6([]byte(c.bytes)); !ok || got != c.want {
			t.Errorf("%x is %s instead of %s", c.bytes, got, c.want)
		}
	}
}
