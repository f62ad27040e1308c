package apply

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/engine/duckdb"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/engine/quarantine"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/plugins/datafile"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/state"
)

// quarantineColumns is the schema of every quarantine table.
func quarantineColumns() coltype.Schema {
	text := func(name, doc string) coltype.Field {
		return coltype.Field{Name: name, Type: coltype.Of(coltype.String), Doc: doc}
	}
	return coltype.Schema{
		text("raw", "The row as the source or the step's result had it"),
		text("reason", "Why it is here"),
		text("source", "The file or table it came from"),
		text("position", "Where in it"),
		text("_etl_run", "The run that found it"),
		{Name: "_etl_loaded_at", Type: coltype.Of(coltype.Timestamptz), Doc: "When it was found"},
	}
}

// TooManyBadRowsError fails a load whose bad rows exceed the table's limit.
type TooManyBadRowsError struct {
	Limit int64
	Rows  []sdk.BadRow // the first few
}

func (e *TooManyBadRowsError) Error() string {
	return "more than " + diag.Count(e.Limit, "bad row")
}

// badRows collects a table's bad rows in files of its quarantine.
type badRows struct {
	limit   int64
	onLimit context.CancelCauseFunc
	loaded  int64            // found by the provider; the limit counts these
	checked int64            // found by checks
	known   int64            // of all these, in the quarantine already
	kept    *quarantine.Kept // the quarantine before this run, once it was looked at
	sample  []sdk.BadRow
	base    *state.Table
	columns coltype.Schema
	dir     string
	open    *datafile.File
	files   []state.StagedFile
	tried   bool // the quarantine's commit was tried
}

// sampleSize is how many bad rows a message shows.
const sampleSize = 5

func (b *badRows) count() int64 { return b.loaded }

// fresh are the rows that the quarantine doesn't have yet.
func (b *badRows) fresh() int64 { return b.loaded + b.checked - b.known }

// write says where the rows of a query are staged.
func (b *badRows) write(query, prefix string) duckdb.Write {
	return duckdb.Write{Query: query, Columns: b.columns, Dir: b.dir, Prefix: prefix, Compression: "zstd", TargetBytes: targetFileBytes}
}

// add stages rows from a provider.
func (b *badRows) add(ctx context.Context, t *task, rows []sdk.BadRow) error {
	b.loaded += int64(len(rows))
	for _, row := range rows {
		if len(b.sample) < sampleSize {
			b.sample = append(b.sample, row)
		}
	}
	if b.loaded > b.limit {
		err := &TooManyBadRowsError{Limit: b.limit, Rows: b.sample}
		if b.onLimit != nil {
			b.onLimit(err)
		}
		return err
	}
	if err := b.prepare(ctx, t); err != nil {
		return err
	}
	if b.open == nil {
		file, err := createParquet(filepath.Join(b.dir, "rows.parquet"), b.columns)
		if err != nil {
			return err
		}
		b.open = file
	}
	rec := b.record(t, rows)
	defer rec.Release()
	return b.open.Write(rec)
}

// prepare makes the quarantine's staging folder, once.
func (b *badRows) prepare(ctx context.Context, t *task) (err error) {
	if b.dir != "" {
		return nil
	}
	b.base = t.published.get(t.work.Quarantine)
	if b.columns, err = state.AssignIDs(b.base, quarantineColumns()); err != nil {
		return fmt.Errorf("preparing the quarantine %s: %w", t.work.Quarantine, err)
	}
	b.dir, err = t.Lakehouse.StagePath(ctx, t.work.Quarantine, b.base, t.id)
	return err
}

func (b *badRows) record(t *task, rows []sdk.BadRow) arrow.RecordBatch {
	builder := array.NewRecordBuilder(memory.DefaultAllocator, arrowSchema(b.columns))
	defer builder.Release()
	text := func(i int, value string) {
		builder.Field(i).(*array.StringBuilder).Append(strings.ToValidUTF8(value, "\uFFFD")) //nolint:forcetypeassert // the schema is ours
	}
	for _, row := range rows {
		for i, value := range []string{row.Raw, row.Reason, row.Source, row.Position, t.id} {
			text(i, value)
		}
		builder.Field(5).(*array.TimestampBuilder).Append(arrow.Timestamp(t.started.UnixMicro())) //nolint:forcetypeassert // as above
	}
	return builder.NewRecordBatch()
}

// finish ends the file of rows from a provider.
func (b *badRows) finish() error {
	if b.open == nil {
		return nil
	}
	file := b.open
	b.open = nil
	if err := file.Close(); err != nil {
		return err
	}
	b.files = append(b.files, state.StagedFile{Path: file.Path(), Rows: file.Rows()})
	return nil
}

