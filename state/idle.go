package state

import (
	"context"

	"github.com/google/uuid"
)

// SweepDead buries the leases of runs whose processes are surely gone, and sweeps what others left, for a run that has nothing to do and so
// claims nothing.
// It writes nothing where there are none.
func (l *Lakehouse) SweepDead(ctx context.Context) error {
	if err := l.writable(); err != nil {
		return err
	}
	_, rows, err := l.board(ctx)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.Kind != kindHeld || !r.process().gone() {
			continue
		}
		if err := l.bury(ctx, r); err != nil {
			return err
		}
	}
	return l.sweepOwn(ctx, uuid.NewString(), suspects)
}
