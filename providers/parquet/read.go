package parquet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/delivery"
	"github.com/automic-etl/etl/providers/filesource"
)

// Read reads a file batch by batch.
func (r *reader) Read(ctx context.Context, f filesource.File, read filesource.Read) (err error) {
	in, err := open(f)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.reader.Close()) }()
	rows := &rows{in: in, read: read, schema: arrowschema.FromColumns(read.Columns), next: 1}
	batches, err := in.batches(ctx, read.Columns)
	if err != nil {
		return err
	}
	if batches == nil { // none of the columns is in this file
		return rows.empty(ctx, in.reader.NumRows())
	}
	defer batches.Release()
	for {
		var batch arrow.RecordBatch
		err := guarded(f, func() (err error) {
			batch, err = batches.Read()
			return err
		})
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return in.explain(ctx, err)
		}
		if err := rows.deliver(ctx, batch); err != nil {
			return err
		}
	}
	if rows.next-1 != in.reader.NumRows() {
		return damaged(f, fmt.Errorf("its number of rows is %d, and its footer promises %d", rows.next-1, in.reader.NumRows()))
	}
	read.Delivery.Read(f.Size)
	return nil
}

func (in *input) explain(ctx context.Context, err error) error {
	var diags sdk.Diagnostics
	if ctx.Err() != nil || errors.As(err, &diags) {
		return err
	}
	return damaged(in.file, err)
}

// batches reads only the columns that are wanted.
func (in *input) batches(ctx context.Context, columns coltype.Schema) (pqarrow.RecordReader, error) {
	var leaves []int
	for _, field := range in.arrow.Manifest.Fields {
		if columns.Index(field.Field.Name) >= 0 {
			leaves = append(leaves, leavesOf(field)...)
		}
	}
	if len(leaves) == 0 {
		return nil, nil
	}
	var reader pqarrow.RecordReader
	err := guarded(in.file, func() (err error) {
		reader, err = in.arrow.GetRecordReader(ctx, leaves, nil)
		return err
	})
	if err != nil {
		return nil, in.explain(ctx, err)
	}
	return reader, nil
}

func leavesOf(f pqarrow.SchemaField) []int {
	if f.IsLeaf() {
		return []int{f.ColIndex}
	}
	var leaves []int
	for _, child := range f.Children {
		leaves = append(leaves, leavesOf(child)...)
	}
	return leaves
}

// rows delivers the rows of a file.
type rows struct {
	in     *input
	read   filesource.Read
	schema *arrow.Schema
	next   int64 // number of the next row
}

func (r *rows) deliver(ctx context.Context, batch arrow.RecordBatch) error {
	n := int(batch.NumRows())
	c := conversion{bad: map[int]string{}}
	arrays := make([]arrow.Array, len(r.read.Columns))
	err := guarded(r.in.file, func() error {
		for i, column := range r.read.Columns {
			arrays[i] = r.column(&c, batch, column, n)
		}
		return nil
	})
	if err != nil {
		return err
	}
	whole := array.NewRecordBatch(r.schema, arrays, int64(n))
	if err := r.read.Delivery.Bad(ctx, r.badRows(batch, c.bad)); err != nil {
		return err
	}
	first := r.next
	r.next += int64(n)
	return r.deliverGood(ctx, whole, first, c.bad)
}

func (r *rows) column(c *conversion, batch arrow.RecordBatch, column coltype.Field, n int) arrow.Array {
	found := batch.Schema().FieldIndices(column.Name)
	if len(found) == 0 {
		return array.MakeArrayOfNull(memory.DefaultAllocator, arrowschema.FromType(column.Type), n)
	}
	rowOf := func(i int) int { return i }
	return c.convert(batch.Column(found[0]), column.Type, place{path: column.Name, row: rowOf})
}

// deliverGood delivers the runs of rows between bad ones.
func (r *rows) deliverGood(ctx context.Context, whole arrow.RecordBatch, first int64, bad map[int]string) error {
	defer whole.Release()
	for from := int64(0); from < whole.NumRows(); {
		to := from
		for to < whole.NumRows() && bad[int(to)] == "" {
			to++
		}
		if to > from {
			rows := delivery.Rows{
				Record: whole.NewSlice(from, to), Source: r.in.file.Path, Numbers: delivery.Numbers{First: first + from},
			}
			if err := r.read.Delivery.Rows(ctx, rows); err != nil {
				return err
			}
		}
		from = to + 1
	}
	return nil
}

func (r *rows) badRows(batch arrow.RecordBatch, bad map[int]string) []sdk.BadRow {
	var out []sdk.BadRow
	for i := range int(batch.NumRows()) {
		reason, ok := bad[i]
		if !ok {
			continue
		}
		raw, err := rowText(batch, i)
		if err != nil {
			reason += "; the row's text can't be shown: " + err.Error()
		}
		out = append(out, sdk.BadRow{
			Raw: raw, Reason: reason, Source: r.in.file.Path, Position: fmt.Sprintf("row %d", r.next+int64(i)),
		})
	}
	return out
}

func rowText(batch arrow.RecordBatch, i int) (string, error) {
	row := batch.NewSlice(int64(i), int64(i+1))
	defer row.Release()
	text, err := row.MarshalJSON() // an array of one object
	return strings.Trim(string(text), "[]\n"), err
}

// empty delivers rows of nulls for a file that has none of the columns.
func (r *rows) empty(ctx context.Context, n int64) error {
	const most = 64 << 10
	for r.next <= n {
		size := min(most, n-r.next+1)
		arrays := make([]arrow.Array, len(r.read.Columns))
		for i, column := range r.read.Columns {
			arrays[i] = array.MakeArrayOfNull(memory.DefaultAllocator, arrowschema.FromType(column.Type), int(size))
		}
		batch := array.NewRecordBatch(r.schema, arrays, size)
		rows := delivery.Rows{Record: batch, Source: r.in.file.Path, Numbers: delivery.Numbers{First: r.next}}
		if err := r.read.Delivery.Rows(ctx, rows); err != nil {
			return err
		}
		r.next += size
	}
	return nil
}