func (b *badRows) close() {
	if b.open != nil {
		_ = b.open.Close() // the run failed; its files are swept
		b.open = nil
	}
}

// publishBad commits the quarantine before the table, which records it. It counts only while the table's commit does: if the run
// dies in between, or the commit is rolled back, the next commit makes it again what the table then records.
func (t *task) publishBad(ctx context.Context) error {
	b := t.staged.bad
	if err := b.finish(); err != nil {
		return err
	}
	t.outcome.Rows.Bad, t.outcome.Bad = b.fresh(), t.whyBad()
	kept, err := t.keptBad(ctx)
	if err == nil {
		kept, err = t.supersede(ctx, kept)
	}
	if err == nil {
		err = b.addAgain(ctx, t, kept.Again)
	}
	if err != nil || len(b.files) == 0 && len(kept.Outdated) == 0 {
		return err
	}
	if err := b.prepare(ctx, t); err != nil {
		return err
	}
	change := state.Change{Ident: t.work.Quarantine, Base: b.base, Columns: b.columns, Operation: state.Append, Add: b.files,
		Address: t.plan.Address + plan.QuarantineSuffix, Definition: []byte(`{"data":[],"meta":[]}`)}
	if len(kept.Outdated) > 0 {
		change.Operation, change.Remove = state.Swap, kept.Outdated
	}
	change.Summary = state.Summary{CommitID: t.commit + plan.QuarantineSuffix, RunID: t.id, PlanID: t.planID, HashVersion: plan.HashVersion,
		RowsWritten: b.fresh(), Mode: plan.ComputeAppend, At: time.Now().UTC()}
	b.tried = true
	committed, err := t.Lakehouse.Commit(ctx, change)
	if err != nil {
		return fmt.Errorf("publishing the quarantine %s: %w", t.work.Quarantine, err)
	}
	t.published.set(committed)
	return nil
}

// whyBad says for what rows went into the quarantine: the checks that they failed, and what the source's first bad rows have wrong.
func (t *task) whyBad() []string {
	var why []string
	for _, row := range t.staged.bad.sample {
		if !slices.Contains(why, row.Reason) {
			why = append(why, row.Reason)
		}
	}
	for _, c := range t.outcome.Checks {
		if c.Action == "quarantine" && c.Failed > 0 {
			why = append(why, fmt.Sprintf("%s failed the check %q", diag.Count(c.Failed, "row"), c.Name))
		}
	}
	return why
}

// addChecked stages rows that checks took out; the query gives them with the reason.
func (b *badRows) addChecked(ctx context.Context, t *task, bad string) error {
	if err := b.prepare(ctx, t); err != nil {
		return err
	}
	rows := fmt.Sprintf(`SELECT to_json(%s)::VARCHAR AS raw, %s AS reason, %s AS source,
		CAST(NULL AS VARCHAR) AS position, %s AS _etl_run, make_timestamptz(%d) AS _etl_loaded_at FROM (%s)`, dialect.Ident(compile.RowColumn),
		dialect.Ident(compile.ReasonColumn), dialect.Text(t.plan.Ident.String()), dialect.Text(t.id), t.started.UnixMicro(), bad)
	files, err := t.session.Write(ctx, b.write(rows, "checked"))
	if err != nil {
		return fmt.Errorf("staging the quarantine of %s: %w", t.plan.Ident, err)
	}
	for _, f := range files {
		b.checked += f.Rows
	}
	b.files = append(b.files, files...)
	return nil
}

// addAgain stages the rows of files that are no longer in the quarantine, and count again.
func (b *badRows) addAgain(ctx context.Context, t *task, again []state.DataFile) error {
	if len(again) == 0 {
		return nil
	}
	if err := b.prepare(ctx, t); err != nil {
		return err
	}
	if err := t.session.BindAs(ctx, outSchema, "again", b.columns, again); err != nil {
		return fmt.Errorf("opening the quarantine of %s as it was: %w", t.plan.Ident, err)
	}
	files, err := t.session.Write(ctx, b.write("SELECT * FROM "+outSchema+".again", "again"))
	if err != nil {
		return fmt.Errorf("writing the quarantine of %s as it was: %w", t.plan.Ident, err)
	}
	b.files = append(b.files, files...)
	return nil
}

// badNow is the quarantine that goes with the rows.
func (t *task) badNow() *state.Quarantine {
	if q := t.published.get(t.work.Quarantine); q != nil && q.Main != 0 {
		return &state.Quarantine{Sequence: q.Sequence, Rows: q.Rows}
	}
	return &state.Quarantine{}
}
