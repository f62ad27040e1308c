package cli

import (
	"context"

	"github.com/automic-etl/etl/engine/apply"
	"github.com/automic-etl/etl/engine/plan"
)

// idle ends an apply that has nothing to do. A run that died after its last commit left nothing to do but its leases, and
// sources that don't know yet how far they are read, or that nobody reads.
func (w *workspace) idle(ctx context.Context, p *plan.Plan) error {
	if err := w.lake.SweepDead(ctx); err != nil && ctx.Err() != nil {
		return exit(exitInterrupted) // nothing was left undone that the next run doesn't do
	} else if err != nil {
		return w.fail("What a dead run left could not be swept", err)
	}
	a := &apply.Applier{Project: w.project, Lakehouse: w.lake, Sources: w.sources(), Schema: w.schema, Log: w.log, Told: &w.told}
	if w.report(append(a.Acknowledge(ctx), a.ReleaseLeft(ctx, p)...)) {
		return exit(exitError)
	}
	return nil
}
