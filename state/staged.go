package state

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"golang.org/x/sync/errgroup"

	"github.com/automic-etl/etl/lang/addr"
)

// StagePath is the folder for the data files of one run, below the table's location; it is created. Base is nil for a table
// that doesn't exist yet.
func (l *Lakehouse) StagePath(ctx context.Context, ident addr.Ident, base *Table, runID string) (string, error) {
	if err := l.writable(); err != nil {
		return "", err
	}
	if !pathElement(runID) {
		return "", fmt.Errorf("staging files of %s: %q can't be the name of a run", ident, runID)
	}
	var path string
	var err error
	if base != nil {
		path, err = pathOf(base.Location)
	} else {
		path, err = l.newPath(ctx, ident)
	}
	if err != nil {
		return "", fmt.Errorf("staging files of %s: %w", ident, err)
	}
	folder := stageFolder(path, runID)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", fmt.Errorf("the folder %s for files of %s can't be made: %w", folder, ident, cause(err))
	}
	return folder, nil
}

func stageFolder(tablePath, runID string) string { return filepath.Join(tablePath, "data", runID) }

// pathElement reports whether a name can be a folder's, and only that.
func pathElement(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, `/\`+"\x00")
}

// newPath is where a table that doesn't exist yet will be. A table that was renamed keeps its place, so that the obvious one
// may be another table's.
func (l *Lakehouse) newPath(ctx context.Context, ident addr.Ident) (string, error) {
	if !pathElement(ident.Namespace) || !pathElement(ident.Name) {
		return "", fmt.Errorf("%s can't be the name of a table", ident)
	}
	path := filepath.Join(l.options.Warehouse, ident.Namespace, ident.Name)
	for n := 2; ; n++ {
		others, err := l.catalog.under(ctx, locationOf(path), ident)
		if err != nil || others == 0 {
			return path, err
		}
		path = filepath.Join(l.options.Warehouse, ident.Namespace, fmt.Sprintf("%s_%d", ident.Name, n))
	}
}

// layout is what data files are described by.
type layout struct {
	schema  *iceberg.Schema
	spec    iceberg.PartitionSpec
	version int
	props   iceberg.Properties
}

// describeFiles reads the footers of staged files, checks them against the table, and waits until they are on the disk.
func (p layout) describeFiles(ctx context.Context, staged []StagedFile) ([]iceberg.DataFile, error) {
	files := make([]iceberg.DataFile, len(staged))
	var work errgroup.Group
	work.SetLimit(2 * runtime.GOMAXPROCS(0))
	for i, s := range staged {
		work.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			described, err := p.describeFile(s)
			if err != nil {
				return fmt.Errorf("taking in %s: %w", s.Path, err)
			}
			files[i] = described
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return nil, err
	}
	return files, syncFolders(staged)
}

func syncFolders(staged []StagedFile) error {
	done := map[string]bool{}
	for _, s := range staged {
		folder := filepath.Dir(s.Path)
		if done[folder] {
			continue
		}
		done[folder] = true
		if err := syncPath(folder); err != nil {
			return err
		}
	}
	return nil
}

func (p layout) describeFile(s StagedFile) (iceberg.DataFile, error) {
	footer, size, err := readFooter(s.Path)
	if err != nil {
		return nil, err
	}
	if footer.GetNumRows() != s.Rows {
		return nil, fmt.Errorf("the file's number of rows is %d instead of %d", footer.GetNumRows(), s.Rows)
	}
	if err := p.checkIDs(footer); err != nil {
		return nil, err
	}
	values, err := p.partitionValues(s.Partition)
	if err != nil {
		return nil, err
	}
	return table.DataFileFromMetadata(table.DataFileArgs{
		Schema: p.schema, Spec: p.spec, Format: iceberg.ParquetFile, Metadata: footer, FilePath: locationOf(s.Path),
		FileSize: size, Content: iceberg.EntryContentData, PartitionValues: values, Properties: p.props, FormatVersion: p.version,
	})
}

// readFooter reads a Parquet file's footer, once the file is on the disk.
func readFooter(path string) (*metadata.FileMetaData, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	if err := f.Sync(); err != nil {
		return nil, 0, closing(f, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, closing(f, err)
	}
	reader, err := file.NewParquetReader(f)
	if err != nil {
		return nil, 0, closing(f, err)
	}
	footer := reader.MetaData()
	return footer, info.Size(), reader.Close()
}

func closing(f *os.File, err error) error {
	if closeErr := f.Close(); err == nil {
		return closeErr
	}
	return err
}

// checkIDs makes sure that the file's columns are the table's: readers go by the ids, statistics by the names.
func (p layout) checkIDs(footer *metadata.FileMetaData) error {
	root := footer.Schema.Root()
	seen := map[int]bool{}
	for i := range root.NumFields() {
		column := root.Field(i)
		known, found := p.schema.FindFieldByName(column.Name())
		if !found {
			return fmt.Errorf("the file has a column %q that the table doesn't", column.Name())
		}
		if int(column.FieldID()) != known.ID {
			return fmt.Errorf("the file's column %q has the field id %d, in the table it has %d", column.Name(), column.FieldID(), known.ID)
		}
		seen[known.ID] = true
	}
	for _, f := range p.schema.Fields() {
		if f.Required && !seen[f.ID] {
			return fmt.Errorf("the file lacks the required column %q", f.Name)
		}
	}
	return nil
}

func (p layout) partitionValues(values []any) (map[int]any, error) {
	fields := make([]iceberg.PartitionField, 0, p.spec.NumFields())
	for _, f := range p.spec.Fields() {
		if _, void := f.Transform.(iceberg.VoidTransform); !void {
			fields = append(fields, f)
		}
	}
	if len(values) != len(fields) {
		return nil, fmt.Errorf("%d partition values were given for %d partition fields", len(values), len(fields))
	}
	byID := make(map[int]any, len(values))
	for i, f := range fields {
		source, found := p.schema.FindFieldByID(f.SourceID())
		if !found {
			return nil, fmt.Errorf("the table has no column %d to partition by", f.SourceID())
		}
		value, err := partitionValue(f.Transform.ResultType(source.Type), values[i])
		if err != nil {
			return nil, fmt.Errorf("partition field %s: %w", f.Name, err)
		}
		if value != nil {
			byID[f.FieldID] = value
		}
	}
	return byID, nil
}
