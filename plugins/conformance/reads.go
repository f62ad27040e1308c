package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/schema/coltype"
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
	if err := first.numbered(); err != nil {
		return err
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
		if err := e.completes(ctx, first.lines, first.lines[:point.lines], point.cursor); err != nil {
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
	return e.completes(ctx, first.lines, first.lines, first.cursor)
}

// keysOnly asks what is still there, which is what a read of these columns alone sends.
func keysOnly(ctx context.Context, e *Examination) error {
	if len(e.subject.Key) == 0 {
		return nil
	}
	var columns coltype.Schema
	for _, column := range e.plan.Columns {
		if slices.Contains(e.subject.Key, column.Name) {
			columns = append(columns, column)
		}
	}
	if len(columns) != len(e.subject.Key) {
		return fmt.Errorf("the columns %s are not all among %v", e.subject.Key, e.plan.Columns)
	}
	var sent [2]*record
	for i := range sent {
		sent[i] = e.record(nil)
		sent[i].numberless = true
		for _, partition := range e.partitions() {
			req := e.request(partition, nil)
			req.Columns, req.KeysOnly = columns, i == 1
			if req.KeysOnly {
				req.Until = nil
			}
			if err := e.client.Read(ctx, e.config, req, sent[i]); err != nil {
				return err
			}
		}
	}
	if len(sent[1].lines) == 0 {
		return errors.New("no keys were sent")
	}
	return same(sent[0].lines, sent[1].lines)
}

// completes reads on from a cursor: what comes is what isn't held yet. Where the plan says that rows are sent again, some
// of those that are held may come as well.
func (e *Examination) completes(ctx context.Context, whole, held []string, cursor map[string][]byte) error {
	plan, err := e.planFrom(ctx, sdk.PlanRequest{Cursor: cursor, Columns: e.plan.Columns})
	if err != nil {
		return err
	}
	rest, err := e.read(ctx, cursor)
	if err != nil {
		return err
	}
	missing := without(whole, held)
	if foreign := without(held, whole); len(foreign) > 0 {
		return fmt.Errorf("%d rows are held which the source doesn't have, of which one is %q", len(foreign), foreign[0])
	}
	if plan.Overlap == nil {
		return same(missing, rest.lines)
	}
	if left := without(missing, rest.lines); len(left) > 0 {
		return fmt.Errorf("%d rows were not sent, of which one is %q", len(left), left[0])
	}
	if wrong := without(without(rest.lines, missing), held); len(wrong) > 0 {
		return fmt.Errorf("%d rows were sent again which nobody holds, of which one is %q", len(wrong), wrong[0])
	}
	return nil
}

// backPressure reads with a budget that allows one batch at a time, slowly.
func backPressure(ctx context.Context, e *Examination) error {
	fast, err := e.read(ctx, nil)
	if err != nil {
		return err
	}
	narrow, err := e.narrow(ctx)
	if err != nil {
		return err
	}
	slow := e.record(nil)
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

// narrow is the same subject at a host that takes one batch at a time.
func (e *Examination) narrow(ctx context.Context) (*Examination, error) {
	options := e.subject.Host
	options.BudgetBytes = 1
	narrow := &Examination{subject: e.subject, host: host.New(options), config: e.config, plan: e.plan}
	var err error
	if narrow.client, err = narrow.host.Source(ctx, e.subject.Provider); err != nil {
		return nil, closing(ctx, narrow.host, err)
	}
	return narrow, nil
}

// stopTime is how long a provider may take to stop.
const stopTime = 5 * time.Second

func cancellation(ctx context.Context, e *Examination) error {
	part := e.record(nil)
	if err := e.cancelled(ctx, e.request(e.partitions()[0], nil), part, &part.before); err != nil {
		return err
	}
	_, err := e.planFrom(ctx, sdk.PlanRequest{})
	return err
}

// cancelled reads until the first batch arrives at the sink.
func (e *Examination) cancelled(ctx context.Context, req sdk.ReadRequest, sink host.Sink, before *func(context.Context) error) error {
	reading, cancel := context.WithCancel(ctx)
	defer cancel()
	var asked time.Time
	*before = func(context.Context) error {
		if asked.IsZero() {
			asked = time.Now()
			cancel()
		}
		return nil
	}
	err := e.client.Read(reading, e.config, req, sink)
	if !errors.Is(err, context.Canceled) {
		return fmt.Errorf("the cancelled read ended with: %w", err)
	}
	if took := time.Since(asked); took >= stopTime {
		return fmt.Errorf("the read stopped only after %s", took)
	}
	return nil
}

// death kills the provider while it reads, and reads on from the last checkpoint that arrived.
func death(ctx context.Context, e *Examination) error {
	whole, err := e.read(ctx, nil)
	if err != nil {
		return err
	}
	part, batches := e.record(nil), 0
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
	if err := e.completes(ctx, whole.lines, kept, cursor); err != nil {
		return fmt.Errorf("reading on after a death: %w", err)
	}
	return nil
}
