package textencoding_test

import (
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"pgregory.net/rapid"

	"github.com/automic-etl/etl/providers/textencoding"
)

// TestUTF16 writes random texts in either byte order and reads them back in small pieces.
func TestUTF16(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		var order binary.AppendByteOrder = binary.LittleEndian
		name := rapid.SampledFrom([]string{"utf-16", "utf-16le", "utf-16be"}).Draw(t, "encoding")
		if name == "utf-16be" || name == "utf-16" && rapid.Bool().Draw(t, "big") {
			order = binary.BigEndian
		}
		bytes := order.AppendUint16(nil, 0xfeff)
		for _, unit := range utf16.Encode([]rune(text)) {
			bytes = order.AppendUint16(bytes, unit)
		}
		in, err := textencoding.Decode(strings.NewReader(string(bytes)), name, "x", 4096)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(iotest.OneByteReader(in))
		if err != nil || string(got) != text {
			t.Fatalf("%q comes back as %q, %v", text, got, err)
		}
	})
}

func TestDecode(t *testing.T) {
	for _, test := range []struct{ encoding, in, want, problem string }{
		{"utf-8", "\xef\xbb\xbfa", "a", ""}, {"utf-8", "a\xff", "a\xff", ""}, {"latin-1", "\xe9\x80", "é\u0080", ""}, {"windows-1252", "\x80", "€", ""},
		{"utf-16le", "a\x00b", "", "odd number of bytes"}, {"utf-16", "a\x00", "", "Unknown byte order"}, {"utf-16", "", "", ""},
		{"utf-16le", "\x00\xd8", "\xed\xa0\x80", ""}, {"utf-16le", "\x00\xd8a\x00", "\xed\xa0\x80a", ""}, {"utf-8", "\xfe\xff\x00a", "", "File is in UTF-16"},
	} {
		in, err := textencoding.Decode(strings.NewReader(test.in), test.encoding, "x", 4096)
		var got []byte
		if err == nil {
			got, err = io.ReadAll(in)
		}
		switch {
		case test.problem == "" && (err != nil || string(got) != test.want):
			t.Errorf("%q in %s is %q, %v", test.in, test.encoding, got, err)
		case test.problem != "" && (err == nil || !strings.Contains(err.Error(), test.problem)):
			t.Errorf("%q in %s: %v instead of %q", test.in, test.encoding, err, test.problem)
		}
	}
}
