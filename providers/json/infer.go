package json

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/filesource"
	"github.com/automic-etl/etl/providers/jsonvalue"
	"github.com/automic-etl/etl/providers/naming"
)

// Infer looks at all rows of a file unless told otherwise: a key may appear for the first time in the last of them.
func (r *reader) Infer(ctx context.Context, f filesource.File) (_ filesource.Evidence, err error) {
	in, stream, err := r.open(ctx, f)
	if err != nil {
		return filesource.Evidence{}, err
	}
	defer func() { err = errors.Join(err, stream.Close()) }()
	limit := int64(math.MaxInt64)
	if r.options.InferRows > 0 {
		limit = r.options.InferRows
	}
	var seen jsonvalue.Shape
	var count int64
	sampled := false
	for !sampled {
		p, err := in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return filesource.Evidence{}, err
		}
		n, err := r.observe(r.rows(p, f.Path, in.layout), &seen, limit-count)
		if err != nil {
			return filesource.Evidence{}, err
		}
		if count += n; count >= limit {
			count, sampled = filesource.Extrapolate(count, stream.Raw(), f.Size), true
		}
	}
	columns, err := r.columns(&seen, f.Path)
	return filesource.Evidence{Columns: columns, Rows: count, Sampled: sampled}, err
}

func (r *reader) observe(rows *rows, seen *jsonvalue.Shape, most int64) (int64, error) {
	n := min(int64(len(rows.items)), most)
	for i := range int(n) {
		v, err := rows.object(i)
		if err != nil {
			return 0, err
		}
		if v == nil {
			continue
		}
		for child := range rows.doc.Children(v) {
			if _, declared := r.options.Types[string(child.Key)]; declared {
				seen.Named(child.Key)
			} else {
				seen.Observe(&rows.doc, child, r.nulls)
			}
		}
	}
	return n, nil
}

// columns are the keys that were seen, in the order in which they first appeared.
func (r *reader) columns(seen *jsonvalue.Shape, path string) (coltype.Schema, error) {
	columns := seen.Fields()
	if problem := naming.Unaddressable(columns, "the files"); problem != "" {
		return nil, filesource.Problem("Keys that can't be columns", fmt.Sprintf("In %s, %s.", path, problem), "types")
	}
	return columns, nil
}
