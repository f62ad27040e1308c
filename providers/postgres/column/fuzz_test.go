package column

import (
	"encoding/hex"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// shapes are types of the server that have a form of their own, with what they are read as.
func shapes() []fuzzed {
	of := func(k coltype.Kind) *Shape { return &Shape{Kind: Scalar, Natural: coltype.Of(k), Binary: true} }
	list := func(elem *Shape) *Shape {
		return &Shape{Kind: Array, Delimiter: ',', Elem: elem, Natural: coltype.ListOf(elem.Natural), Binary: elem.Binary}
	}
	number, text := of(coltype.Int), of(coltype.String)
	pair := &Shape{Kind: Composite, Binary: true, Fields: []Field{{"a", number}, {"b", text}, {"c", list(text)}},
		Natural: coltype.StructOf(coltype.Field{Name: "a", Type: number.Natural}, coltype.Field{Name: "b", Type: text.Natural}, coltype.Field{Name: "c", Type: coltype.ListOf(text.Natural)})}
	decimal := &Shape{Kind: Scalar, Binary: true, Natural: coltype.DecimalOf(38, 10)}
	document := coltype.StructOf(coltype.Field{Name: "a", Type: coltype.ListOf(number.Natural)}, coltype.Field{Name: "b", Type: text.Natural})
	return []fuzzed{
		{list(number), list(number).Natural, "{1,NULL,-3}", "000000010000000100000017000000030000000100000004000000" + "01ffffffff0000000400000003"},
		{list(text), list(text).Natural, `{a,"b,c",NULL,"NULL","\"q\"",""}`, "0000000100000001000000190000000300000001000000016100000003622c63ffffffff"},
		{pair, pair.Natural, `(1,"a ""b""","{x,NULL}")`, "0000000300000017000000040000000100000019000000056120226222000003f1ffffffff"},
		{list(pair), list(pair).Natural, `{"(1,x,)",NULL}`, "00000001000000010000af680000000200000001000000280000000300000017000000040000000100000019000000017800000000ffffffffffffffff"},
		{decimal, decimal.Natural, "-1234567890.12", "0004000240000002000c0d801ed204b0"},
		{of(coltype.Date), coltype.Of(coltype.Date), "0044-03-15 BC", "7ffffffe"},
		{of(coltype.Time), coltype.Of(coltype.Time), "23:59:59.999999", "000000141dd75fff"},
		{of(coltype.Timestamp), coltype.Of(coltype.Timestamp), "2026-01-01 00:00:00.5", "7fffffffffffffff"},
		{of(coltype.Timestamptz), coltype.Of(coltype.Timestamptz), "2026-01-01 05:30:00+05:30", "8000000000000000"},
		{&Shape{Kind: Bytes, Natural: coltype.Of(coltype.Binary), Binary: true}, coltype.Of(coltype.Binary), `\x00ff`, "00ff"},
		{&Shape{Kind: JSONB, Natural: coltype.Of(coltype.String), Binary: true}, coltype.Of(coltype.String), `{"a": 1}`, "017b2261223a20317d"},
		{&Shape{Kind: JSONB, Natural: coltype.Of(coltype.String), Binary: true}, document, `{"a": [1, null], "b": "x"}`, ""},
		{list(number), coltype.Of(coltype.String), "[0:1][2:3]={{1,2},{NULL,4}}", ""},
		{of(coltype.UUID), coltype.Of(coltype.UUID), "12345678-1234-1234-1234-123456789abc", "12345678123412341234123456789abc"},
	}
}

// fuzzed is a shape, what it is read as, and a value of it in both formats.
type fuzzed struct {
	from         *Shape
	want         coltype.Type
	text, binary string
}

// FuzzText appends anything to a column of each shape, between two values that are taken. What is refused leaves nothing behind.
func FuzzText(f *testing.F) {
	for i, s := range shapes() {
		f.Add(i, []byte(s.text))
	}
	f.Add(0, []byte("{{1},{2}}"))
	f.Add(0, []byte("{1,x"))
	f.Add(2, []byte("(1,2,3,4)"))
	f.Add(12, []byte("{{{"))
	f.Fuzz(func(t *testing.T, i int, value []byte) {
		s := shapes()[uint(i)%uint(len(shapes()))]
		between(t, New(s.want, s.from, Text), []byte(s.text), value)
		if s.want.Kind == coltype.String && s.from.Kind == Array && utf8.Valid(value) {
			if written, err := appendArray(nil, value, s.from); err == nil && !json.Valid(written) {
				t.Fatalf("%q is written as %q", value, written)
			}
		}
	})
}

// FuzzBinary is FuzzText for the binary format, and shows what can't be read.
func FuzzBinary(f *testing.F) {
	for i, s := range shapes() {
		b, err := hex.DecodeString(s.binary)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(i, b)
	}
	grid, _ := hex.DecodeString("000000020000000000000017000000020000000100000002000000010000000400000001000000040000000200000004000000030000000400000004")
	f.Add(0, grid)
	f.Fuzz(func(t *testing.T, i int, value []byte) {
		s := shapes()[uint(i)%uint(len(shapes()))]
		if s.from.Reads(s.want) != Binary {
			return
		}
		first, err := hex.DecodeString(s.binary)
		if err != nil {
			t.Fatal(err)
		}
		between(t, New(s.want, s.from, Binary), first, value)
		_ = Show(value, s.from, Binary)
	})
}

// between appends a value between two of another, and looks at what the column has then.
func between(t *testing.T, c Column, known, value []byte) {
	t.Helper()
	rows := 0
	add := func(b []byte) {
		if c.Append(b) == nil {
			rows++
		}
	}
	add(known)
	c.Null()
	rows++
	before := rows
	add(value)
	taken := rows > before
	add(known)
	got := c.Array()
	defer got.Release()
	if got.Len() != rows {
		t.Fatalf("%d values instead of %d", got.Len(), rows)
	}
	texts := spell(t, got)
	if first, last := texts[0], texts[len(texts)-1]; before == 2 && first != last {
		t.Fatalf("after %q, %s is %s", value, first, last)
	}
	if !taken {
		return
	}
	c.Null()
	_ = c.Append(value)
	c.Truncate(1)
	if again := c.Array(); again.Len() != 1 || again.NullN() != 1 {
		t.Fatalf("taken back, the column has %d values", again.Len())
	}
}

func spell(t *testing.T, values arrow.Array) []string {
	t.Helper()
	texts := make([]string, values.Len())
	for i := range texts {
		texts[i] = values.ValueStr(i)
	}
	return texts
}
