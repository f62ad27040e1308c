package conformance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/sdk"
)

func repeatedRead(ctx context.Context, e *Examination) error {
	first, err := e.read(ctx, nil)
	if err != nil {
		return err
	}
	if len(first.lines) < 2*e.subject.BatchSize {
		return fmt.Errorf("the source has %d rows, too few to test with", len(first.lines))
	}
	second, err := e.read(ctx, nil)
	if err != nil {
		return err
	}
	return same(first.lines, second.lines)
}

// most is how many checkpoints are tried; of more, evenly chosen ones.
const most = 40

func resumption(ctx context.Context, e *Examination) error {
	first, err := e.read(ctx, nil)
	if err != nil {
		return err
	}
	if !e.client.Capabilities().Replay || !e.plan.Resumable {
		return nil
	}
	if len(first.checkpoints) == 0 {
		return errors.New("the plan says that reading can go on, but the read sent no checkpoint")
	}
	step := (len(first.checkpoints) + most - 1) / most
	for i := 0; i < len(first.checkpoints); i += step {
		point := first.checkpoints[i]
		rest, err := e.read(ctx, point.cursor)
		if err != nil {
			return fmt.Errorf("from checkpoint %d: %w", i+1, err)
		}
		if err := same(first.lines[point.lines:], rest.lines); err != nil {
			return fmt.Errorf("from checkpoint %d: %w", i+1, err)
		}
	}
	return nil
}

func nothingLeft(ctx context.Context, e *Examination) error {
	first, err := e.read(ctx, nil)
	if err != nil || len(first.checkpoints) == 0 {
		return err
	}
	plan, err := e.planFrom(ctx, sdk.PlanRequest{Cursor: first.cursor, Columns: e.plan.Columns})
	if err != nil {
		return err
	}
	if plan.Changed || plan.Rows > 0 {
		return fmt.Errorf("a plan from the last checkpoint finds %q, %d rows", plan.Position, plan.Rows)
	}
	rest, err := e.read(ctx, first.cursor)
	if err != nil {
		return err
	}
	return same(nil, rest.lines)
}

// backPressure reads with a budget that allows one batch at a time, slowly.
func backPressure(ctx context.Context, e *Examination) error {
	fast, err := e.read(ctx, nil)
	if err != nil {
		return err
	}
	options := e.subject.Host
	options.BudgetBytes = 1
	narrow := &Examination{subject: e.subject, host: host.New(options), config: e.config, plan: e.plan}
	if narrow.client, err = narrow.host.Source(ctx, e.subject.Provider); err != nil {
		return closing(ctx, narrow.host, err)
	}
	slow := newRecord(nil)
	slow.before = func(context.Context) error {
		time.Sleep(2 * time.Millisecond)
		return nil
	}
	for _, partition := range e.partitions() {
		if err := narrow.client.Read(ctx, e.config, e.request(partition, nil), slow); err != nil {
			return closing(ctx, narrow.host, err)
		}
	}
	return errors.Join(same(fast.lines, slow.lines), narrow.host.Close(ctx))
}

// stopTime is how long a provider may take to stop.
const stopTime = 5 * time.Second

func cancellation(ctx context.Context, e *Examination) error {
	reading, cancel := context.WithCancel(ctx)
	defer cancel()
	var asked time.Time
	part := newRecord(nil)
	part.before = func(context.Context) error {
		if asked.IsZero() {
			asked = time.Now()
			cancel()
		}
		return nil
	}
	err := e.client.Read(reading, e.config, e.request(e.partitions()[0], nil), part)
	if !errors.Is(err, context.Canceled) {
		return fmt.Errorf("the cancelled read ended with: %w", err)
	}
	if took := time.Since(asked); took >= stopTime {
		return fmt.Errorf("the read stopped only after %s", took)
	}
	_, err = e.planFrom(ctx, sdk.PlanRequest{})
	return err
}

// death kills the provider while it reads, and reads on from the last checkpoint that arrived.
func death(ctx context.Context, e *Examination) error {
	whole, err := e.read(ctx, nil)
	if err != nil {
		return err
	}
	part, batches := newRecord(nil), 0
	part.before = func(ctx context.Context) error {
		if batches++; batches == 2 {
			return e.client.Kill(ctx)
		}
		return nil
	}
	err = e.client.Read(ctx, e.config, e.request(e.partitions()[0], nil), part)
	var died *host.DiedError
	if err != nil && !errors.As(err, &died) {
		return fmt.Errorf("the death in the middle of a read is reported as: %w", err)
	}
	kept, cursor := []string(nil), map[string][]byte(nil)
	if n := len(part.checkpoints); n > 0 && e.client.Capabilities().Replay && e.plan.Resumable {
		kept, cursor = part.lines[:part.checkpoints[n-1].lines], part.checkpoints[n-1].cursor
	}
	rest, err := e.read(ctx, cursor)
	if err != nil {
		return fmt.Errorf("reading on after a death: %w", err)
	}
	return same(whole.lines, append(kept, rest.lines...))
}
