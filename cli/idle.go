package cli

import (
	"context"

	"github.com/automic-etl/etl/engine/apply"
)

// idle ends an apply that has nothing to do. A run that died after its last commit left nothing to do but its leases, and
// sources that don't know yet how far they are read.
func (w *workspace) idle(ctx context.Context) error {
	if err := w.lake.SweepDead(ctx); err != nil {
		return w.fail("What a dead run left could not be swept", err)
	}
	a := &apply.Applier{Project: w.project, Lakehouse: w.lake, Sources: w.sources(), Log: w.log, Told: &w.told}
	if w.report(a.Acknowledge(ctx)) {
		return exit(exitError)
	}
	return nil
}
