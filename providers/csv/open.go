package csv

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/automic-etl/etl/providers/filesource"
	"github.com/automic-etl/etl/providers/textencoding"
)

// input is an open file, its header read.
type input struct {
	*blocks
	stream *filesource.Stream
	names  []string
}

func (r *reader) open(ctx context.Context, f filesource.File) (*input, error) {
	stream, err := filesource.OpenText(ctx, f, r.options.Compression)
	if err != nil {
		return nil, err
	}
	in := &input{stream: stream}
	if err := in.begin(r.dialect, f); err != nil {
		return nil, errors.Join(err, stream.Close())
	}
	return in, nil
}

func (in *input) begin(d dialect, f filesource.File) error {
	text, err := textencoding.Decode(in.stream.Reader, d.encoding, f.Path, in.stream.Buffer(64<<10))
	if err != nil {
		return err
	}
	buffered := bufio.NewReaderSize(text, in.stream.Buffer(64<<10))
	head, err := buffered.Peek(buffered.Size())
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	d.newline = newlineOf(head)
	in.blocks = &blocks{in: buffered, dialect: &d, source: f.Path, line: 1, size: in.stream.Buffer(blockSize), raw: in.stream.Raw}
	if err := in.skip(d.skip); err != nil {
		return err
	}
	in.names, err = in.header()
	return err
}

// newlineOf is the line break of a file: a carriage return only where there is nothing else.
func newlineOf(head []byte) byte {
	if bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head, '\r') >= 0 {
		return '\r'
	}
	return '\n'
}

// skip leaves out lines before the header.
func (b *blocks) skip(n int) error {
	for range n {
		for {
			if err := b.fill(b.size); err != nil {
				return err
			}
			if i := bytes.IndexByte(b.held, b.dialect.newline); i >= 0 {
				b.held = b.held[i+1:]
				break
			}
			b.held = nil
			if b.ended {
				return nil
			}
		}
		b.line++
	}
	return nil
}

func lines(data []byte, newline byte) int64 { return int64(bytes.Count(data, []byte{newline})) }
