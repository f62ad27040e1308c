package cli

import (
	"context"

	"github.com/automic-etl/etl/engine/apply"
	"github.com/automic-etl/etl/engine/plan"
)

// idle ends an apply that has nothing to do. A run that died after its last commit left nothing to do but its leases, and
// sources that don't know yet how far they are read, or that nobody reads.
func (w *workspace) idle(ctx context.Context, p *plan.Plan) error {
	if err := w.lake.SweepDead(ctx); err != nil {
		w.reportUninterrupted(ctx, failure("What a dead run left could not be swept", err))
		return exit(exitError)
	}
	a := &apply.Applier{Project: w.project, Lakehouse: w.lake, Sources: w.sources(), Schema: w.schema, Log: w.log, Told: &w.told}
	if w.reportUninterrupted(ctx, append(a.Acknowledge(ctx), a.ReleaseLeft(ctx, p)...)) {
		return exit(exitError)
	}
	return nil
}
