package json

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// readAll reads a text in pieces of about the given size and writes down what comes of it.
func readAll(t *testing.T, text []byte, l layout, size int) (out []string, failed error) {
	r := &reader{layout: l, maxRecord: 100}
	columns := coltype.Schema{{Name: "a", Type: coltype.Of(coltype.Long)}, {Name: "b", Type: coltype.ListOf(coltype.Of(coltype.String))}}
	p := &pieces{in: bytes.NewReader(text), source: "x", layout: l, maxRecord: 100, size: size, raw: func() int64 { return 0 }, line: 1}
	for {
		part, err := p.next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		if part.bad != nil {
			out = append(out, "bad "+part.bad.Position)
			continue
		}
		rows := r.rows(part, "x", l)
		batch, err := rows.batch(arrowschema.FromColumns(columns), columns)
		if err != nil {
			return out, err
		}
		if int(batch.NumRows())+len(rows.badRows()) != len(rows.items) {
			t.Fatalf("%d rows and %d bad ones of %d", batch.NumRows(), len(rows.badRows()), len(rows.items))
		}
		bad, good := rows.badRows(), 0
		for i := range rows.items {
			if _, isBad := rows.bad[i]; isBad {
				out = append(out, "bad "+bad[0].Position)
				bad = bad[1:]
				continue
			}
			out = append(out, fmt.Sprintf("%s %s", batch.Column(0).ValueStr(good), batch.Column(1).ValueStr(good)))
			good++
		}
		batch.Release()
	}
}

// FuzzRows checks that rows don't depend on where a file is cut into pieces, and that each is there, good or bad.
func FuzzRows(f *testing.F) {
	for _, seed := range []string{
		"{\"a\":1}\n{\"a\":\"x\"}\n\n{\"b\":[1,\"z\"]}", "[{\"a\":1},{\"a\":2},3]", "[]", "{\n\"a\":1}\n{}", "[{\"a\":", "[1,]", "{\"b\":{\"c\":[]}}\n",
		"[\"" + string(bytes.Repeat([]byte("x"), 200)) + "\"]", "{\"a\":\"\\\"}\"}\n",
	} {
		f.Add([]byte(seed), byte(0))
	}
	f.Fuzz(func(t *testing.T, text []byte, mode byte) {
		l := []layout{lines, array, document}[mode%3]
		whole, wholeErr := readAll(t, text, l, 1<<20)
		for _, size := range []int{1, 5, 50} {
			cut, cutErr := readAll(t, text, l, size)
			if (wholeErr == nil) != (cutErr == nil) {
				t.Fatalf("pieces of %d: %v; whole: %v", size, cutErr, wholeErr)
			}
			if wholeErr == nil && !slices.Equal(whole, cut) {
				t.Fatalf("pieces of %d:\n%q\nwhole:\n%q", size, cut, whole)
			}
		}
	})
}
