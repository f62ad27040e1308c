// Package datafile writes record batches as the Parquet files that tables are made of.
package datafile

import (
	"bufio"
	"errors"
	"fmt"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

const (
	// rowGroupRows is small enough that several threads can share a file, large enough for statistics to pay.
	rowGroupRows = 128 << 10
	// rowGroupBytes bounds what wide rows hold in memory before they are written.
	rowGroupBytes = 32 << 20
	// pageBytes is how much of a column is encoded before it is compressed and written.
	pageBytes = 128 << 10
	// zstdLevel costs half of the time of the library's default, for a file that is a few percent larger.
	zstdLevel = 1
)

// File is a file in the making. Rows wait until they are a row group, which is then written column by column, each page
// into the file as soon as it is full: what a writer of batches keeps of all columns' pages would need more memory than the
// rows do. It is used by one goroutine at a time.
type File struct {
	path    string
	schema  *arrow.Schema
	codec   []parquet.WriterProperty
	file    *os.File
	buffer  *bufio.Writer
	writer  *pqarrow.FileWriter // nil before the first row group, whose rows say how columns are encoded
	rows    int64
	waiting waiting
}

// Create starts a file, which must not be there yet, of rows with the schema, whose fields have their ids in their metadata. Its pages are compressed by
// zstd, snappy, gzip, or none; empty: zstd.
func Create(path string, schema *arrow.Schema, compression string) (*File, error) {
	codec, err := properties(compression)
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("creating a data file: %w", err)
	}
	return &File{path: path, schema: schema, codec: codec, file: file, buffer: bufio.NewWriterSize(file, 256<<10)}, nil
}

func properties(compression string) ([]parquet.WriterProperty, error) {
	switch compression {
	case "", "zstd":
		return []parquet.WriterProperty{parquet.WithCompression(compress.Codecs.Zstd), parquet.WithCompressionLevel(zstdLevel)}, nil
	case "snappy":
		return []parquet.WriterProperty{parquet.WithCompression(compress.Codecs.Snappy)}, nil
	case "gzip":
		return []parquet.WriterProperty{parquet.WithCompression(compress.Codecs.Gzip)}, nil
	case "none", "uncompressed":
		return nil, nil
	}
	return nil, fmt.Errorf("%q is no compression of Parquet files; there are zstd, snappy, gzip and none", compression)
}

// Path is where the file is.
func (f *File) Path() string { return f.path }

// Rows is how many rows were written.
func (f *File) Rows() int64 { return f.rows }

// Bytes is about how large the file is, without the rows that wait.
func (f *File) Bytes() int64 {
	if f.writer == nil {
		return 0
	}
	return f.writer.TotalCompressedBytes()
}

// Write adds rows. They are kept until their row group is written, so their memory must not be used again.
func (f *File) Write(rows arrow.RecordBatch) error {
	f.rows += rows.NumRows()
	f.waiting.add(rows)
	if f.waiting.rows >= rowGroupRows || f.waiting.memory.Bytes >= rowGroupBytes {
		return f.rowGroup()
	}
	return nil
}

// rowGroup writes what waits.
func (f *File) rowGroup() error {
	if f.waiting.rows == 0 {
		return nil
	}
	if err := f.begin(f.waiting.batches[0]); err != nil {
		return err
	}
	if err := f.writer.NewRowGroupChecked(); err != nil {
		return fmt.Errorf("starting a row group of %s: %w", f.path, err)
	}
	for i := range f.schema.NumFields() {
		if err := f.column(i); err != nil {
			return fmt.Errorf("writing %s: %w", f.path, err)
		}
	}
	f.waiting.drop()
	return nil
}

// begin opens the writer; the sample decides how columns are encoded.
func (f *File) begin(sample arrow.RecordBatch) error {
	if f.writer != nil {
		return nil
	}
	options := append(encodings(f.schema, sample), f.codec...)
	options = append(options, parquet.WithDataPageSize(pageBytes), parquet.WithStoreDecimalAsInteger(true))
	writer, err := pqarrow.NewFileWriter(f.schema, f.buffer, parquet.NewWriterProperties(options...), pqarrow.DefaultWriterProps())
	if err != nil {
		return fmt.Errorf("starting %s: %w", f.path, err)
	}
	f.writer = writer
	return nil
}

func (f *File) column(i int) error {
	chunks := make([]arrow.Array, len(f.waiting.batches))
	for n, batch := range f.waiting.batches {
		chunks[n] = batch.Column(i)
	}
	column := arrow.NewChunked(f.schema.Field(i).Type, chunks)
	defer column.Release()
	return f.writer.WriteColumnChunked(column, 0, f.waiting.rows)
}

// Close finishes the file. Without rows it is one that has its columns.
func (f *File) Close() error {
	err := f.rowGroup()
	if err == nil {
		err = f.begin(nil)
	}
	if err == nil {
		err = errors.Join(f.writer.Close(), f.buffer.Flush())
	}
	if err = errors.Join(err, f.file.Close()); err != nil {
		return fmt.Errorf("finishing %s: %w", f.path, err)
	}
	return nil
}

// Remove gives the file up.
func (f *File) Remove() error {
	f.waiting.drop()
	return errors.Join(f.file.Close(), os.Remove(f.path))
}
