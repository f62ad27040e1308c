package textvalue

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

func TestClassify(t *testing.T) {
	for text, want := range map[string]Evidence{
		"0": SeenLong, "-12": SeenLong, "9007199254740993": SeenWideLong, "9223372036854775808": SeenHuge, "007": SeenString, "+5": SeenString,
		"1.5": SeenDouble, ".5": SeenDouble, "1e3": SeenDouble, "1e999": SeenString, "00.5": SeenString, "NaN": SeenString, "inf": SeenString,
		"true": SeenBoolean, "FALSE": SeenBoolean, "t": SeenString, "yes": SeenString, "": SeenString, "-": SeenString, ".": SeenString,
		"2013-01-31": SeenDate, "2013-02-30": SeenString, "2013-1-1": SeenString, "2013-01-01T10:00:00": SeenTimestamp,
		"2013-01-01 10:00": SeenTimestamp, "2013-01-01T10:00:00Z": SeenTimestamptz, "2013-01-01 10:00:00+0530": SeenTimestamptz,
		"2013-01-01T10:00:00.1234567": SeenString, "2013-01-01T25:00:00": SeenString, "10:00": SeenString, " 1": SeenString, "1 ": SeenString,
		strings.Repeat("9", 38): SeenHuge, strings.Repeat("9", 39): SeenString, "0x10": SeenString, "1_000": SeenString, "1,5": SeenString,
	} {
		if got := Classify([]byte(text)); got != want {
			t.Errorf("%q is %b instead of %b", text, got, want)
		}
	}
}

func TestEvidence(t *testing.T) {
	for _, test := range []struct {
		seen Evidence
		want string
	}{
		{0, "unknown"}, {SeenLong, "long"}, {SeenLong | SeenWideLong, "long"}, {SeenLong | SeenHuge, "decimal(38, 0)"}, {SeenLong | SeenDouble, "double"},
		{SeenWideLong | SeenDouble, "string"}, {SeenHuge | SeenDouble, "string"}, {SeenDate | SeenTimestamp, "timestamp"}, {SeenDate, "date"},
		{SeenTimestamp | SeenTimestamptz, "string"}, {SeenBoolean | SeenLong, "string"}, {SeenBoolean, "boolean"}, {SeenString | SeenLong, "string"},
	} {
		if got := test.seen.Type().String(); got != test.want {
			t.Errorf("%b is %s instead of %s", test.seen, got, test.want)
		}
	}
}

