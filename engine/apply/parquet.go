package apply

import (
	"fmt"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// parquetFile is a Parquet file being written from batches.
type parquetFile struct {
	path string
	file *os.File
	out  *pqarrow.FileWriter
	rows int64
}

// arrowSchema has the columns' field ids in its metadata, where the Parquet writer looks for them.
func arrowSchema(columns coltype.Schema) *arrow.Schema { return arrowschema.FromColumns(columns) }

func createParquet(path string, columns coltype.Schema) (*parquetFile, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("creating a data file: %w", err)
	}
	props := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd), parquet.WithDictionaryDefault(true), parquet.WithStats(true))
	out, err := pqarrow.NewFileWriter(arrowSchema(columns), file, props, pqarrow.NewArrowWriterProperties())
	if err != nil {
		return nil, fmt.Errorf("starting the data file %s: %w", path, err)
	}
	return &parquetFile{path: path, file: file, out: out}, nil
}

func (p *parquetFile) write(rec arrow.RecordBatch) error {
	if err := p.out.WriteBuffered(rec); err != nil {
		return fmt.Errorf("writing the data file %s: %w", p.path, err)
	}
	p.rows += rec.NumRows()
	if p.out.RowGroupTotalBytesWritten() > 64<<20 {
		p.out.NewBufferedRowGroup()
	}
	return nil
}

// bytes is how much of the file is on disk.
func (p *parquetFile) bytes() int64 {
	info, err := p.file.Stat()
	if err != nil {
		return 0
	}
	return info.Size()
}

// close finishes the file (the Parquet writer closes the file below it) and gives its rows.
func (p *parquetFile) close() (int64, error) {
	if err := p.out.Close(); err != nil {
		return 0, fmt.Errorf("finishing the data file %s: %w", p.path, err)
	}
	return p.rows, nil
}
