package apply

import (
	"context"
	"fmt"
	"strings"

	"github.com/automic-etl/etl/engine/changes"
	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/engine/dialect"
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
	masks := []state.StagedFile{{Path: f.masks.path}}
	if err := t.session.BindAs(ctx, changeSchema, "masks", maskColumns(), dataFiles(masks, maskColumns())); err != nil {
		return "", fmt.Errorf("opening what was left out: %w", err)
	}
	u := changes.Unchanged{Key: key, Columns: f.masked, Rows: loadedSchema + "." + loadedTable, Masks: changeSchema + ".masks"}
	if err := t.fill(ctx, f, u); err != nil {
		return "", err
	}
	return u.Whole(sink.columns.Names(), changeSchema+".filled", changeSchema+".found"), removeAll(masks)
}

// fill finds the values: among the changes themselves, and in the table's rows.
func (t *task) fill(ctx context.Context, f *following, u changes.Unchanged) error {
	const sequence, lives, filled, wanted, found = changeSchema + ".sequence", changeSchema + ".lives", changeSchema + ".filled", changeSchema + ".wanted", changeSchema + ".found"
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
	missing, err := t.session.Rows(ctx, u.Missing(filled, found), 1)
	if err != nil {
		return fmt.Errorf("looking for values that were left out: %w", err)
	}
	if len(missing.Values) > 0 {
		return &missingRowError{position: fmt.Sprint(missing.Values[0][0])}
	}
	return nil
}

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
	case t.applies():
		return "SELECT * FROM " + before, nil
	}
	nulls, err := t.session.Count(ctx, u.Keyless(wanted))
	return u.Newest(before, wanted, nulls > 0), err
}

// missingRowError says that a change builds on a row that the table doesn't have.
type missingRowError struct{ position string }

func (e *missingRowError) Error() string {
	return fmt.Sprintf("the change at position %q tells only a part of its row, and the table has no row that the rest could come from", e.position)
}
