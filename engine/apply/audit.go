package apply

import (
	"context"
	"errors"
	"fmt"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/engine/duckdb"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/state"
)

// failedCheck is an expect "fail" that failed: the table isn't published.
type failedCheck struct {
	check  plan.Check
	failed int64
	sample *duckdb.Rows // of the failing rows; nil for a check of the whole table
}

func (e *failedCheck) Error() string {
	return fmt.Sprintf("the check %q failed for %s", e.check.Name, diag.Count(e.failed, "row"))
}

// failedChecks are all the checks of a table that failed.
type failedChecks []*failedCheck

func (e failedChecks) Error() string { return e[0].Error() }

// audit checks the state that the commit would make. Rows that checks drop or quarantine are out already.
func (t *task) audit(ctx context.Context) error {
	if len(t.work.Checks) == 0 {
		return nil
	}
	if err := t.bindOut(ctx); err != nil {
		return err
	}
	var failures failedChecks
	for _, c := range t.work.Checks {
		if c.Action == "drop" || c.Action == "quarantine" {
			continue
		}
		err := t.auditOne(ctx, c)
		var failed *failedCheck
		switch {
		case errors.As(err, &failed):
			failures = append(failures, failed)
		case err != nil:
			return err
		}
	}
	if len(failures) > 0 {
		return failures
	}
	return nil
}

func (t *task) auditOne(ctx context.Context, c plan.Check) error {
	failed, err := t.failures(ctx, c)
	if err != nil {
		return fmt.Errorf("running the check %q: %w", c.Name, err)
	}
	t.outcome.Checks = append(t.outcome.Checks, state.CheckResult{Name: c.Name, Action: c.Action, Failed: failed})
	if failed == 0 {
		return nil
	}
	found := &failedCheck{check: c, failed: failed}
	if c.Kind != compile.TableCheck {
		if found.sample, err = t.session.Rows(ctx, compile.FailingRows(t.check(c), t.tested(c)), sampleSize); err != nil {
			return fmt.Errorf("reading the rows that fail the check %q: %w", c.Name, err)
		}
	}
	if c.Action == "warn" {
		t.outcome.diags = append(t.outcome.diags, t.checkWarning(found))
		return nil
	}
	return found
}

// failures counts the failing rows; a check of the whole table fails as one.
func (t *task) failures(ctx context.Context, c plan.Check) (int64, error) {
	check, rows := t.check(c), t.tested(c)
	if c.Kind == compile.TableCheck {
		return t.session.Count(ctx, "SELECT 1 FROM ("+compile.Holds(check, rows)+") WHERE NOT holds")
	}
	return t.session.Count(ctx, compile.FailingRows(check, rows))
}

// check is a check with the run's instant in it.
func (t *task) check(c plan.Check) compile.Check {
	return compile.Check{Name: c.Name, Action: c.Action, Kind: c.Kind, Condition: compile.At(c.Condition, t.started), Unique: c.Unique}
}

// tested are the rows that a check has to look at: the new ones; all, where it is new itself or looks into rows that
// may have changed since.
func (t *task) tested(c plan.Check) compile.Rows {
	all, added := outSchema+".t", outSchema+".added"
	if c.New || c.Now || c.Kind == compile.ReferencesCheck || c.Kind == compile.UniqueCheck {
		added = all
	}
	return compile.Rows{Tested: added, Whole: all}
}

// bindOut binds the table as the commit would leave it, and the rows that it adds.
func (t *task) bindOut(ctx context.Context) error {
	added := dataFiles(t.staged.add, t.columns)
	kept, err := t.kept(ctx)
	if err != nil {
		return err
	}
	if err := t.session.BindAs(ctx, outSchema, "added", t.columns, added); err != nil {
		return fmt.Errorf("opening the new rows for the checks: %w", err)
	}
	if err := t.session.BindAs(ctx, outSchema, "t", t.columns, append(kept, added...)); err != nil {
		return fmt.Errorf("opening the table for the checks: %w", err)
	}
	return t.bindReferenced(ctx)
}

// kept are the table's files that the commit leaves.
func (t *task) kept(ctx context.Context) ([]state.DataFile, error) {
	if t.base == nil || t.base.Main == 0 || t.staged.operation == state.Replace {
		return nil, nil
	}
	files, err := t.files(ctx, t.base)
	if err != nil {
		return nil, err
	}
	return duckdb.After(files, t.staged.remove, t.staged.delete), nil
}

// bindReferenced binds all rows of the tables that checks look into: the query may see no more than the new ones of them.
func (t *task) bindReferenced(ctx context.Context) error {
	for _, c := range t.work.Checks {
		for _, ident := range c.References {
			if err := t.bindLookedUp(ctx, ident); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *task) bindLookedUp(ctx context.Context, ident addr.Ident) error {
	table := t.published.get(ident)
	if table == nil {
		return fmt.Errorf("this is a bug in etl: %s is checked against before it is made", ident)
	}
	files, err := t.files(ctx, table)
	if err != nil {
		return err
	}
	if err := t.session.BindAs(ctx, compile.ReferencedSchema(ident.Namespace), ident.Name, table.Columns, files); err != nil {
		return fmt.Errorf("opening %s for the checks: %w", ident, err)
	}
	return nil
}
