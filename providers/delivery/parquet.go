package delivery

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/automic-etl/etl/plugins/sdk"
)

const (
	// rowGroupRows is small enough that several threads can share a file, large enough for statistics to pay.
	rowGroupRows = 128 << 10
	// rowGroupBytes bounds what wide rows hold in memory before they are written.
	rowGroupBytes = 32 << 20
	// pageBytes is how much of a column is encoded before it is compressed and written.
	pageBytes = 512 << 10
	// zstdLevel costs a third of the time of the default, for a file that is a few percent larger.
	zstdLevel = 2
)

// parquetFile is a file in the making. It has its final name only once it is whole. Rows wait until they are a row group,
// which is then written column by column, each page into the file as soon as it is full: what a writer of batches keeps of
// all columns' pages would need more memory than the rows do.
type parquetFile struct {
	path    string
	file    *os.File
	buffer  *bufio.Writer
	writer  *pqarrow.FileWriter
	rows    int64
	waiting waiting
}

// waiting is the row group in the making.
type waiting struct {
	batches []arrow.RecordBatch
	rows    int64
	bytes   int64
	buffers map[*memory.Buffer]struct{}
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
	options = append(options, parquet.WithDataPageSize(pageBytes), parquet.WithStoreDecimalAsInteger(true))
	writer, err := pqarrow.NewFileWriter(schema, buffer, parquet.NewWriterProperties(options...), pqarrow.DefaultWriterProps())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting a staged file: %w", err), file.Close(), os.Remove(file.Name()))
	}
	made := &parquetFile{path: path, file: file, buffer: buffer, writer: writer}
	made.waiting.drop()
	return made, nil
}

func compression(name string) ([]parquet.WriterProperty, error) {
	switch name {
	case "", "zstd":
		return []parquet.WriterProperty{parquet.WithCompression(compress.Codecs.Zstd), parquet.WithCompressionLevel(zstdLevel)}, nil
	case "snappy":
		return []parquet.WriterProperty{parquet.WithCompression(compress.Codecs.Snappy)}, nil
	case "gzip":
		return []parquet.WriterProperty{parquet.WithCompression(compress.Codecs.Gzip)}, nil
	case "none", "uncompressed":
		return nil, nil
	}
	return nil, fmt.Errorf("the host asks for the Parquet compression %q, which is not one of zstd, snappy, gzip and none", name)
}

// write takes over the reference to rows.
func (p *parquetFile) write(rows arrow.RecordBatch) error {
	p.rows += rows.NumRows()
	p.waiting.batches = append(p.waiting.batches, rows)
	p.waiting.rows += rows.NumRows()
	for _, column := range rows.Columns() {
		p.waiting.hold(column.Data())
	}
	if p.waiting.rows >= rowGroupRows || p.waiting.bytes >= rowGroupBytes {
		return p.rowGroup()
	}
	return nil
}

// hold counts the bytes of what waits. Slices of one batch share their buffers.
func (w *waiting) hold(data arrow.ArrayData) {
	for _, buffer := range data.Buffers() {
		if _, counted := w.buffers[buffer]; buffer != nil && !counted {
			w.buffers[buffer] = struct{}{}
			w.bytes += int64(buffer.Len())
		}
	}
	for _, child := range data.Children() {
		w.hold(child)
	}
}

// rowGroup writes what waits.
func (p *parquetFile) rowGroup() error {
	if p.waiting.rows == 0 {
		return nil
	}
	if err := p.writer.NewRowGroupChecked(); err != nil {
		return fmt.Errorf("starting a row group of a staged file: %w", err)
	}
	for i := range int(p.waiting.batches[0].NumCols()) {
		if err := p.column(i); err != nil {
			return fmt.Errorf("writing a staged file: %w", err)
		}
	}
	p.waiting.drop()
	return nil
}

func (p *parquetFile) column(i int) error {
	chunks := make([]arrow.Array, len(p.waiting.batches))
	for n, batch := range p.waiting.batches {
		chunks[n] = batch.Column(i)
	}
	column := arrow.NewChunked(chunks[0].DataType(), chunks)
	defer column.Release()
	return p.writer.WriteColumnChunked(column, 0, p.waiting.rows)
}

// drop lets go of what waits, which is written or not wanted any more.
func (w *waiting) drop() {
	for _, batch := range w.batches {
		batch.Release()
	}
	*w = waiting{buffers: map[*memory.Buffer]struct{}{}}
}

func (p *parquetFile) size() int64 { return p.writer.TotalCompressedBytes() }

func (p *parquetFile) close() (sdk.File, error) {
	err := errors.Join(p.rowGroup(), p.writer.Close(), p.buffer.Flush(), p.file.Close())
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
		l.open.waiting.drop()
		_ = l.open.file.Close()
		_ = os.Remove(filepath.Clean(l.open.file.Name()))
	}
}
