package delivery

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/datafile"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// files writes batches to Parquet files, several at a time: batches go to the lanes in turn, so that which row lands in
// which file depends on the input alone.
type files struct {
	staging    *sdk.Staging
	schema     *arrow.Schema
	provenance provenance
	lanes      []*lane
	next       int
	serial     int // of flushes, for names
	failed     atomic.Pointer[error]
}

// lane is a goroutine that writes one file after the other.
type lane struct {
	input    chan Rows
	done     sync.WaitGroup
	finished []sdk.File
	open     *datafile.File
	serial   int
}

// unfinished ends the names of files in the making: they have their final ones only once they are whole.
const unfinished = ".part"

// unsized is the aim for a file where the host gave none.
const unsized = 512 << 20

func newFiles(request sdk.ReadRequest, lanes int) *files {
	columns := append(append(coltype.Schema(nil), request.Columns...), request.Staging.Provenance...)
	from := newProvenance(request.Staging)
	return &files{
		staging:    request.Staging,
		schema:     from.schema(arrowschema.FromColumns(columns), len(request.Columns)),
		provenance: from,
		lanes:      make([]*lane, lanes),
	}
}

func (f *files) write(ctx context.Context, rows Rows) error {
	if err := f.failed.Load(); err != nil {
		rows.Record.Release()
		return *err
	}
	i := f.next % len(f.lanes)
	f.next++
	if f.lanes[i] == nil {
		f.lanes[i] = f.start(i)
	}
	select {
	case f.lanes[i].input <- rows:
		return nil
	case <-ctx.Done():
		rows.Record.Release()
		return ctx.Err()
	}
}

func (f *files) start(index int) *lane {
	l := &lane{input: make(chan Rows, 1)}
	l.done.Go(func() {
		for rows := range l.input {
			if f.failed.Load() == nil {
				if err := f.append(l, index, rows); err != nil {
					f.failed.CompareAndSwap(nil, &err)
				}
			}
			rows.Record.Release()
		}
		if err := l.close(); err != nil {
			f.failed.CompareAndSwap(nil, &err)
		}
	})
	return l
}

func (f *files) append(l *lane, index int, rows Rows) error {
	if l.open == nil {
		name := fmt.Sprintf("part-%03d-%02d-%03d.parquet", f.serial, index, l.serial)
		open, err := datafile.Create(filepath.Join(f.staging.Dir, name+unfinished), f.schema, f.staging.Compression)
		if err != nil {
			return err
		}
		l.open, l.serial = open, l.serial+1
	}
	columns := append(append([]arrow.Array(nil), rows.Record.Columns()...), f.provenance.columns(rows)...)
	whole := array.NewRecordBatch(f.schema, columns, rows.Record.NumRows())
	defer whole.Release()
	if err := l.open.Write(whole); err != nil {
		return err
	}
	if l.open.Bytes() >= f.target() {
		return l.close()
	}
	return nil
}

func (f *files) target() int64 {
	if f.staging.TargetBytes > 0 {
		return f.staging.TargetBytes
	}
	return unsized
}

func (l *lane) close() error {
	if l.open == nil {
		return nil
	}
	file := l.open
	l.open = nil
	if err := file.Close(); err != nil {
		return err
	}
	path := strings.TrimSuffix(file.Path(), unfinished)
	if err := os.Rename(file.Path(), path); err != nil {
		return fmt.Errorf("finishing a staged file: %w", err)
	}
	l.finished = append(l.finished, sdk.File{Path: path, Rows: file.Rows()})
	return nil
}

// remove deletes the lane's files that the host was not told of.
func (l *lane) remove() {
	for _, file := range l.finished {
		_ = os.Remove(file.Path)
	}
	if l.open != nil {
		_ = l.open.Remove()
	}
}

// finish ends all lanes and returns their files in order. Writing may go on afterwards, into new files.
func (f *files) finish() ([]sdk.File, error) {
	f.stop()
	if err := f.failed.Load(); err != nil {
		return nil, *err
	}
	var finished []sdk.File
	for i, l := range f.lanes {
		if l != nil {
			finished = append(finished, l.finished...)
			f.lanes[i] = nil
		}
	}
	f.next, f.serial = 0, f.serial+1
	return finished, nil
}

func (f *files) stop() {
	for _, l := range f.lanes {
		if l != nil && l.input != nil {
			close(l.input)
			l.done.Wait()
			l.input = nil
		}
	}
}

func (f *files) abandon() {
	abandoned := context.Canceled
	f.failed.CompareAndSwap(nil, &abandoned)
	f.stop()
	for _, l := range f.lanes {
		if l != nil {
			l.remove()
		}
	}
	clear(f.lanes)
}
