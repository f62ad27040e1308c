package json

import (
	"bufio"
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/delivery"
	"github.com/automic-etl/etl/providers/filesource"
	"github.com/automic-etl/etl/providers/ordered"
	"github.com/automic-etl/etl/providers/textencoding"
)

// open opens a file and finds out how it holds its rows.
func (r *reader) open(ctx context.Context, f filesource.File) (*pieces, *filesource.Stream, error) {
	stream, err := filesource.OpenText(ctx, f, r.options.Compression)
	if err != nil {
		return nil, nil, err
	}
	p, err := r.begin(stream, f)
	if err != nil {
		return nil, nil, errors.Join(err, stream.Close())
	}
	return p, stream, nil
}

func (r *reader) begin(stream *filesource.Stream, f filesource.File) (*pieces, error) {
	text, err := textencoding.Decode(stream.Reader, "utf-8", f.Path, stream.Buffer(64<<10))
	if err != nil {
		return nil, err
	}
	buffered := bufio.NewReaderSize(text, stream.Buffer(64<<10))
	l := r.layout
	if l == auto {
		head, err := buffered.Peek(buffered.Size())
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		l = detect(f.Path, head)
	}
	return &pieces{in: buffered, source: f.Path, layout: l, maxRecord: r.maxRecord, size: stream.Buffer(pieceSize), raw: stream.Raw, line: 1}, nil
}

// parsed is a piece after its worker is done with it.
type parsed struct {
	batch    arrow.RecordBatch
	ordinals []int32
	total    int
	bad      []sdk.BadRow
	raw      int64
	err      error
}

// Read parses pieces in parallel and delivers them in order.
func (r *reader) Read(ctx context.Context, f filesource.File, read filesource.Read) (err error) {
	in, stream, err := r.open(ctx, f)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stream.Close()) }()
	schema := arrowschema.FromColumns(read.Columns)
	work := func(p piece) parsed {
		if p.bad != nil {
			return parsed{bad: []sdk.BadRow{*p.bad}, total: 1, raw: p.raw}
		}
		rows := r.rows(p, f.Path, in.layout)
		batch, err := rows.batch(schema, read.Columns)
		return parsed{batch, rows.ordinals(), len(rows.items), rows.badRows(), p.raw, err}
	}
	next, done := int64(1), int64(0)
	return ordered.Run(ctx, read.Threads, in.next, work, func(p parsed) error {
		if p.err != nil {
			return p.err
		}
		first := next
		next += int64(p.total)
		defer func() { read.Delivery.Read(p.raw - done); done = p.raw }()
		if err := read.Delivery.Bad(ctx, p.bad); err != nil || p.batch == nil {
			return err
		}
		return read.Delivery.Rows(ctx, delivery.Rows{Record: p.batch, Source: f.Path, Numbers: delivery.NumbersOf(first, p.ordinals)})
	})
}
