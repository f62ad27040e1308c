package view

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func rendered(t *testing.T, columns []string, rows [][]any, format string) string {
	t.Helper()
	var b bytes.Buffer
	if err := Values(&b, columns, rows, format); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAlignedTable(t *testing.T) {
	got := rendered(t, []string{"carrier", "name", "flights", "delay"}, [][]any{
		{"9E", "Endeavor Air Inc.", int64(18460), 7.38},
		{"名", "e\u0301\x1b[2J", nil, math.NaN()},
		{nil, "👩‍👩‍👧", int64(-1), 1e300},
	}, FormatTable)
	want := "" +
		"carrier  name               flights   delay\n" +
		"-------  -----------------  -------  ------\n" +
		"9E       Endeavor Air Inc.    18460    7.38\n" +
		"名       e\u0301\\u001b[2J            NULL     NaN\n" +
		"NULL     👩‍👩‍👧                      -1  1e+300\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTableOfText(t *testing.T) {
	var b bytes.Buffer
	if err := Table(&b, []string{"table", "rows"}, [][]string{{"bronze.flights", "336,776"}, {"gold.delays", "12"}}, FormatTable); err != nil {
		t.Fatal(err)
	}
	want := "table              rows\n--------------  -------\nbronze.flights  336,776\ngold.delays          12\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestCSVTellsNullFromEmpty(t *testing.T) {
	got := rendered(t, []string{"a", "odd, name"}, [][]any{{nil, ""}, {`say "hi"`, "two\nlines"}, {" x", 1.5}}, FormatCSV)
	want := "a,\"odd, name\"\n,\"\"\n\"say \"\"hi\"\"\",\"two\nlines\"\n\" x\",1.5\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCSVReadsBack(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		cell := rapid.StringMatching(`[a-z ,"\n;é😀]{0,6}`)
		row := rapid.SliceOfN(cell, 3, 3)
		rows := rapid.SliceOfN(row, 0, 5).Draw(r, "rows")
		var b bytes.Buffer
		if err := Table(&b, []string{"a", "b", "c"}, rows, FormatCSV); err != nil {
			r.Fatal(err)
		}
		back, err := csv.NewReader(&b).ReadAll()
		if err != nil {
			r.Fatal(err)
		}
		if !slices.EqualFunc(back[1:], rows, slices.Equal[[]string]) {
			r.Errorf("wrote %q, read %q", rows, back[1:])
		}
	})
}

func TestJSONTable(t *testing.T) {
	at := time.Date(2013, 1, 1, 10, 0, 0, 5000, time.UTC)
	got := rendered(t, []string{"z", "a", "list"}, [][]any{
		{int64(math.MaxInt64), math.Inf(-1), []any{math.NaN(), "<&>", map[string]any{"k": nil}}},
		{nil, float32(0.1), []byte{1, 2}},
		{true, at, json.Number("12345678901234567890.12")},
	}, FormatJSON)
	want := "[\n" +
		`  {"z":9223372036854775807,"a":"-Inf","list":["NaN","<&>",{"k":null}]},` + "\n" +
		`  {"z":null,"a":0.1,"list":"AQI="},` + "\n" +
		`  {"z":true,"a":"2013-01-01T10:00:00.000005Z","list":12345678901234567890.12}` + "\n]\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if !json.Valid([]byte(got)) {
		t.Error("not JSON")
	}
	if empty := rendered(t, []string{"a"}, nil, FormatJSON); empty != "[]\n" {
		t.Errorf("no rows: %q", empty)
	}
}

func TestTableMistakes(t *testing.T) {
	if err := Values(&bytes.Buffer{}, []string{"a"}, nil, "xml"); err == nil || !strings.Contains(err.Error(), "table, csv and json") {
		t.Errorf("unknown format: %v", err)
	}
	if err := Values(&bytes.Buffer{}, []string{"a"}, [][]any{{1, 2}}, FormatCSV); err == nil || !strings.Contains(err.Error(), "row 1") {
		t.Errorf("ragged row: %v", err)
	}
}

func TestWidths(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "abc": 3, "名前": 4, "e\u0301": 1, "👩‍👩‍👧": 2, "❤️": 2, "🇩🇪": 2, "\u200b": 0, "ﾊﾝ": 2,
	} {
		if got := columns(text); got != want {
			t.Errorf("columns(%q) = %d, want %d", text, got, want)
		}
	}
	for _, test := range []struct {
		text string
		to   int
		want string
	}{{"abcdef", 6, "abcdef"}, {"abcdef", 4, "abc…"}, {"名前は", 4, "名…"}, {"", 3, ""}} {
		if got := cut(test.text, test.to); got != test.want {
			t.Errorf("cut(%q, %d) = %q, want %q", test.text, test.to, got, test.want)
		}
	}
}

func TestWrapKeepsEveryWord(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[a-z名😀]{1,12}`), 1, 30).Draw(r, "words")
		width := rapid.IntRange(10, 60).Draw(r, "width")
		lines := wrap(strings.Join(words, " "), width)
		if !slices.Equal(strings.Fields(strings.Join(lines, " ")), words) {
			r.Errorf("words are lost: %q", lines)
		}
		for _, l := range lines {
			if columns(l) > width && strings.Contains(l, " ") {
				r.Errorf("%q is wider than %d", l, width)
			}
		}
	})
}
