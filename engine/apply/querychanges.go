package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/state"
)

// queryApplied computes rows and works them into the table's.
func (t *task) queryApplied(ctx context.Context) error {
	anew := t.anew()
	rows := t.work.Query.Full
	switch {
	case anew:
	case t.work.Compute == plan.ComputeAppend:
		if err := t.bindNew(ctx, ""); err != nil {
			return err
		}
	case t.work.Compute == plan.ComputeKeys:
		var err error
		if rows, err = t.rowsOfTouched(ctx); err != nil {
			return err
		}
	}
	if err := t.computeRows(ctx, rows); err != nil {
		return err
	}
	if !anew && t.rowsAre(compile.ChangeRows) {
		late, err := t.late(ctx)
		if err != nil {
			return err
		}
		if late { // what is older than what was applied before has its place among all
			if err := t.bindDrivers(ctx); err != nil {
				return err
			}
			if err := t.computeRows(ctx, rows); err != nil {
				return err
			}
			anew, t.outcome.Mode = true, plan.ComputeFull
		}
	}
	if err := t.noteApplied(ctx, anew); err != nil {
		return err
	}
	return t.applyRows(ctx, anew)
}

func (t *task) computeRows(ctx context.Context, query string) error {
	text, err := t.text(ctx, query)
	if err != nil {
		return err
	}
	_, err = t.keep(ctx, changeRows, text)
	return err
}

// rowsOfTouched is a query of all rows that have a key which new rows have.
func (t *task) rowsOfTouched(ctx context.Context) (string, error) {
	full, err := t.text(ctx, t.work.Query.Full)
	if err != nil {
		return "", err
	}
	if err := t.bindNew(ctx, ""); err != nil {
		return "", err
	}
	keys := quotedNames(t.work.Write.Key)
	if _, err := t.keep(ctx, changeLast, fmt.Sprintf("SELECT DISTINCT %s FROM (%s)", strings.Join(keys, ", "), full)); err != nil {
		return "", err
	}
	if err := t.bindDrivers(ctx); err != nil {
		return "", err
	}
	return fmt.Sprintf("SELECT q.* FROM (%s) AS q SEMI JOIN %s AS k ON %s", full, changeLast, matching(keys)), nil
}

// bindDrivers lets the query read all rows of the inputs that new rows come from.
func (t *task) bindDrivers(ctx context.Context) error {
	for _, in := range t.work.Inputs {
		if t.drives(in) {
			if err := t.bindTable(ctx, in); err != nil {
				return err
			}
		}
	}
	return nil
}

// appliedBefore is what the last commit recorded of the input that changes come from.
func (t *task) appliedBefore() state.Input {
	if t.base == nil {
		return state.Input{}
	}
	for _, in := range t.base.Summary.Inputs {
		if slices.Contains(t.work.Query.Drivers, in.Address) {
			return in
		}
	}
	return state.Input{}
}

// late says whether there are changes from before those that were applied last. Sources tell changes in their order, so these
// are another writer's.
func (t *task) late(ctx context.Context) (bool, error) {
	before := t.appliedBefore()
	f, err := t.changeFacts(ctx)
	if err != nil || f.count == 0 {
		return false, err
	}
	if f.lowest <= before.Highest {
		return true, nil
	}
	if t.work.Write.Mode != "history" || before.Latest == "" {
		return false, nil
	}
	earlier := fmt.Sprintf("SELECT 1 FROM %s WHERE %s < CAST(%s AS %s)", changeRows, t.since(), dialect.Text(before.Latest), dialect.Type(t.timeType()))
	n, err := t.session.Count(ctx, earlier)
	return n > 0, err
}

// noteApplied records how far changes are applied, for the next time.
func (t *task) noteApplied(ctx context.Context, anew bool) error {
	if !t.rowsAre(compile.ChangeRows) {
		return nil
	}
	f, err := t.changeFacts(ctx)
	if err != nil {
		return err
	}
	var before state.Input
	if !anew {
		before = t.appliedBefore()
	}
	latest := before.Latest
	if t.work.Write.Mode == "history" && f.count > 0 {
		found, err := t.session.Rows(ctx, fmt.Sprintf("SELECT CAST(max(%s) AS VARCHAR) FROM %s", t.since(), changeRows), 1)
		if err != nil {
			return fmt.Errorf("looking at the times of changes: %w", err)
		}
		latest, _ = found.Values[0][0].(string)
	}
	for i, in := range t.staged.inputs {
		if slices.Contains(t.work.Query.Drivers, in.Address) {
			t.staged.inputs[i].Highest, t.staged.inputs[i].Latest = max(before.Highest, f.highest), latest
		}
	}
	return nil
}
