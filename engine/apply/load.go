package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/engine/planner"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/state"
)

// load reads the source into staged files.
func (t *task) load(ctx context.Context) error {
	l := t.work.Load
	source := t.source()
	if source == nil {
		return fmt.Errorf("this is a bug in etl: the plan's source %s is not in the configuration", l.Source)
	}
	sink := newSink(t)
	t.staged.cursor = maps.Clone(l.Cursor)
	if t.staged.cursor == nil {
		t.staged.cursor = map[string][]byte{}
	}
	partitions := l.Partitions
	if len(partitions) == 0 {
		partitions = []string{""}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t.staged.bad.onLimit = cancel
	cfg := planner.SourceConfig(t.Project, t.run.plan.Lakehouse.ID, source)
	if err := t.prepareSource(ctx, source, cfg); err != nil {
		return err
	}
	for i, partition := range partitions {
		req, err := t.readRequest(l, partition, i)
		if err != nil {
			return err
		}
		err = t.Sources.Read(ctx, l.Provider, cfg, req, sink)
		if tooMany := new(TooManyBadRowsError); errors.As(context.Cause(ctx), &tooMany) {
			return tooMany
		}
		if err != nil {
			return &readError{source: source, err: err}
		}
	}
	err := sink.finish()
	if err != nil {
		return err
	}
	if len(l.Present) > 0 {
		if sink.present, err = t.presentKeys(ctx, cfg); err != nil {
			return &readError{source: source, err: err}
		}
	}
	return t.stageLoaded(ctx, sink)
}

func (t *task) source() *config.Source {
	for _, s := range t.Project.Sources {
		if s.Addr.String() == t.work.Load.Source {
			return s
		}
	}
	return nil
}

// A batch has so many rows at most: fewer where none is sent, as what is on its way within the provider is all memory then.
const (
	batchRows  = 64 << 10
	stagedRows = 8 << 10
)

func (t *task) readRequest(l *plan.Load, partition string, n int) (sdk.ReadRequest, error) {
	dir := filepath.Join(t.dir, fmt.Sprintf("part-%d", n))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return sdk.ReadRequest{}, fmt.Errorf("making the staging folder: %w", err)
	}
	req := sdk.ReadRequest{Cursor: l.Cursor, Until: l.Until, Partition: partition, BatchSize: batchRows, MaxBadRows: t.work.MaxBadRows}
	staging := &sdk.Staging{Dir: dir, RunID: t.id, LoadedAt: t.started.UnixMicro(), Compression: "zstd", TargetBytes: targetFileBytes,
		MemoryLimit: t.Project.Lakehouse.MemoryLimit, Threads: t.Project.Lakehouse.Threads}
	for _, f := range t.given() {
		switch {
		case planner.IsProvenance(f.Name):
			staging.Provenance = append(staging.Provenance, f)
		case l.Follow == nil || !compile.IsChange(f.Name):
			req.Columns = append(req.Columns, f)
		}
	}
	if l.Follow != nil {
		req.Columns = append(unrequired(req.Columns), sdk.ChangeColumns()...)
		return req, nil
	}
	if l.Overlap == nil { // rows that are to be held against others come as batches
		req.Staging, req.BatchSize = staging, stagedRows
	}
	return req, nil
}

// stageLoaded turns what was read into what the commit publishes, as the table's write mode says.
func (t *task) stageLoaded(ctx context.Context, sink *sink) error {
	t.outcome.Rows.Read = sink.rows + t.staged.bad.count()
	if sink.follow != nil {
		return t.stageChanges(ctx, sink)
	}
	rows, err := t.loadedRows(ctx, sink.files)
	if err != nil {
		return err
	}
	if sink.present != nil {
		return t.mergePresent(ctx, sink.files, rows, sink.present)
	}
	if t.upserts() {
		return t.mergeLoaded(ctx, sink.files, rows)
	}
	files := sink.files
	if rows != allLoaded || t.reshapes() {
		if files, err = t.reshape(ctx, files, rows); err != nil {
			return err
		}
	}
	t.staged.add, t.staged.operation = files, state.Replace
	if t.work.Load.Append {
		t.staged.operation = state.Append
	}
	t.countWritten()
	return t.refuseDuplicates(ctx)
}

func (t *task) countWritten() {
	t.outcome.Rows.Written = 0
	for _, f := range t.staged.add {
		t.outcome.Rows.Written += f.Rows
	}
}

// dataFiles presents staged files as files of a snapshot, for reading them.
func dataFiles(files []state.StagedFile, columns coltype.Schema) []state.DataFile {
	list := make([]state.DataFile, 0, len(files))
	for _, f := range files {
		list = append(list, state.DataFile{Path: f.Path, Rows: f.Rows, Schema: columns})
	}
	return list
}
