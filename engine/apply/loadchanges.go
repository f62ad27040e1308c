package apply

import (
	"context"
	"fmt"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/state"
)

// stageChanges turns changes that were read into what the commit publishes.
func (t *task) stageChanges(ctx context.Context, sink *sink) error {
	f := sink.follow
	t.staged.highest = t.work.Load.Follow.After
	if f.rows > 0 {
		t.staged.highest = f.highest
	}
	if err := t.session.BindAs(ctx, loadedSchema, loadedTable, sink.columns, dataFiles(sink.files, sink.columns)); err != nil {
		return fmt.Errorf("opening the changes that were read: %w", err)
	}
	if err := t.refuseRepeated(ctx, f); err != nil {
		return err
	}
	rows, err := t.wholeChanges(ctx, sink)
	if err != nil {
		return err
	}
	if t.applies() {
		return t.applyLoaded(ctx, sink, rows)
	}
	files := sink.files
	if rows != allLoaded || t.reshapes() {
		if files, err = t.writeRows(ctx, rows); err != nil {
			return err
		}
		if err := removeAll(sink.files); err != nil {
			return err
		}
	}
	t.staged.add, t.staged.operation = files, state.Append
	if t.anew() || f.restarted {
		t.staged.operation = state.Replace
	}
	t.countWritten()
	return nil
}

// applyLoaded works changes that were read into the table's rows.
func (t *task) applyLoaded(ctx context.Context, sink *sink, rows string) error {
	if rows == allLoaded { // they need not be copied
		if err := t.session.BindAs(ctx, changeSchema, "rows", sink.columns, dataFiles(sink.files, sink.columns)); err != nil {
			return fmt.Errorf("opening the changes that were read: %w", err)
		}
	} else if _, err := t.keep(ctx, changeRows, rows); err != nil {
		return err
	}
	if err := t.applyRows(ctx, t.anew()); err != nil {
		return err
	}
	return removeAll(sink.files)
}

// refuseRepeated looks for positions that came twice, where they didn't come in their order.
func (t *task) refuseRepeated(ctx context.Context, f *following) error {
	if !f.mixed {
		return nil
	}
	position := dialect.Ident(sdk.PositionColumn)
	twice, err := t.session.Rows(ctx, fmt.Sprintf("SELECT %[1]s FROM %[2]s.%[3]s GROUP BY %[1]s HAVING count(*) > 1 ORDER BY ALL",
		position, loadedSchema, loadedTable), 1)
	if err != nil {
		return fmt.Errorf("looking at the positions of changes: %w", err)
	}
	if len(twice.Values) > 0 {
		return f.broke("it sent two changes at position %q", twice.Values[0][0])
	}
	return nil
}
