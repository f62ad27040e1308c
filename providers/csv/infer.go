package csv

import (
	"context"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/filesource"
	"github.com/automic-etl/etl/providers/textvalue"
)

// observed is what was seen in one column.
type observed struct {
	evidence textvalue.Evidence
	// emptyTexts says that a null text was quoted: an empty string if the column turns out to be of strings.
	emptyTexts bool
}

func (o observed) column(name string) coltype.Field {
	t := o.evidence.Type()
	if t.Kind == coltype.Unknown && o.emptyTexts {
		t = coltype.Of(coltype.String)
	}
	return coltype.Field{Name: name, Type: t}
}

// Infer looks at the rows of a file, or at the first of them.
func (r *reader) Infer(ctx context.Context, f filesource.File) (_ filesource.Evidence, err error) {
	in, err := r.open(ctx, f)
	if errors.Is(err, errEmpty) {
		return filesource.Evidence{}, nil
	}
	if err != nil {
		return filesource.Evidence{}, err
	}
	defer func() { err = errors.Join(err, in.stream.Close()) }()
	limit := filesource.SampleOf(r.options, f, in.stream)
	columns := make([]observed, len(in.names))
	var rows, bytes int64
	sampled := false
	for {
		b, err := in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return filesource.Evidence{}, err
		}
		rows += observe(in.dialect.parse(b, in.names, f.Path), columns, limit.Rows-rows)
		bytes += int64(len(b.data))
		if sampled = limit.Reached(rows, bytes) && (!in.ended || len(in.held) > 0); sampled {
			rows = filesource.Extrapolate(rows, in.stream.Raw(), f.Size)
			break
		}
	}
	found := filesource.Evidence{Rows: rows, Sampled: sampled, Columns: make(coltype.Schema, len(columns))}
	for i, column := range columns {
		found.Columns[i] = column.column(in.names[i])
	}
	return found, nil
}

// observe looks at the good records of a block, at most so many, and returns how many records it saw.
func observe(r *records, columns []observed, most int64) int64 {
	n := int(min(int64(r.good()), most))
	for i := range columns {
		columns[i] = observeColumn(r, i, n, columns[i])
	}
	return min(int64(r.total), most)
}

func observeColumn(r *records, index, n int, o observed) observed {
	var scratch []byte
	for row := range n {
		if o.evidence&textvalue.SeenString != 0 {
			break
		}
		f := r.fields[row*r.width+index]
		text := r.value(f, scratch)
		switch {
		case !r.dialect.isNull(text):
			if utf8.Valid(text) {
				o.evidence |= r.dialect.classify(text, scratch)
			} else {
				o.evidence |= textvalue.SeenString
			}
		case f.quoted():
			o.emptyTexts = true
		}
	}
	return o
}
