package apply

import (
	"context"
	"fmt"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/state"
)

// changedFiles are those by which an input differs from what the table's rows were computed from.
type changedFiles struct{ before, after []state.DataFile }

// findChanged lists the files of inputs of which rows were changed or removed. Where an input came otherwise than planned, so
// that it can't be told what changed, everything is computed.
func (t *task) findChanged(ctx context.Context) error {
	if t.work.Compute != plan.ComputeKeys && t.work.Compute != plan.ComputeParts {
		return nil
	}
	t.changed = map[addr.Ident]changedFiles{}
	for _, in := range t.work.Inputs {
		if !in.Differs || !t.drives(in) {
			continue
		}
		table := t.published.get(in.Ident)
		before, after, why, err := t.Lakehouse.Changed(ctx, table, in.Since, table.Main)
		if err != nil {
			return fmt.Errorf("comparing snapshots of %s: %w", in.Ident, err)
		}
		if why != "" {
			t.log.Info("everything is computed: it can't be told what changed", "input", in.Address, "why", why)
			return t.everything(ctx)
		}
		t.changed[in.Ident] = changedFiles{before, after}
	}
	return nil
}

func (t *task) everything(ctx context.Context) error {
	parts := t.work.Compute == plan.ComputeParts
	t.work.Compute, t.outcome.Mode, t.changed = plan.ComputeFull, plan.ComputeFull, nil
	if !parts {
		return nil // all rows are bound
	}
	return t.bindDrivers(ctx)
}

// bindChanged binds the rows by which an input differs, as bindNew binds new ones.
func (t *task) bindChanged(ctx context.Context, schema string, in plan.Input, found changedFiles) error {
	if schema == "" {
		schema = in.Ident.Namespace
	}
	for _, f := range found.after {
		t.outcome.Rows.Read += f.Rows
	}
	if err := t.session.BindChanged(ctx, schema, in.Ident.Name, t.published.get(in.Ident).Columns, found.before, found.after); err != nil {
		return fmt.Errorf("opening the changed rows of %s: %w", in.Ident, err)
	}
	return nil
}
