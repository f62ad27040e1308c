package column

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// copied is a stream of rows of a number and a text, as the server copies them.
func copied(rows ...[2][]byte) []byte {
	b := append([]byte(copyHeader), 0, 0, 0, 0, 0, 0, 0, 0)
	for _, row := range rows {
		b = binary.BigEndian.AppendUint16(b, 2)
		for _, value := range row {
			if value == nil {
				b = append(b, 0xff, 0xff, 0xff, 0xff)
				continue
			}
			b = append(binary.BigEndian.AppendUint32(b, uint32(len(value))), value...)
		}
	}
	return append(b, 0xff, 0xff)
}

// FuzzTuples feeds a stream whole and cut in pieces: both give the same rows, the same bad ones, and the same error.
func FuzzTuples(f *testing.F) {
	f.Add(copied([2][]byte{{0, 0, 0, 1}, []byte("a")}, [2][]byte{nil, nil}, [2][]byte{{0, 0}, {}}), uint8(3))
	f.Add(copied([2][]byte{{1}, []byte("bad")}, [2][]byte{{0, 0, 0, 2}, []byte("good")}), uint8(1))
	f.Add(copied()[:14], uint8(1))
	f.Add([]byte("no copy"), uint8(2))
	f.Fuzz(func(t *testing.T, stream []byte, size uint8) {
		whole, wholeErr := fed(stream, len(stream))
		cut, cutErr := fed(stream, int(size)+1)
		if (wholeErr == nil) != (cutErr == nil) || wholeErr == nil && whole != cut {
			t.Fatalf("whole it gives %q, %v; in pieces of %d it gives %q, %v", whole, wholeErr, size+1, cut, cutErr)
		}
	})
}

// fed are the rows of a stream in words.
func fed(stream []byte, size int) (string, error) {
	number := &Shape{Kind: Scalar, Natural: coltype.Of(coltype.Int), Binary: true}
	text := &Shape{Kind: Scalar, Natural: coltype.Of(coltype.String), Binary: true}
	columns := []Column{New(number.Natural, number, Binary), New(text.Natural, text, Binary)}
	var out bytes.Buffer
	tuples := NewTuples(columns, func(values Values, column int, reason error) {
		out.WriteString("bad " + Show(values[0], number, Binary) + " " + Show(values[1], text, Binary) + " " + reason.Error() + "\n")
	})
	tuples.Next()
	for len(stream) > 0 {
		n := min(size, len(stream))
		if err := tuples.Feed(stream[:n]); err != nil {
			return "", err
		}
		stream = stream[n:]
	}
	var arrays []arrow.Array
	for _, c := range columns {
		arrays = append(arrays, c.Array())
	}
	for i := range tuples.Rows() {
		out.WriteString(arrays[0].ValueStr(i) + " " + arrays[1].ValueStr(i) + "\n")
	}
	return out.String(), nil
}
