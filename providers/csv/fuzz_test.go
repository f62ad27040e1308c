package csv

import (
	"bytes"
	stdcsv "encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// parseAll reads a text in blocks of about the given size, and writes down what it found: good records, and bad ones.
func parseAll(t interface{ Fatalf(string, ...any) }, d *dialect, text []byte, width, size int) (good [][]string, all []string) {
	b := &blocks{in: bytes.NewReader(text), dialect: d, source: "x", line: 1, size: size, raw: func() int64 { return 0 }}
	header := make([]string, width)
	for {
		blk, err := b.next()
		if errors.Is(err, io.EOF) {
			return good, all
		}
		if err != nil {
			t.Fatalf("reading: %v", err)
		}
		if blk.bad != nil {
			all = append(all, "bad "+blk.bad.Position)
			continue
		}
		r := d.parse(blk, header, "x")
		rows := map[int32]string{}
		for row := range r.good() {
			var record []string
			for _, f := range r.fields[row*width : (row+1)*width] {
				record = append(record, string(r.value(f, nil)))
			}
			good = append(good, record)
			rows[r.ordinalOf(row)] = fmt.Sprintf("%q", record)
		}
		bad := r.badRows()
		for i, record := range r.bad {
			rows[record.ordinal] = "bad " + bad[i].Position
		}
		if len(rows) != r.total {
			t.Fatalf("%d good and bad records of %d", len(rows), r.total)
		}
		for i := range r.total {
			all = append(all, rows[int32(i)])
		}
	}
}

func testDialect(quote, escape byte, trim bool) *dialect {
	return &dialect{delimiter: ',', quote: quote, escape: escape, trim: trim, comment: '#', newline: '\n', maxLine: 64}
}

// FuzzRecords checks that records don't depend on where blocks are cut, and that where the standard library reads a
// text without complaint, the same is read here.
func FuzzRecords(f *testing.F) {
	for _, seed := range []string{
		"a,b\n1,2\n", "\"a\"\"b\",\"c\nd\"\r\n", "\"open,\nx,y\n", "\"a\"b,c\nd,e\n", "#x\n\n1\n", "a\"b,c\n", ",\n,,\n", "\"\",\"", "\\\"",
		strings.Repeat("x", 200) + "\n1,2\n", "\"" + strings.Repeat("y\n", 60), "a,\"\r", "\"a\" ,b\n",
	} {
		f.Add([]byte(seed), byte(0))
	}
	f.Fuzz(func(t *testing.T, text []byte, mode byte) {
		d := testDialect('"', []byte{0, '\\', 0}[mode%3], mode&4 != 0)
		_, whole := parseAll(t, d, text, 2, 1<<20)
		for _, size := range []int{1, 7, 64} {
			if _, cut := parseAll(t, d, text, 2, size); !slices.Equal(whole, cut) {
				t.Fatalf("blocks of %d:\n%q\nwhole:\n%q", size, cut, whole)
			}
		}
		if mode%3 != 1 && mode&4 == 0 && !bytes.ContainsRune(text, '\r') {
			compareWithStandard(t, text)
		}
	})
}

func compareWithStandard(t *testing.T, text []byte) {
	standard := stdcsv.NewReader(bytes.NewReader(text))
	standard.FieldsPerRecord, standard.Comment = 2, '#'
	want, err := standard.ReadAll()
	if err != nil {
		return
	}
	d := testDialect('"', 0, false)
	d.maxLine = 1 << 20
	good, all := parseAll(t, d, text, 2, 1<<20)
	if len(good) != len(all) || !slices.EqualFunc(good, want, slices.Equal) {
		t.Fatalf("got %q, and encoding/csv has %q", all, want)
	}
}

// TestRowsInAreRowsOut writes random records, some of them broken, and counts them all on the other side.
func TestRowsInAreRowsOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		var want [][]string
		broken := 0
		for range rapid.IntRange(0, 60).Draw(t, "records") {
			record := rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("ab,\"\n 😀#")), 0, 6, -1), 3, 3).Draw(t, "record")
			switch rapid.IntRange(0, 5).Draw(t, "kind") {
			case 0:
				text.WriteString("too,few\n")
				broken++
			case 1:
				text.WriteString("x,\"malformed\"y,\"z\n")
				broken++
			case 2:
				text.WriteString(strings.Repeat("long", 20) + ",,\n")
				broken++
			default:
				for i, field := range record {
					if i > 0 {
						text.WriteByte(',')
					}
					fmt.Fprintf(&text, `"%s"`, strings.ReplaceAll(field, `"`, `""`))
				}
				text.WriteByte('\n')
				want = append(want, record)
			}
		}
		size := rapid.IntRange(1, 300).Draw(t, "block")
		good, all := parseAll(t, testDialect('"', 0, false), []byte(text.String()), 3, size)
		if !slices.EqualFunc(good, want, slices.Equal) {
			t.Fatalf("got %q, want %q", good, want)
		}
		if len(all) != len(want)+broken {
			t.Fatalf("%d records of %d", len(all), len(want)+broken)
		}
	})
}
