package parquet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	pqschema "github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/filesource"
)

// input is an open file.
type input struct {
	file    filesource.File
	reader  *file.Reader
	arrow   *pqarrow.FileReader
	columns coltype.Schema
}

func open(f filesource.File) (*input, error) {
	disk, err := os.Open(f.Abs)
	if err != nil {
		return nil, err
	}
	in := &input{file: f}
	err = guarded(f, func() error { return in.begin(disk) })
	if err != nil {
		return nil, errors.Join(err, disk.Close())
	}
	return in, nil
}

func (in *input) begin(disk *os.File) (err error) {
	if err := checkMagic(disk, in.file); err != nil {
		return err
	}
	if in.reader, err = file.NewParquetReader(disk); err != nil {
		return damaged(in.file, err)
	}
	in.arrow, err = pqarrow.NewFileReader(in.reader, pqarrow.ArrowReadProperties{BatchSize: batchRows(in.reader)}, memory.DefaultAllocator)
	if err != nil {
		return damaged(in.file, err)
	}
	fields, err := in.arrowFields()
	if err != nil {
		return damaged(in.file, err)
	}
	in.columns, err = arrowschema.ToColumns(arrow.NewSchema(fields, nil))
	var unsupported *arrowschema.UnsupportedError
	if errors.As(err, &unsupported) {
		return filesource.Problem("Unsupported column type", fmt.Sprintf("In %s, %s. Leave the column out when the file is written, or "+
			"write it as another type.", in.file.Path, unsupported), "path")
	}
	return err
}

// checkMagic tells a file of another format from a damaged one.
func checkMagic(disk *os.File, f filesource.File) error {
	info, err := disk.Stat()
	if err != nil {
		return err
	}
	const magic, least = "PAR1", 12
	if info.Size() == 0 {
		return filesource.Problem("Empty file", fmt.Sprintf("%s is empty; a Parquet file has at least a footer. Remove it, or get it "+
			"again from where it came.", f.Path), "path")
	}
	head, tail := make([]byte, 4), make([]byte, 4)
	if _, err := disk.ReadAt(head[:min(4, info.Size())], 0); err != nil {
		return err
	}
	if string(head) == "PARE" {
		return filesource.Problem("Encrypted Parquet file", fmt.Sprintf("%s is encrypted, which is not supported.", f.Path), "path")
	}
	if string(head) != magic {
		return filesource.Problem("Not a Parquet file", fmt.Sprintf("%s does not begin like a Parquet file. Check the path; a CSV or "+
			"JSON file is read by source \"csv\" or source \"json\".", f.Path), "path")
	}
	if info.Size() >= least {
		if _, err := disk.ReadAt(tail, info.Size()-4); err != nil {
			return err
		}
	}
	if string(tail) != magic {
		return filesource.Problem("Truncated Parquet file", fmt.Sprintf("%s begins like a Parquet file and does not end like one: it "+
			"was cut off, or is still being written. Get it again from where it came.", f.Path), "path")
	}
	return nil
}

func damaged(f filesource.File, err error) error {
	return filesource.Problem("Damaged Parquet file", fmt.Sprintf("%s can't be read: %s. Nothing of it is loaded. Get it again from "+
		"where it came.", f.Path, err), "path")
}

// guarded turns a panic of the Parquet library, which damaged bytes can cause, into a diagnostic about the file.
func guarded(f filesource.File, do func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = damaged(f, fmt.Errorf("%v", cause))
		}
	}()
	return do()
}

// arrowFields are the columns as Arrow reads them, but for texts that Parquet marks as such and Arrow does not.
func (in *input) arrowFields() ([]arrow.Field, error) {
	seen := map[string]bool{}
	var fields []arrow.Field
	for _, field := range in.arrow.Manifest.Fields {
		if seen[field.Field.Name] {
			return nil, fmt.Errorf("it has two columns named %q", field.Field.Name)
		}
		seen[field.Field.Name] = true
		fields = append(fields, in.textual(field))
	}
	return fields, nil
}

func (in *input) textual(f pqarrow.SchemaField) arrow.Field {
	field := *f.Field
	field.Metadata = arrow.Metadata{} // ids and docs of another table
	switch field.Type.(type) {
	case *arrow.BinaryType:
		if f.IsLeaf() && isText(in.reader.MetaData().Schema.Column(f.ColIndex).LogicalType()) {
			field.Type = arrow.BinaryTypes.String
		}
	case *arrow.StructType:
		nested := make([]arrow.Field, len(f.Children))
		for i, child := range f.Children {
			nested[i] = in.textual(child)
		}
		field.Type = arrow.StructOf(nested...)
	case *arrow.MapType:
		if len(f.Children) == 1 && len(f.Children[0].Children) == 2 {
			entries := f.Children[0].Children
			field.Type = arrow.MapOfFields(in.textual(entries[0]), in.textual(entries[1]))
		}
	case *arrow.ListType:
		if len(f.Children) == 1 {
			field.Type = arrow.ListOfField(in.textual(f.Children[0]))
		}
	}
	return field
}

func isText(t pqschema.LogicalType) bool {
	switch t.(type) {
	case pqschema.EnumLogicalType, pqschema.JSONLogicalType:
		return true
	}
	return false
}

// batchRows keeps a batch near 16 MiB, however wide its rows are.
func batchRows(r *file.Reader) int64 {
	const bytes, most, least = 16 << 20, 64 << 10, 256
	var size int64
	for i := range r.NumRowGroups() {
		size += r.MetaData().RowGroup(i).TotalByteSize()
	}
	if r.NumRows() <= 0 || size <= 0 {
		return most
	}
	return max(least, min(most, bytes/max(1, size/r.NumRows())))
}

// Infer reads the footer.
func (r *reader) Infer(_ context.Context, f filesource.File) (filesource.Evidence, error) {
	in, err := open(f)
	if err != nil {
		return filesource.Evidence{}, err
	}
	found := filesource.Evidence{Columns: optional(in.columns), Rows: in.reader.NumRows()}
	return found, in.reader.Close()
}

// optional drops what a file promises about nulls: the next file may not keep it.
func optional(fields []coltype.Field) []coltype.Field {
	out := slices.Clone(fields)
	for i := range out {
		out[i].Required, out[i].ID, out[i].Doc = false, 0, ""
		out[i].Type.Fields = optional(out[i].Type.Fields)
		for _, nested := range []**coltype.Field{&out[i].Type.Key, &out[i].Type.Elem} {
			if *nested != nil {
				inner := optional([]coltype.Field{**nested})[0]
				inner.Required = nested == &out[i].Type.Key
				*nested = &inner
			}
		}
	}
	return out
}
