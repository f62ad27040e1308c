package delivery

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/automic-etl/etl/plugins/sdk"
)

const (
	// rowGroupRows is small enough that several threads can share a file, large enough for statistics to pay.
	rowGroupRows = 256 << 10
	// rowGroupBytes bounds what a wide table holds in memory before it is written.
	rowGroupBytes = 64 << 20
)

// parquetFile is a file in the making. It has its final name only once it is whole.
type parquetFile struct {
	path   string
	file   *os.File
	buffer *bufio.Writer
	writer *pqarrow.FileWriter
	rows   int64
}

// createParquet starts a file; the sample decides how columns are encoded.
func createParquet(path string, schema *arrow.Schema, staging *sdk.Staging, sample arrow.RecordBatch) (*parquetFile, error) {
	codec, err := compression(staging.Compression)
	if err != nil {
		return nil, err
	}
	file, err := os.Create(path + ".part")
	if err != nil {
		return nil, fmt.Errorf("creating a staged file: %w", err)
	}
	buffer := bufio.NewWriterSize(file, 1<<20)
	options := append(encodings(schema, sample), codec...)
	options = append(options, parquet.WithMaxRowGroupLength(rowGroupRows), parquet.WithStoreDecimalAsInteger(true))
	writer, err := pqarrow.NewFileWriter(schema, buffer, parquet.NewWriterProperties(options...), pqarrow.DefaultWriterProps())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting a staged file: %w", err), file.Close(), os.Remove(file.Name()))
	}
	return &parquetFile{path: path, file: file, buffer: buffer, writer: writer}, nil
}

func compression(name string) ([]parquet.WriterProperty, error) {
	switch name {
	case "", "zstd":
		return []parquet.WriterProperty{parquet.WithCompression(compress.Codecs.Zstd), parquet.WithCompressionLevel(2)}, nil
	case "snappy":
		return []parquet.WriterProperty{parquet.WithCompression(compress.Codecs.Snappy)}, nil
	case "gzip":
		return []parquet.WriterProperty{parquet.WithCompression(compress.Codecs.Gzip)}, nil
	case "none", "uncompressed":
		return nil, nil
	}
	return nil, fmt.Errorf("the host asks for the Parquet compression %q, which is not one of zstd, snappy, gzip and none", name)
}

func (p *parquetFile) write(rows arrow.RecordBatch) error {
	if p.writer.RowGroupTotalBytesWritten() > rowGroupBytes {
		p.writer.NewBufferedRowGroup()
	}
	p.rows += rows.NumRows()
	if err := p.writer.WriteBuffered(rows); err != nil {
		return fmt.Errorf("writing a staged file: %w", err)
	}
	return nil
}

func (p *parquetFile) size() int64 { return p.writer.TotalCompressedBytes() }

func (p *parquetFile) close() (sdk.File, error) {
	err := errors.Join(p.writer.Close(), p.buffer.Flush(), p.file.Close())
	if err == nil {
		err = os.Rename(p.file.Name(), p.path)
	}
	if err != nil {
		return sdk.File{}, fmt.Errorf("finishing a staged file: %w", err)
	}
	return sdk.File{Path: p.path, Rows: p.rows}, nil
}

// remove deletes the lane's files that the host was not told of.
func (l *lane) remove() {
	for _, file := range l.finished {
		_ = os.Remove(file.Path)
	}
	if l.open != nil {
		_ = l.open.file.Close()
		_ = os.Remove(filepath.Clean(l.open.file.Name()))
	}
}
