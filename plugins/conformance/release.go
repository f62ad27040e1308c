package conformance

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/automic-etl/etl/plugins/sdk"
)

func acknowledged(ctx context.Context, e *Examination) error {
	first, rest, err := e.followed(ctx)
	if err != nil {
		return err
	}
	for _, cursor := range []map[string][]byte{rest.cursor, rest.cursor, first.cursor} {
		if err := e.acknowledge(ctx, cursor); err != nil {
			return err
		}
	}
	if err := e.client.Kill(ctx); err != nil {
		return err
	}
	if err := e.write(ctx, writes); err != nil {
		return err
	}
	after, err := e.now(ctx, rest.cursor)
	if err != nil {
		return err
	}
	if err := e.arrives(ctx, first.and(rest).and(after)); err != nil {
		return err
	}
	return e.goesBack(ctx, first.cursor, rest.and(after).changes)
}

// goesBack reads on from a cursor that the source was told it need not keep: all of it comes, or the plan says no.
func (e *Examination) goesBack(ctx context.Context, cursor map[string][]byte, want []change) error {
	plan, ds, err := e.client.Plan(ctx, e.config, sdk.PlanRequest{Cursor: cursor, Columns: e.plan.Columns})
	if err != nil || ds.HasErrors() || !plan.Resumable {
		return err
	}
	again, err := e.story(ctx, cursor, plan.Until)
	if err != nil {
		return fmt.Errorf("the plan said that reading can go on from an old cursor: %w", err)
	}
	if err := again.retells(want); err != nil {
		return fmt.Errorf("the plan said that reading can go on from an old cursor: %w", err)
	}
	return nil
}

// twoTables reads from two cursors at once, which wait for each other where they must.
func twoTables(ctx context.Context, e *Examination) error {
	first, fast, err := e.followed(ctx)
	if err != nil {
		return err
	}
	if err := e.write(ctx, writes); err != nil {
		return err
	}
	var slow, rest *story
	group, both := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		slow, err = e.now(both, first.cursor)
		return err
	})
	group.Go(func() (err error) {
		rest, err = e.now(both, fast.cursor)
		return err
	})
	if err := group.Wait(); err != nil {
		return err
	}
	if err := slow.retells(fast.and(rest).changes); err != nil {
		return fmt.Errorf("the slower of two: %w", err)
	}
	return e.arrives(ctx, first.and(slow))
}

// released drops what there is and goes on as if nothing had been: no change may be passed over.
func released(ctx context.Context, e *Examination) error {
	first, rest, err := e.followed(ctx)
	if err != nil {
		return err
	}
	for range 2 {
		if err := e.release(ctx); err != nil {
			return err
		}
	}
	if err := e.write(ctx, writes); err != nil {
		return err
	}
	if err := e.prepare(ctx); err != nil {
		return fmt.Errorf("preparing what was released: %w", err)
	}
	if err := e.write(ctx, writes); err != nil {
		return err
	}
	if err := e.skipsNothing(ctx, first.and(rest)); err != nil {
		return err
	}
	return e.release(ctx)
}

// skipsNothing reads on from a story whose source was released meanwhile: to the table, or not at all.
func (e *Examination) skipsNothing(ctx context.Context, s *story) error {
	plan, ds, err := e.client.Plan(ctx, e.config, sdk.PlanRequest{Cursor: s.cursor, Columns: e.plan.Columns})
	if err != nil || ds.HasErrors() || !plan.Resumable {
		return err
	}
	after, err := e.story(ctx, s.cursor, plan.Until)
	if err != nil {
		return fmt.Errorf("the plan said that reading can go on after a release: %w", err)
	}
	if err := e.arrives(ctx, s.and(after)); err != nil {
		return fmt.Errorf("the plan said that reading can go on after a release: %w", err)
	}
	return nil
}
