package cli

import "context"

// idle ends an apply that has nothing to do. A run that died after its last commit left nothing to do but its leases.
func (w *workspace) idle(ctx context.Context) error {
	if err := w.lake.SweepDead(ctx); err != nil {
		return w.fail("What a dead run left could not be swept", err)
	}
	return nil
}
