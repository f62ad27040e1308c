package json

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/filesource"
	"github.com/automic-etl/etl/providers/jsonvalue"
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
	if problem := check(columns, ""); problem != "" {
		return nil, filesource.Problem("Keys that can't be columns", fmt.Sprintf("In %s, %s.", path, problem), "types")
	}
	return columns, nil
}

// maxFields is how many keys an object may have before it is a map in disguise.
const maxFields = 5000

// check finds keys that no engine could address.
func check(fields []coltype.Field, path string) string {
	where := "the rows have"
	if path != "" {
		where = fmt.Sprintf("the objects in %q have", path)
	}
	if len(fields) > maxFields {
		return fmt.Sprintf("%s more than %d different keys. If keys are data, declare the column's type as map(string, …)", where, maxFields)
	}
	lower := make(map[string]string, len(fields))
	for _, f := range fields {
		if f.Name == "" {
			return where + " a key without a name. Rename it in the files, or declare the column that holds it as string"
		}
		if other, there := lower[strings.ToLower(f.Name)]; there && path != "" {
			return fmt.Sprintf("%s the keys %q and %q, which SQL can't tell apart. Declare the column's type as string or "+
				"map(string, …)", where, other, f.Name)
		}
		lower[strings.ToLower(f.Name)] = f.Name
		if problem := checkType(f.Type, strings.TrimPrefix(path+"."+f.Name, ".")); problem != "" {
			return problem
		}
	}
	return ""
}

func checkType(t coltype.Type, path string) string {
	switch t.Kind {
	case coltype.Struct:
		return check(t.Fields, path)
	case coltype.List:
		return checkType(t.Elem.Type, path)
	}
	return ""
}
