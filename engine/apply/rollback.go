package apply

import (
	"context"
	"fmt"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/state"
)

// Rollback returns a table to an earlier snapshot, under a lease like every other write.
func (a *Applier) Rollback(ctx context.Context, t *state.Table, to int64) (*state.Table, error) {
	id := newRunID()
	lease, err := a.Lakehouse.Claim(ctx, state.Claim{RunID: id, Command: a.Command, Tables: []addr.Ident{t.Ident}, Wait: a.LockTimeout})
	if err != nil {
		return nil, fmt.Errorf("claiming %s: %w", t.Ident, err)
	}
	r := &run{Applier: a, lease: lease}
	defer r.release()
	return a.Lakehouse.Rollback(context.WithoutCancel(ctx), t.Ident, to, id)
}
