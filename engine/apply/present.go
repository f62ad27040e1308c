package apply

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automic-etl/etl/plugins/datafile"
	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/state"
)

// present takes the keys of all rows that a source has now, to find those that were deleted there.
type present struct {
	task    *task
	columns coltype.Schema
	file    *datafile.File
}

// presentKeys reads the keys. It comes after the rows were read: a row that comes in between is not known yet, and one that
// goes in between is gone.
func (t *task) presentKeys(ctx context.Context, cfg sdk.Config) (*present, error) {
	p := &present{task: t}
	for _, name := range t.work.Load.Present {
		f, ok := t.columns.Lookup(name)
		if !ok {
			return nil, fmt.Errorf("this is a bug in etl: the key %q is no column of %s", name, t.plan.Ident)
		}
		p.columns = append(p.columns, f)
	}
	p.columns = unrequired(p.columns)
	file, err := createParquet(filepath.Join(t.dir, "present.parquet"), p.columns)
	if err != nil {
		return nil, err
	}
	p.file = file
	req := sdk.ReadRequest{Columns: p.columns, BatchSize: batchRows, MaxBadRows: t.work.MaxBadRows, KeysOnly: true}
	err = t.Sources.Read(ctx, t.work.Load.Provider, cfg, req, p)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	return p, err
}

// Batch implements host.Sink.
func (p *present) Batch(_ context.Context, _ host.Origin, rec arrow.RecordBatch) error {
	return p.file.Write(rec)
}

// File implements host.Sink.
func (p *present) File(context.Context, sdk.File) error {
	return &host.ProtocolError{Provider: p.task.work.Load.Provider, Address: p.task.work.Load.Source, Reason: "it handed over a file where batches were asked for"}
}

// Bad implements host.Sink. A key that can't be represented could be that of any row.
func (p *present) Bad(_ context.Context, rows []sdk.BadRow) error {
	if len(rows) == 0 {
		return nil
	}
	return &unreadableKeyError{row: rows[0]}
}

// Checkpoint implements host.Sink.
func (p *present) Checkpoint(context.Context, string, []byte) error { return nil }

// Progress implements host.Sink.
func (p *present) Progress(int64, int64) {}

// mergePresent merges loaded rows by the table's key, and takes out the rows whose key the source doesn't have any more.
func (t *task) mergePresent(ctx context.Context, files []state.StagedFile, rows string, p *present) error {
	if err := t.bindLoaded(ctx, files); err != nil {
		return err
	}
	keys := quotedNames(t.work.Write.Key)
	list := strings.Join(keys, ", ")
	if err := t.refuseTwice(ctx, fmt.Sprintf("SELECT %[1]s FROM (%[2]s) GROUP BY %[1]s HAVING count(*) > 1", list, rows)); err != nil {
		return err
	}
	if err := t.bindOld(ctx); err != nil {
		return err
	}
	here := []state.StagedFile{{Path: p.file.Path(), Rows: p.file.Rows()}}
	if err := t.session.BindAs(ctx, changeSchema, "present", p.columns, dataFiles(here, p.columns)); err != nil {
		return fmt.Errorf("opening the keys of the source: %w", err)
	}
	gone := fmt.Sprintf("SELECT %[1]s FROM %[2]s AS q ANTI JOIN %[3]s.present AS k ON %[4]s", list, changeOld, changeSchema, matching(keys))
	if _, err := t.keep(ctx, changeKeys, fmt.Sprintf("SELECT %[1]s FROM (%[2]s) UNION SELECT %[1]s FROM (%[3]s)", list, rows, gone)); err != nil {
		return err
	}
	if err := t.replaceRows(ctx, rows, "SELECT * FROM "+changeKeys); err != nil {
		return err
	}
	return removeAll(append(here, files...))
}

// unreadableKeyError says that it isn't known which rows are still there.
type unreadableKeyError struct{ row sdk.BadRow }

func (e *unreadableKeyError) Error() string {
	return fmt.Sprintf("the key of a row can't be read (%s: %s), so that it can't be told which rows were deleted", e.row.Position, e.row.Reason)
}
