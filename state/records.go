package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/google/uuid"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// keptSnapshots bounds the history of the tables that etl keeps for itself.
const keptSnapshots = 100

// part is one column of a table that etl keeps for itself: exactly one of its functions is set.
type part[T any] struct {
	name string
	text func(*T) *string
	long func(*T) *int64
	size func(*T) *int
	at   func(*T) *time.Time
	list func(*T) *[]string
}

func (p part[T]) kind() coltype.Type {
	switch {
	case p.long != nil || p.size != nil:
		return coltype.Type{Kind: coltype.Long}
	case p.at != nil:
		return coltype.Type{Kind: coltype.Timestamptz}
	case p.list != nil:
		return coltype.Type{Kind: coltype.List, Elem: &coltype.Field{Name: "element", Type: coltype.Type{Kind: coltype.String}}}
	}
	return coltype.Type{Kind: coltype.String}
}

// records are a table that etl keeps for itself, row by row in Go.
type records[T any] struct {
	ident addr.Ident
	parts []part[T]
}

func (r records[T]) columns(base *Table) (coltype.Schema, error) {
	columns := make(coltype.Schema, 0, len(r.parts))
	for _, p := range r.parts {
		columns = append(columns, coltype.Field{Name: p.name, Type: p.kind()})
	}
	return AssignIDs(base, columns)
}

// stage writes rows as a data file of the table.
func (r records[T]) stage(ctx context.Context, l *Lakehouse, base *Table, columns coltype.Schema, runID string, rows []T) (StagedFile, error) {
	folder, err := l.StagePath(ctx, r.ident, base, runID)
	if err != nil {
		return StagedFile{}, err
	}
	staged := StagedFile{Path: filepath.Join(folder, uuid.NewString()+".parquet"), Rows: int64(len(rows))}
	if err := writeParquet(staged.Path, r.batch(columns, rows)); err != nil {
		return staged, errors.Join(fmt.Errorf("writing rows of %s: %w", r.ident, err), ignoreMissing(os.Remove(staged.Path)))
	}
	return staged, nil
}

func writeParquet(path string, batch arrow.RecordBatch) error {
	defer batch.Release()
	f, err := createBelow(path)
	if err != nil {
		return err
	}
	props := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd))
	w, err := pqarrow.NewFileWriter(batch.Schema(), f, props, pqarrow.DefaultWriterProps())
	if err != nil {
		return errors.Join(err, f.Close())
	}
	return errors.Join(w.Write(batch), w.Close()) // closes the file too
}

