package conformance

import (
	"context"
	"fmt"
	"time"

	"github.com/automic-etl/etl/plugins/sdk"
)

// rounds of calls are made, after one that may open what a provider keeps: a pool, a cache.
const rounds = 5

// leaks makes the same calls again and again, to their end and cancelled: a process that has another goroutine after each round
// leaves them behind.
func leaks(ctx context.Context, e *Examination) error {
	if err := e.round(ctx); err != nil {
		return err
	}
	before, err := e.idle(ctx)
	if err != nil || before == 0 {
		return err
	}
	for range rounds {
		if err := e.round(ctx); err != nil {
			return err
		}
	}
	after, err := e.idle(ctx)
	if err == nil && after >= before+rounds {
		err = fmt.Errorf("before %d rounds of calls the process had %d goroutines, and has %d after them: calls leave goroutines behind", rounds, before, after)
	}
	return err
}

// looks at the number of goroutines are taken after a call, so long apart: what it started needs a moment to end.
const looks, apart = 25, 20 * time.Millisecond

// idle is how many goroutines the process has while it does nothing.
func (e *Examination) idle(ctx context.Context) (int64, error) {
	var least int64
	for i := range looks {
		n, err := e.client.Goroutines(ctx)
		if err != nil {
			return 0, err
		}
		if i == 0 || n < least {
			least = n
		}
		time.Sleep(apart)
	}
	return least, nil
}

// round is one of each call, and a read that is cancelled.
func (e *Examination) round(ctx context.Context) error {
	if _, err := e.client.Validate(ctx, e.config); err != nil {
		return err
	}
	if _, err := e.client.Check(ctx, e.config); err != nil {
		return err
	}
	if _, err := e.planFrom(ctx, sdk.PlanRequest{}); err != nil {
		return err
	}
	if _, err := e.read(ctx, nil); err != nil {
		return err
	}
	part := e.record(nil)
	return e.cancelled(ctx, e.request(e.partitions()[0], nil), part, &part.before)
}
