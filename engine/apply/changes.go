package apply

import (
	"context"
	"fmt"

	"github.com/automic-etl/etl/engine/changes"
	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/state"
)

// Relations of a session in which changes are applied.
const (
	changeSchema = "etl_changes"
	changeRows   = changeSchema + ".rows" // what is to be applied
	changeLast   = changeSchema + ".last" // the last change of each row
	changeKeys   = changeSchema + ".keys" // of the rows that change
	changeOld    = changeSchema + ".old"  // the table's rows
	changeNew    = changeSchema + ".new"  // the rows that it gets
)

// writes is the table's write block.
func (t *task) writes() config.Write {
	return config.Write{Mode: t.work.Write.Mode, Key: t.work.Write.Key, Deletes: t.work.Write.Deletes, ValidFrom: t.work.Write.ValidFrom}
}

// given are the table's columns without those that writing computes.
func (t *task) given() coltype.Schema { return compile.Given(t.writes(), t.columns) }

// rowsAre says what the rows to write are.
func (t *task) rowsAre(kind compile.RowKind) bool { return t.work.Write.Rows == string(kind) }

// applies says whether the rows to write are worked into the table's, rather than added or put in their place.
func (t *task) applies() bool {
	return t.work.Write.Mode == "history" || t.work.Write.Mode == "merge" && t.rowsAre(compile.ChangeRows)
}

// anew says whether nothing of the table's rows goes on: they are computed from all that there is.
func (t *task) anew() bool {
	if t.base == nil || t.base.Main == 0 || t.plan.Action != plan.Refresh {
		return true
	}
	return t.work.Kind == plan.QueryWork && t.work.Compute == plan.ComputeFull && !t.rowsAre(compile.StateRows)
}

// applyRows works rows into the table. They stand in changeRows.
func (t *task) applyRows(ctx context.Context, anew bool) error {
	t.own = true
	if !anew {
		if err := t.bindOld(ctx); err != nil {
			return err
		}
	}
	if t.work.Write.Mode == "history" {
		return t.writeHistory(ctx, anew)
	}
	return t.mergeChanges(ctx, anew)
}

func (t *task) bindOld(ctx context.Context) error {
	files, err := t.files(ctx, t.base)
	if err != nil {
		return err
	}
	if err := t.session.BindAs(ctx, changeSchema, "old", t.columns, files); err != nil {
		return fmt.Errorf("opening %s: %w", t.plan.Ident, err)
	}
	return nil
}

// keep computes a query once, as one of the relations above.
func (t *task) keep(ctx context.Context, relation, query string) (int64, error) {
	return t.session.Materialize(ctx, changeSchema, relation[len(changeSchema)+1:], query)
}

// facts are what is known of the changes to apply.
type facts struct {
	count                      int64
	lowest, highest, truncated string
	// alone says that there is at most one change of a row.
	alone bool
}

func (t *task) changeFacts(ctx context.Context) (facts, error) {
	found, err := t.session.Rows(ctx, changes.Facts(changeRows), 1)
	if err != nil {
		return facts{}, fmt.Errorf("looking at the changes: %w", err)
	}
	row := found.Values[0]
	f := facts{}
	later, ok := row[4].(int64)
	for i, into := range []*string{&f.lowest, &f.highest, &f.truncated} {
		var is bool
		*into, is = row[i+1].(string)
		ok = ok && is
	}
	count, is := row[0].(int64)
	if !ok || !is {
		return f, fmt.Errorf("this is a bug in etl: the facts of changes are %v", row)
	}
	f.count, f.alone = count, later == 0
	if f.alone {
		n, countErr := t.session.Count(ctx, changes.Table{Key: t.work.Write.Key}.Several(changeRows))
		f.alone, err = n == 0, countErr
	}
	return f, err
}

// names are the table's columns.
func (t *task) names() []string { return t.columns.Names() }

// mergeChanges makes the table what the changes say: per row the last one counts.
func (t *task) mergeChanges(ctx context.Context, anew bool) error {
	f, err := t.changeFacts(ctx)
	if err != nil {
		return err
	}
	table := changes.Table{Key: t.work.Write.Key, Columns: t.names()}
	if !f.alone {
		if err := t.refuseTwice(ctx, table.Twice(changeRows)); err != nil {
			return err
		}
	}
	if t.work.Write.Deletes == "soft" {
		return t.mergeKept(ctx, table, f, anew)
	}
	if _, err := t.keep(ctx, changeLast, table.Last(changeRows, f.truncated, f.alone)); err != nil {
		return err
	}
	rows := changes.Upserts(changeLast)
	if anew || f.truncated != "" {
		return t.replaceAll(ctx, rows)
	}
	return t.replaceRows(ctx, rows, table.Keys(changeLast))
}

// mergeKept is mergeChanges for a table that keeps what was deleted. A truncate touches all of its rows.
func (t *task) mergeKept(ctx context.Context, table changes.Table, f facts, anew bool) error {
	all := anew || f.truncated != ""
	if _, err := t.keep(ctx, changeKeys, "SELECT DISTINCT * FROM ("+table.Keys(changeRows)+" WHERE "+dialect.Ident(sdk.OpColumn)+" <> "+dialect.Text(sdk.Truncate)+")"); err != nil {
		return err
	}
	old := ""
	switch {
	case anew:
	case all:
		old = changeOld
	default:
		old = "(SELECT q.* FROM " + changeOld + " AS q SEMI JOIN " + changeKeys + " AS k ON " + matching(quotedNames(table.Key)) + ")"
	}
	rows := table.Kept(changeRows, old, compile.DeletedColumn)
	if all {
		return t.replaceAll(ctx, rows)
	}
	return t.replaceRows(ctx, rows, table.Keys(changeKeys))
}

// replaceAll makes rows all that the table has.
func (t *task) replaceAll(ctx context.Context, rows string) error {
	files, err := t.writeRows(ctx, rows)
	if err != nil {
		return err
	}
	t.staged.add, t.staged.operation = files, state.Replace
	t.countWritten()
	return t.refuseDuplicates(ctx)
}

// replaceRows puts rows in the place of those that have one of the keys.
func (t *task) replaceRows(ctx context.Context, rows, keys string) error {
	old, err := t.files(ctx, t.base)
	if err != nil {
		return err
	}
	t.outgoing = keys
	good, err := t.goodRows(ctx, rows)
	if err != nil {
		return err
	}
	merged, err := t.session.ReplaceKeys(ctx, t.mergeInto(old, good, t.work.Write.Key), keys)
	if err != nil {
		return err
	}
	return t.swap(merged)
}