// createBelow creates a file in a run's folder, which others remove whenever it is empty.
func createBelow(path string) (f *os.File, err error) {
	for range attempts {
		if err = os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		if f, err = os.Create(path); err == nil {
			return f, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return nil, fmt.Errorf("the file %s can't be made: %w", path, cause(err))
}

func (r records[T]) batch(columns coltype.Schema, rows []T) arrow.RecordBatch {
	fields := make([]arrow.Field, 0, len(columns))
	for _, c := range columns {
		fields = append(fields, arrowField(c))
	}
	builder := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer builder.Release()
	for i := range rows {
		for at, p := range r.parts {
			p.append(builder.Field(at), &rows[i])
		}
	}
	return builder.NewRecordBatch()
}

func arrowField(c coltype.Field) arrow.Field {
	f := arrow.Field{
		Name: c.Name, Nullable: true, Metadata: arrow.NewMetadata([]string{"PARQUET:field_id"}, []string{strconv.Itoa(c.ID)}),
	}
	switch c.Type.Kind {
	case coltype.Long:
		f.Type = arrow.PrimitiveTypes.Int64
	case coltype.Timestamptz:
		f.Type = &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	case coltype.List:
		f.Type = arrow.ListOfField(arrowField(*c.Type.Elem))
	default:
		f.Type = arrow.BinaryTypes.String
	}
	return f
}

func (p part[T]) append(b array.Builder, row *T) {
	switch b := b.(type) {
	case *array.Int64Builder:
		if p.size != nil {
			b.Append(int64(*p.size(row)))
		} else {
			b.Append(*p.long(row))
		}
	case *array.TimestampBuilder:
		if at := *p.at(row); at.IsZero() {
			b.AppendNull()
		} else {
			b.Append(arrow.Timestamp(at.UnixMicro()))
		}
	case *array.ListBuilder:
		b.Append(true)
		for _, text := range *p.list(row) {
			b.ValueBuilder().(*array.StringBuilder).Append(text)
		}
	case *array.StringBuilder:
		if text := *p.text(row); text == "" {
			b.AppendNull()
		} else {
			b.Append(text)
		}
	}
}

// read are the rows of a table's main.
func (r records[T]) read(ctx context.Context, l *Lakehouse, base *Table) ([]T, error) {
	if base == nil {
		return nil, nil
	}
	files, err := l.Files(ctx, base, base.Main)
	if err != nil {
		return nil, err
	}
	var rows []T
	for _, f := range files {
		if len(f.Deletes) > 0 {
			return nil, &UnsupportedError{Ident: r.ident, What: "a row that another writer deleted",
				Way: "Roll the table back: it is etl's own."}
		}
		if rows, err = r.readFile(ctx, f.Path, rows); err != nil {
			return nil, fmt.Errorf("reading %s: %w", r.ident, err)
		}
	}
	return rows, nil
}

func (r records[T]) readFile(ctx context.Context, path string, rows []T) ([]T, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, r.damaged(path, err)
	}
	defer f.Close()
	content, err := pqarrow.ReadTable(ctx, f, parquet.NewReaderProperties(nil), pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, r.damaged(path, err)
	}
	defer content.Release()
	first := len(rows)
	rows = append(rows, make([]T, content.NumRows())...)
	for _, p := range r.parts {
		at := content.Schema().FieldIndices(p.name)
		if len(at) != 1 {
			continue // written before the column was
		}
		row := first
		for _, chunk := range content.Column(at[0]).Data().Chunks() {
			for i := range chunk.Len() {
				p.take(chunk, i, &rows[row])
				row++
			}
		}
	}
	return rows, nil
}

func (r records[T]) damaged(path string, err error) error {
	return &CorruptError{Path: path, Err: cause(err), Way: ownWays(r.ident)}
}

func (p part[T]) take(chunk arrow.Array, i int, row *T) {
	if chunk.IsNull(i) {
		return
	}
	switch chunk := chunk.(type) {
	case *array.Int64:
		if p.size != nil {
			*p.size(row) = int(chunk.Value(i))
		} else {
			*p.long(row) = chunk.Value(i)
		}
	case *array.Timestamp:
		*p.at(row) = time.UnixMicro(int64(chunk.Value(i))).UTC()
	case *array.String:
		*p.text(row) = chunk.Value(i)
	case *array.List:
		from, to := chunk.ValueOffsets(i)
		values := chunk.ListValues().(*array.String)
		for at := from; at < to; at++ {
			*p.list(row) = append(*p.list(row), values.Value(int(at)))
		}
	}
}

// base is the table as it is now; nil if there is none yet.
func (r records[T]) base(ctx context.Context, l *Lakehouse) (*Table, error) {
	t, err := l.Table(ctx, r.ident)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return t, err
}

// write commits rows, as all of the table's or on top of them. A conflict is the caller's to solve. The file goes if the commit
// surely didn't land. A table that doesn't tell the lakehouse's id is given it.
func (r records[T]) write(ctx context.Context, l *Lakehouse, base *Table, op Operation, s Summary, id string, rows []T) (*Table, error) {
	columns, err := r.columns(base)
	if err != nil {
		return nil, err
	}
	c := Change{Ident: r.ident, Base: base, Columns: columns, Operation: op, Summary: s, Properties: identified(base, id)}
	if len(rows) > 0 {
		staged, err := r.stage(ctx, l, base, columns, s.RunID, rows)
		if err != nil {
			return nil, err
		}
		c.Add = []StagedFile{staged}
	}
	next, err := l.commit(ctx, c, keptSnapshots)
	var unsettled *unsettledError
	if err != nil && !errors.As(err, &unsettled) && len(c.Add) > 0 {
		err = errors.Join(err, ignoreMissing(os.Remove(c.Add[0].Path)))
	}
	return next, err
}
