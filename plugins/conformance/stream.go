package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/sdk"
)

// writes is how often a case writes, so that there are several batches of changes.
const writes = 6

func snapshot(ctx context.Context, e *Examination) error {
	s, err := e.start(ctx)
	if err != nil {
		return err
	}
	if _, err := e.state(s); err != nil {
		return err
	}
	for i, c := range s.changes[1:] {
		if c.op != sdk.Insert {
			return fmt.Errorf("change %d of the snapshot is %q: nobody wrote to the source", i+2, c)
		}
	}
	return e.arrives(ctx, s)
}

// followed starts, lets things happen, and reads them.
func (e *Examination) followed(ctx context.Context) (first, rest *story, err error) {
	if first, err = e.start(ctx); err != nil {
		return nil, nil, err
	}
	if err := e.write(ctx, writes); err != nil {
		return nil, nil, err
	}
	if rest, err = e.now(ctx, first.cursor); err != nil {
		return nil, nil, err
	}
	if len(rest.changes) < 2*e.subject.BatchSize {
		return nil, nil, fmt.Errorf("%d writes made %d changes, too few to test with", writes, len(rest.changes))
	}
	return first, rest, nil
}

func changesInOrder(ctx context.Context, e *Examination) error {
	first, rest, err := e.followed(ctx)
	if err != nil {
		return err
	}
	return e.arrives(ctx, first.and(rest))
}

// rereading goes back to each checkpoint. From one within the snapshot a read may start over, later in the source's time.
func rereading(ctx context.Context, e *Examination) error {
	first, rest, err := e.followed(ctx)
	if err != nil {
		return err
	}
	for i, m := range some(rest.marks) {
		again, err := e.now(ctx, m.cursor)
		if err != nil {
			return fmt.Errorf("from checkpoint %d: %w", i+1, err)
		}
		if err := again.retells(rest.changes[m.changes:]); err != nil {
			return fmt.Errorf("from checkpoint %d: %w", i+1, err)
		}
	}
	for i, m := range some(first.marks) {
		again, err := e.now(ctx, m.cursor)
		if err != nil {
			return fmt.Errorf("from checkpoint %d of the snapshot: %w", i+1, err)
		}
		held := &story{changes: first.changes[:m.changes]}
		if err := e.arrives(ctx, held.and(again)); err != nil {
			return fmt.Errorf("from checkpoint %d of the snapshot: %w", i+1, err)
		}
	}
	return nil
}

// some are all marks, or evenly chosen ones of too many.
func some(marks []mark) []mark {
	step := (len(marks) + most - 1) / most
	var chosen []mark
	for i := 0; i < len(marks); i += step {
		chosen = append(chosen, marks[i])
	}
	return chosen
}

func bounded(ctx context.Context, e *Examination) error {
	first, err := e.start(ctx)
	if err != nil {
		return err
	}
	if err := e.write(ctx, writes); err != nil {
		return err
	}
	plan, err := e.planFrom(ctx, sdk.PlanRequest{Cursor: first.cursor, Columns: e.plan.Columns})
	if err != nil {
		return err
	}
	before, err := e.story(ctx, first.cursor, plan.Until)
	if err != nil {
		return err
	}
	if err := e.write(ctx, writes); err != nil {
		return err
	}
	again, err := e.story(ctx, first.cursor, plan.Until)
	if err != nil {
		return err
	}
	if err := again.retells(before.changes); err != nil {
		return fmt.Errorf("reading again to the same bound, with more behind it: %w", err)
	}
	after, err := e.now(ctx, before.cursor)
	if err != nil {
		return err
	}
	whole, err := e.now(ctx, first.cursor)
	if err != nil {
		return err
	}
	if err := whole.retells(before.and(after).changes); err != nil {
		return fmt.Errorf("the two halves together: %w", err)
	}
	return e.arrives(ctx, first.and(whole))
}

// nothingHappened reads on where nobody wrote. The source may have moved by itself, which only the source knows.
func nothingHappened(ctx context.Context, e *Examination) error {
	_, rest, err := e.followed(ctx)
	if err != nil {
		return err
	}
	plan, err := e.planFrom(ctx, sdk.PlanRequest{Cursor: rest.cursor, Columns: e.plan.Columns})
	if err != nil {
		return err
	}
	if !plan.Resumable || plan.Snapshot || plan.Rows > 0 {
		return fmt.Errorf("a plan from the last checkpoint finds %q, %d rows", plan.Position, plan.Rows)
	}
	nothing, err := e.story(ctx, rest.cursor, plan.Until)
	if err != nil {
		return err
	}
	return nothing.retells(nil)
}

func slowFollower(ctx context.Context, e *Examination) error {
	first, rest, err := e.followed(ctx)
	if err != nil {
		return err
	}
	narrow, err := e.narrow(ctx)
	if err != nil {
		return err
	}
	slow := newStory(first.cursor)
	slow.before = func(context.Context) error {
		time.Sleep(2 * time.Millisecond)
		return nil
	}
	err = narrow.client.Read(ctx, e.config, e.changesAsked(first.cursor, nil), slow)
	return errors.Join(err, slow.retells(rest.changes), narrow.host.Close(ctx))
}

func stoppedFollower(ctx context.Context, e *Examination) error {
	first, rest, err := e.followed(ctx)
	if err != nil {
		return err
	}
	part := newStory(first.cursor)
	if err := e.cancelled(ctx, e.changesAsked(first.cursor, nil), part, &part.before); err != nil {
		return err
	}
	again, err := e.now(ctx, first.cursor)
	if err != nil {
		return err
	}
	return again.retells(rest.changes)
}

// killed reads until the second batch, and no further. What is held then is what came before the last checkpoint.
func (e *Examination) killed(ctx context.Context, cursor map[string][]byte) (*story, error) {
	part, batches := newStory(cursor), 0
	part.before = func(ctx context.Context) error {
		if batches++; batches == 2 {
			return e.client.Kill(ctx)
		}
		return nil
	}
	err := e.client.Read(ctx, e.config, e.changesAsked(cursor, nil), part)
	var died *host.DiedError
	if err != nil && !errors.As(err, &died) {
		return nil, fmt.Errorf("the death in the middle of a read is reported as: %w", err)
	}
	held := part.held()
	if held.cursor == nil {
		held.cursor = cursor
	}
	return held, nil
}

func deathInSnapshot(ctx context.Context, e *Examination) error {
	if err := e.prepare(ctx); err != nil {
		return err
	}
	held, err := e.killed(ctx, nil)
	if err != nil {
		return err
	}
	if err := e.write(ctx, 1); err != nil {
		return err
	}
	rest, err := e.now(ctx, held.cursor)
	if err != nil {
		return fmt.Errorf("reading on after a death: %w", err)
	}
	return e.arrives(ctx, held.and(rest))
}

func deathInStream(ctx context.Context, e *Examination) error {
	first, rest, err := e.followed(ctx)
	if err != nil {
		return err
	}
	held, err := e.killed(ctx, first.cursor)
	if err != nil {
		return err
	}
	after, err := e.now(ctx, held.cursor)
	if err != nil {
		return fmt.Errorf("reading on after a death: %w", err)
	}
	return held.and(after).retells(slices.Clone(rest.changes))
}
