package apply

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automic-etl/etl/plugins/datafile"
	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/state"
)

// targetFileBytes is the size that data files aim for.
const targetFileBytes = 512 << 20

// sink takes what a provider sends of one source: finished files as they are, batches into Parquet files of our own with
// the provenance columns added.
type sink struct {
	task    *task
	columns coltype.Schema // of the files
	files   []state.StagedFile
	rows    int64
	open    *datafile.File
	follow  *following // where what comes are changes
	present *present   // the keys of all rows that the source has, where deleted ones are looked for
}

func newSink(t *task) *sink {
	s := &sink{task: t, columns: t.given()}
	if t.work.Load.Follow != nil {
		s.columns = unrequired(s.columns) // a delete has no values
		s.follow = newFollowing(t)
	}
	return s
}

func unrequired(columns coltype.Schema) coltype.Schema {
	loose := slices.Clone(columns)
	for i := range loose {
		loose[i].Required = false
	}
	return loose
}

// Batch implements host.Sink.
func (s *sink) Batch(_ context.Context, origin host.Origin, rec arrow.RecordBatch) error {
	if s.open == nil {
		path := filepath.Join(s.task.dir, fmt.Sprintf("batches-%d.parquet", len(s.files)))
		file, err := createParquet(path, s.columns)
		if err != nil {
			return err
		}
		s.open = file
	}
	if s.follow != nil {
		if err := s.follow.take(rec); err != nil {
			return err
		}
	}
	full := s.withProvenance(origin, rec)
	defer full.Release()
	if err := s.open.Write(full); err != nil {
		return err
	}
	s.rows += rec.NumRows()
	if s.open.Bytes() >= targetFileBytes {
		return s.rotate()
	}
	return nil
}

// withProvenance appends the run, the time, the origin and the row number, in the order of the table's columns.
func (s *sink) withProvenance(origin host.Origin, rec arrow.RecordBatch) arrow.RecordBatch {
	n := int(rec.NumRows())
	own := 0
	columns := make([]arrow.Array, 0, len(s.columns))
	for _, f := range s.columns {
		switch f.Name {
		case "_etl_run":
			columns = append(columns, repeated(s.task.id, n))
		case "_etl_source":
			columns = append(columns, repeated(origin.Source, n))
		case "_etl_loaded_at":
			b := array.NewTimestampBuilder(memory.DefaultAllocator, &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"})
			for range n {
				b.Append(arrow.Timestamp(s.task.started.UnixMicro()))
			}
			columns = append(columns, b.NewArray())
		case "_etl_row":
			b := array.NewInt64Builder(memory.DefaultAllocator)
			for i := range n {
				b.Append(origin.FirstRow + int64(i))
			}
			columns = append(columns, b.NewArray())
		case sdk.OpColumn, sdk.PositionColumn, sdk.CommittedAtColumn:
			if s.follow != nil { // the last but one, two and three
				columns = append(columns, rec.Column(int(rec.NumCols())-len(sdk.ChangeColumns())+sdk.ChangeColumns().Index(f.Name)))
				continue
			}
			fallthrough
		default:
			columns = append(columns, rec.Column(own))
			own++
		}
	}
	return array.NewRecordBatch(arrowSchema(s.columns), columns, int64(n))
}

func repeated(value string, n int) arrow.Array {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	for range n {
		b.Append(value)
	}
	return b.NewArray()
}

// File implements host.Sink. The host has checked that the footer has the asked columns and the stated rows.
func (s *sink) File(_ context.Context, f sdk.File) error {
	if rel, err := filepath.Rel(s.task.dir, f.Path); err != nil || strings.HasPrefix(rel, "..") {
		return fmt.Errorf("the provider handed over %s, which is not in its staging folder", f.Path)
	}
	s.rows += f.Rows
	if f.Rows > 0 {
		s.files = append(s.files, state.StagedFile{Path: f.Path, Rows: f.Rows})
	}
	return nil
}

// Bad implements host.Sink.
func (s *sink) Bad(ctx context.Context, rows []sdk.BadRow) error {
	return s.task.staged.bad.add(ctx, s.task, rows)
}

// Checkpoint implements host.Sink. The cursor is committed with the rows, once, at the end of the load.
func (s *sink) Checkpoint(_ context.Context, partition string, cursor []byte) error {
	s.task.staged.cursor[partition] = cursor
	return nil
}

// Progress implements host.Sink.
func (s *sink) Progress(rows, bytes int64) { s.task.Progress.Update(s.task.plan.Address, rows, bytes) }

// finish ends what is open once all has come.
func (s *sink) finish() error {
	if s.follow != nil {
		if err := s.follow.finish(); err != nil {
			return err
		}
	}
	return s.rotate()
}

// rotate closes the file of batches in hand.
func (s *sink) rotate() error {
	if s.open == nil {
		return nil
	}
	file := s.open
	s.open = nil
	if err := file.Close(); err != nil {
		return err
	}
	s.files = append(s.files, state.StagedFile{Path: file.Path(), Rows: file.Rows()})
	return nil
}