// TestNumbersAgree compares with the standard library on random texts.
func TestNumbersAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[-+]?[0-9]{0,20}(\.[0-9]{0,18})?([eE][-+]?[0-9]{1,3})?`).Draw(t, "text")
		long, ok := Long([]byte(text))
		wantLong, err := strconv.ParseInt(text, 10, 64)
		if ok != (err == nil) || ok && long != wantLong {
			t.Fatalf("Long(%q) = %d, %t; want %d, %v", text, long, ok, wantLong, err)
		}
		double, ok := Double([]byte(text))
		wantDouble, err := strconv.ParseFloat(text, 64)
		if ok != (err == nil) || ok && math.Float64bits(double) != math.Float64bits(wantDouble) {
			t.Fatalf("Double(%q) = %g, %t; want %g, %v", text, double, ok, wantDouble, err)
		}
	})
}

// TestDecimalIsExact compares with exact fractions.
func TestDecimalIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`-?[0-9]{1,25}(\.[0-9]{1,14})?([eE][-+]?[0-9]{1,2})?`).Draw(t, "text")
		precision := rapid.IntRange(1, 38).Draw(t, "precision")
		scale := rapid.IntRange(0, precision).Draw(t, "scale")
		want, _ := new(big.Rat).SetString(text)
		unscaled := new(big.Rat).Mul(want, new(big.Rat).SetInt(power(scale)))
		fits := unscaled.IsInt() && new(big.Int).Abs(unscaled.Num()).Cmp(power(precision)) < 0
		got, ok := Decimal([]byte(text), precision, scale)
		if ok != fits || ok && got.BigInt().Cmp(unscaled.Num()) != 0 {
			t.Fatalf("Decimal(%q, %d, %d) = %v, %t; want %v, %t", text, precision, scale, got, ok, unscaled, fits)
		}
	})
}

func power(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// TestClockAgrees writes random instants in several ways and reads them back.
func TestClockAgrees(t *testing.T) {
	least, most := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro(), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC).UnixMicro()
	rapid.Check(t, func(t *rapid.T) {
		micros := rapid.Int64Range(least+86_400_000_000, most-86_400_000_000).Draw(t, "micros")
		at := time.UnixMicro(micros).UTC()
		if got, ok := Timestamp([]byte(at.Format("2006-01-02T15:04:05.999999"))); !ok || got != micros {
			t.Fatalf("%v read as %d, %t", at, got, ok)
		}
		zone := time.FixedZone("", rapid.IntRange(-18*60, 18*60).Draw(t, "zone")*60)
		if got, ok := Timestamptz([]byte(at.In(zone).Format("2006-01-02 15:04:05.000000Z07:00"))); !ok || got != micros {
			t.Fatalf("%v read as %d, %t", at.In(zone), got, ok)
		}
		layout, err := ParseLayout("%d/%m/%Y %I:%M:%S.%f %p")
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := layout.Timestamp([]byte(at.Format("02/01/2006 03:04:05.000000 PM"))); !ok || got != micros {
			t.Fatalf("%v read by the layout as %d, %t", at, got, ok)
		}
		if days, ok := Date([]byte(at.Format(time.DateOnly))); !ok || int64(days) != at.Truncate(24*time.Hour).Unix()/86_400 {
			t.Fatalf("%v is on day %d, %t", at, days, ok)
		}
	})
}

func TestLayout(t *testing.T) {
	for _, test := range []struct {
		format, text string
		want         string
	}{
		{"%d.%m.%Y", "31.12.2013", "2013-12-31T00:00:00Z"}, {"%d.%m.%Y", "31.12.2013 ", ""}, {"%d.%m.%Y", "31.13.2013", ""},
		{"%b %d %y", "Feb 3 68", "2068-02-03T00:00:00Z"}, {"%b %d %y", "feb 3 69", "1969-02-03T00:00:00Z"}, {"%b %d %y", "xyz 3 69", ""},
		{"%Y%m%dT%H%M%S%z", "20130101T100000+02:00", "2013-01-01T08:00:00Z"}, {"%Y-%m-%d 100%%", "2013-01-01 100%", "2013-01-01T00:00:00Z"},
		{"%Y-%m-%d %I %p", "2013-01-01 12 am", "2013-01-01T00:00:00Z"}, {"%Y-%m-%d %I %p", "2013-01-01 13 am", ""},
	} {
		layout, err := ParseLayout(test.format)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if micros, ok := layout.Timestamp([]byte(test.text)); ok {
			got = time.UnixMicro(micros).UTC().Format(time.RFC3339)
		}
		if got != test.want {
			t.Errorf("%s read by %s is %q instead of %q", test.text, test.format, got, test.want)
		}
	}
	for _, format := range []string{"%Q", "%", "%Y-%m", "%H:%M"} {
		if _, err := ParseLayout(format); err == nil {
			t.Errorf("%q is a layout", format)
		}
	}
}

func TestReason(t *testing.T) {
	for _, test := range []struct{ text, kind, want string }{
		{"1.5", "long", "not a whole number"}, {"99999999999", "int", "does not fit into 32 bits"}, {"2013-01-01T10:00:00", "timestamptz", "has no zone"},
		{"2013-01-01T10:00:00Z", "timestamp", "has a zone"}, {"2013-01-01 10:00", "date", "has a time of day"}, {"1e999", "double", "too large"},
		{"1000", "decimal(5, 2)", "more than 3 digits before the point"}, {"1.001", "decimal(5, 2)", "more than 2 digits after the point"},
		{"2013-01-01T10:00:00.1234567", "timestamp", "finer than a microsecond"},
	} {
		kind, err := coltype.Parse(test.kind)
		if err != nil {
			t.Fatal(err)
		}
		if got := Reason("c", []byte(test.text), kind); !strings.Contains(got, test.want) || !strings.Contains(got, `column "c"`) {
			t.Errorf("%s as %s: %s, without %q", test.text, test.kind, got, test.want)
		}
	}
	if long := Reason("c", []byte(strings.Repeat("é", 500)), coltype.Of(coltype.Long)); len(long) > 200 {
		t.Errorf("the reason has %d bytes", len(long))
	}
}
