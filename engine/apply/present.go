package apply

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automic-etl/etl/lang/diag"
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
	if err := t.warnOfPassedOver(ctx, rows, keys); err != nil {
		return err
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

// warnOfPassedOver says that the source has rows that the cursor passes over: their keys are neither in the table nor among the
// rows that were read. Bad rows are in the quarantine; where checks take rows out, it isn't known which.
func (t *task) warnOfPassedOver(ctx context.Context, rows string, keys []string) error {
	if all, _ := t.takingOut(); len(all) > 0 {
		return nil
	}
	list := strings.Join(keys, ", ")
	known := fmt.Sprintf("SELECT %[1]s FROM %[2]s UNION ALL SELECT %[1]s FROM (%[3]s)", list, changeOld, rows)
	count, err := t.session.Count(ctx, fmt.Sprintf("SELECT %s FROM %s.present AS q ANTI JOIN (%s) AS k ON %s", list, changeSchema, known, matching(keys)))
	if err != nil {
		return fmt.Errorf("looking for rows that the cursor passes over: %w", err)
	}
	count -= t.staged.bad.loaded
	if q := t.published.get(t.work.Quarantine); q != nil {
		count -= max(q.Rows, 0)
	}
	if count <= 0 {
		return nil
	}
	t.outcome.diags = append(t.outcome.diags, diag.Warning(t.place(t.plan.Address), "Rows of the source are not in the table",
		"%s of %s have keys that %s doesn't have, and were not read. If they came while this run read, the next one brings them. If the next one says this again, the cursor passes "+
			"over them: they came late, with a cursor older than the lookback, or their keys changed while the cursor stayed. `etl apply -resnapshot=%s` reads all rows anew; a longer "+
			"lookback, or a cursor that every change moves, keeps it from coming again.",
		diag.Count(count, "row"), t.work.Load.Source, t.plan.Ident, t.plan.Address))
	return nil
}

// unreadableKeyError says that it isn't known which rows are still there.
type unreadableKeyError struct{ row sdk.BadRow }

func (e *unreadableKeyError) Error() string {
	return fmt.Sprintf("the key of a row can't be read (%s: %s), so that it can't be told which rows were deleted", e.row.Position, e.row.Reason)
}
