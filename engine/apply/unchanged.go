package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/automic-etl/etl/engine/changes"
	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/engine/planner"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/state"
)

// wholeChanges is a query of the changes that were read, with the values that the source left out since they stayed as they
// were.
func (t *task) wholeChanges(ctx context.Context, sink *sink) (string, error) {
	f := sink.follow
	if f.masks == nil {
		return allLoaded, nil
	}
	key := t.work.Load.Follow.Key
	if len(key) == 0 {
		return "", f.broke("it left out values of a change (%s), though nothing identifies a row", strings.Join(f.masked, ", "))
	}
	masks := []state.StagedFile{{Path: f.masks.Path()}}
	if err := t.session.BindAs(ctx, changeSchema, "masks", maskColumns(), dataFiles(masks, maskColumns())); err != nil {
		return "", fmt.Errorf("opening what was left out: %w", err)
	}
	u := changes.Unchanged{Key: key, Columns: f.masked, Rows: loadedSchema + "." + loadedTable, Masks: changeSchema + ".masks"}
	if err := t.fill(ctx, f, u); err != nil {
		return "", err
	}
	if err := t.lacking(ctx, sink, u); err != nil {
		return "", err
	}
	return u.Whole(sink.columns.Names(), changeSchema+".filled", changeSchema+".found", changeSchema+".missing"), removeAll(masks)
}

// fill finds the values: among the changes themselves, and in the table's rows.
func (t *task) fill(ctx context.Context, f *following, u changes.Unchanged) error {
	const sequence, lives, filled = changeSchema + ".sequence", changeSchema + ".lives", changeSchema + ".filled"
	const wanted, found, missing = changeSchema + ".wanted", changeSchema + ".found", changeSchema + ".missing"
	if _, err := t.keep(ctx, sequence, u.Sequence()); err != nil {
		return err
	}
	orphans, err := t.session.Rows(ctx, u.Orphans(sequence), 1)
	if err != nil {
		return fmt.Errorf("looking for values that were left out: %w", err)
	}
	if len(orphans.Values) > 0 {
		return f.broke("it left out values of the insert at position %q, and no delete comes right before it", orphans.Values[0][0])
	}
	for _, made := range [][2]string{{lives, u.Lives(sequence)}, {filled, u.Filled(sequence, lives)}, {wanted, u.Wanted(filled)}} {
		if _, err := t.keep(ctx, made[0], made[1]); err != nil {
			return err
		}
	}
	was, err := t.rowsBefore(ctx, u, wanted)
	if err != nil {
		return err
	}
	if _, err := t.keep(ctx, found, u.Found(wanted, was)); err != nil {
		return err
	}
	_, err = t.keep(ctx, missing, u.Missing(filled, found))
	return err
}

// lacking puts changes into the quarantine that tell only a part of a row which the table doesn't have. It was a bad row
// itself: nothing else says what the rest of it is.
func (t *task) lacking(ctx context.Context, sink *sink, u changes.Unchanged) error {
	var columns []string
	for _, name := range sink.columns.Names() {
		if !planner.IsProvenance(name) && !compile.IsChange(name) {
			columns = append(columns, name)
		}
	}
	bad := t.staged.bad
	found, err := t.session.Rows(ctx, u.Lacking(columns, "_etl_source", changeSchema+".missing"), int(bad.limit-bad.loaded)+1)
	if err != nil {
		return fmt.Errorf("looking at changes of rows that the table doesn't have: %w", err)
	}
	rows := make([]sdk.BadRow, len(found.Values))
	for i, values := range found.Values {
		rows[i] = sdk.BadRow{Raw: fmt.Sprint(values[0]), Source: fmt.Sprint(values[2]), Position: fmt.Sprint(values[3]), Reason: fmt.Sprintf(
			"the change leaves out what stayed as it was (%s), and the table doesn't have the row, which was a bad row before. It comes back when all its values are "+
				"written at the source, or when the source is read anew: `etl apply -resnapshot=%s`", values[1], t.plan.Address)}
	}
	for chunk := range slices.Chunk(rows, badChunk) {
		if err := bad.add(ctx, t, chunk); err != nil {
			return err
		}
	}
	return nil
}

// badChunk is how many bad rows make a batch.
const badChunk = 10_000

// rowsBefore is a query of the rows that are wanted, as they were before the changes.
func (t *task) rowsBefore(ctx context.Context, u changes.Unchanged, wanted string) (string, error) {
	var files []state.DataFile
	if !t.anew() {
		var err error
		if files, err = t.files(ctx, t.base); err != nil {
			return "", err
		}
	}
	if err := t.session.BindAs(ctx, changeSchema, "before", t.columns, files); err != nil {
		return "", fmt.Errorf("opening %s: %w", t.plan.Ident, err)
	}
	const before = changeSchema + ".before"
	switch {
	case t.work.Write.Mode == "history":
		return "SELECT * FROM " + before + " WHERE " + dialect.Ident(compile.IsCurrentColumn), nil
	case t.work.Write.Deletes == "soft":
		return "SELECT * FROM " + before + " WHERE NOT " + dialect.Ident(compile.DeletedColumn), nil
	case t.applies():
		return "SELECT * FROM " + before, nil
	}
	nulls, err := t.session.Count(ctx, u.Keyless(wanted))
	return u.Newest(before, wanted, nulls > 0), err
}
