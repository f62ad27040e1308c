package dataplane_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automic-etl/etl/plugins/dataplane"
	pb "github.com/automic-etl/etl/plugins/proto"
)

// stored is a connection over bytes.
type stored struct {
	net.Conn
	in, out *bytes.Buffer
}

func (c stored) Read(p []byte) (int, error)      { return c.in.Read(p) }
func (c stored) Write(p []byte) (int, error)     { return c.out.Write(p) }
func (c stored) SetReadDeadline(time.Time) error { return nil }

// recorded is what a writer sends.
func recorded(t testing.TB, send func(w *dataplane.Writer) error) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := send(dataplane.NewWriter(stored{out: &out}, schema())); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func whole(t testing.TB) []byte {
	return recorded(t, func(w *dataplane.Writer) error {
		return errors.Join(w.Batch(example(t)), w.Event(dataplane.Checkpoint, &pb.Checkpoint{Partition: "p", Cursor: []byte("c")}),
			w.Event(dataplane.Complete, &pb.Complete{Rows: 3}))
	})
}

// replay reads until the end or the first error, looking at every value.
func replay(t testing.TB, stream []byte) (rows int64, err error) {
	r := reader(stored{in: bytes.NewBuffer(stream)}, schema())
	for {
		frame, err := r.Next(t.Context())
		if err != nil {
			return rows, err
		}
		if frame.Rows != nil {
			rows += frame.Rows.NumRows()
			if _, err := frame.Rows.MarshalJSON(); err != nil {
				t.Fatal(err)
			}
		}
		frame.Release()
	}
}

func frame(kind dataplane.Kind, meta, body []byte) []byte {
	h := make([]byte, 16)
	h[0] = byte(kind)
	binary.LittleEndian.PutUint32(h[4:], uint32(len(meta)))
	binary.LittleEndian.PutUint64(h[8:], uint64(len(body)))
	return append(append(h, meta...), body...)
}

func TestMalformedStreams(t *testing.T) {
	good := whole(t)
	headed := func(h ...byte) []byte { return append(h, make([]byte, 16-len(h))...) }
	schemaEnd := 16 + int(binary.LittleEndian.Uint32(good[4:]))
	for name, c := range map[string]struct {
		stream []byte
		want   string
	}{
		"kind":                 {headed(99), "which this version of etl does not know"},
		"reserved bytes":       {headed(2, 1), "which this version of etl does not know"},
		"huge meta":            {headed(2, 0, 0, 0, 0xff, 0xff, 0xff, 0xff), "the limit is"},
		"huge body":            {headed(2, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), "send smaller batches"},
		"event with body":      {headed(6, 0, 0, 0, 0, 0, 0, 0, 1), "has a body"},
		"bad protobuf":         {frame(dataplane.Origin, []byte{0xff, 0xff}, nil), "can't be decoded"},
		"batch before schema":  {good[schemaEnd:], "before the schema"},
		"second schema":        {append(append([]byte{}, good[:schemaEnd]...), good...), "second schema"},
		"empty schema":         {frame(dataplane.Schema, nil, nil), "no Arrow schema"},
		"nonsense schema":      {frame(dataplane.Schema, bytes.Repeat([]byte{0xff}, 64), nil), "no Arrow schema"},
		"zeroes for a schema":  {frame(dataplane.Schema, make([]byte, 64), nil), "no Arrow schema"},
		"schema for a batch":   {append(append([]byte{}, good[:schemaEnd]...), retyped(good[:schemaEnd], dataplane.Batch)...), "no Arrow batch"},
		"cut inside a frame":   {good[:len(good)-3], io.ErrUnexpectedEOF.Error()},
		"cut inside a header":  {good[:schemaEnd+5], io.ErrUnexpectedEOF.Error()},
		"nothing":              {nil, io.EOF.Error()},
		"body shorter than it": {append(append([]byte{}, good[:schemaEnd]...), shortened(good[schemaEnd:])...), "batch"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := replay(t, c.stream); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	if rows, err := replay(t, good); rows != 3 || !errors.Is(err, io.EOF) {
		t.Errorf("the stream itself gave %d rows, %v", rows, err)
	}
}

// retyped is a frame under another kind.
func retyped(frame []byte, kind dataplane.Kind) []byte {
	out := bytes.Clone(frame)
	out[0] = byte(kind)
	return out
}

// shortened is a batch without its body.
func shortened(batch []byte) []byte {
	meta := int(binary.LittleEndian.Uint32(batch[4:]))
	return frame(dataplane.Batch, batch[16:16+meta], nil)
}

// Batches whose buffers lie: built by hand, as no builder makes them.
func TestMalformedBatches(t *testing.T) {
	text := func(offsets []int32, values string) arrow.Array {
		return array.MakeFromData(array.NewData(arrow.BinaryTypes.String, len(offsets)-1, []*memory.Buffer{
			nil, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(offsets)), memory.NewBufferBytes([]byte(values)),
		}, nil, 0, 0))
	}
	price := func(low uint64) arrow.Array {
		raw := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, low), 0)
		return array.MakeFromData(array.NewData(&arrow.Decimal128Type{Precision: 5, Scale: 2}, 1,
			[]*memory.Buffer{nil, memory.NewBufferBytes(raw)}, nil, 0, 0))
	}
	for _, c := range []struct {
		name   string
		column arrow.Array
		want   string
	}{
		{"good text", text([]int32{0, 2}, "ab"), ""},
		{"falling offsets", text([]int32{0, 2, 1, 2}, "ab"), "monotonically"},
		{"no UTF-8", text([]int32{0, 2}, "a\xff"), "utf8"},
		{"good decimal", price(99999), ""},
		{"too many digits", price(100000), "the value 1000.00 has more digits than decimal(5, 2)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			one := arrow.NewSchema([]arrow.Field{{Name: "x", Type: c.column.DataType()}}, nil)
			var out bytes.Buffer
			rows := array.NewRecordBatch(one, []arrow.Array{c.column}, int64(c.column.Len()))
			if err := dataplane.NewWriter(stored{out: &out}, one).Batch(rows); err != nil {
				t.Fatal(err)
			}
			_, err := reader(stored{in: &out}, one).Next(t.Context())
			if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Whatever bytes arrive, the host neither panics nor hands out a batch that can't be read.
func FuzzStream(f *testing.F) {
	good := whole(f)
	f.Add(good)
	for _, at := range []int{0, 4, 20, 60, 200, len(good) / 2, len(good) - 40} {
		bad := bytes.Clone(good)
		bad[at] ^= 0x55
		f.Add(bad)
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		if len(stream) > 1<<16 {
			return
		}
		_, _ = replay(t, stream)
	})
}
