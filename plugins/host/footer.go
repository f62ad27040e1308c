package host

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/dataplane"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// checkFooter compares a finished Parquet file with what was asked for: its columns with their field ids, and the rows
// that the provider stated. Iceberg finds columns by id, so a wrong id would turn values into those of another column.
func checkFooter(path string, columns coltype.Schema, rows int64) (err error) {
	defer func() {
		if cause := recover(); cause != nil { // the reader's answer to some broken footers
			err = fmt.Errorf("it is no Parquet file: %v", cause)
		}
	}()
	reader, err := file.OpenParquetFile(path, false)
	if err != nil {
		return fmt.Errorf("it is no Parquet file: %w", err)
	}
	defer reader.Close()
	if stored := reader.NumRows(); stored != rows {
		return fmt.Errorf("its number of rows is %d where %d was stated", stored, rows)
	}
	// Without the writer's own Arrow schema: what counts is what any reader sees.
	schema, err := pqarrow.FromParquet(reader.MetaData().Schema, nil, nil)
	if err != nil {
		return fmt.Errorf("its schema can't be read: %w", err)
	}
	return checkColumns(columns, schema)
}

func checkColumns(columns coltype.Schema, stored *arrow.Schema) error {
	if stored.NumFields() != len(columns) {
		return fmt.Errorf("its number of columns is %d where %d was asked for", stored.NumFields(), len(columns))
	}
	for i, want := range columns {
		got, err := arrowschema.ToField(stored.Field(i))
		if err != nil {
			return err
		}
		if got.Name != want.Name {
			return fmt.Errorf("its column %d is %q where %q was asked for", i+1, got.Name, want.Name)
		}
		if want.Type.Kind != coltype.Unknown && !got.Type.Equal(want.Type) {
			return fmt.Errorf("its column %q is %s where %s was asked for", got.Name, got.Type, want.Type)
		}
		if err := checkIDs(want, got, want.Name); err != nil {
			return err
		}
	}
	return nil
}

// checkIDs takes fields of equal types.
func checkIDs(want, got coltype.Field, path string) error {
	if want.ID != 0 && want.ID != got.ID {
		return fmt.Errorf("its column %q has the field id %d where %d was given", path, got.ID, want.ID)
	}
	for _, pair := range [][2]*coltype.Field{{want.Type.Key, got.Type.Key}, {want.Type.Elem, got.Type.Elem}} {
		if pair[0] == nil || pair[1] == nil {
			continue
		}
		if err := checkIDs(*pair[0], *pair[1], path+"."+pair[0].Name); err != nil {
			return err
		}
	}
	for i := range min(len(want.Type.Fields), len(got.Type.Fields)) {
		field := want.Type.Fields[i]
		if err := checkIDs(field, got.Type.Fields[i], path+"."+field.Name); err != nil {
			return err
		}
	}
	return nil
}

// staged are all columns of a finished file.
func staged(columns, provenance coltype.Schema) coltype.Schema {
	return append(append(coltype.Schema{}, columns...), provenance...)
}

func unfit(path string, err error) error {
	return &dataplane.Violation{Reason: fmt.Sprintf("it handed over the file %s: %v", path, err)}
}
