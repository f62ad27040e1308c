package conformance

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// FollowCases are the promises of a Follower, whose subject has the mode delta and can write to its source. Nobody else
// writes there meanwhile.
func FollowCases() []Case {
	return []Case{
		{"the schema describes itself rightly", schema},
		{"values that are not known yet are no trouble", unknown},
		{"a plan creates nothing at the source", plansOnly},
		{"preparing may be repeated", prepareTwice},
		{"a snapshot is the table", snapshot},
		{"changes lead from the snapshot to the table", changesInOrder},
		{"changes are read again from every checkpoint, each at its position", rereading},
		{"changes are read as far as asked", bounded},
		{"where nothing happened nothing is read", nothingHappened},
		{"a slow host holds the changes back", slowFollower},
		{"a cancelled read of changes stops", stoppedFollower},
		{"a death in the snapshot loses nothing", deathInSnapshot},
		{"a death among the changes loses nothing", deathInStream},
		{"what is acknowledged is let go, and nothing else", acknowledged},
		{"two tables are read from one source", twoTables},
		{"two lakehouses don't share what is kept for them", twoLakehouses},
		{"a released source is left clean", released},
	}
}

// prepare makes the source ready to be followed.
func (e *Examination) prepare(ctx context.Context) error {
	ds, err := e.client.Prepare(ctx, e.config)
	return errors.Join(err, failed(ds))
}

func (e *Examination) release(ctx context.Context) error {
	ds, err := e.client.Release(ctx, e.config)
	return errors.Join(err, failed(ds))
}

func (e *Examination) acknowledge(ctx context.Context, cursor map[string][]byte) error {
	ds, err := e.client.Acknowledge(ctx, e.config, cursor)
	return errors.Join(err, failed(ds))
}

// write changes the source some times.
func (e *Examination) write(ctx context.Context, times int) error {
	for range times {
		e.writes++
		if err := e.subject.Write(ctx, e.writes); err != nil {
			return fmt.Errorf("writing to the source: %w", err)
		}
	}
	return nil
}

// story reads from a cursor to a bound.
func (e *Examination) story(ctx context.Context, cursor map[string][]byte, until []byte) (*story, error) {
	s := newStory(cursor)
	if err := e.client.Read(ctx, e.config, e.changesAsked(cursor, until), s); err != nil {
		return nil, err
	}
	if len(s.marks) == 0 || s.marks[len(s.marks)-1].changes != len(s.changes) {
		if len(s.changes) > 0 {
			return nil, errors.New("the read ended without a checkpoint after its last change")
		}
	}
	return s, nil
}

func (e *Examination) changesAsked(cursor map[string][]byte, until []byte) sdk.ReadRequest {
	req := e.request("", cursor)
	req.Columns, req.Until = sdk.Followed(req.Columns), until
	return req
}

// now plans from a cursor and reads to the end.
func (e *Examination) now(ctx context.Context, cursor map[string][]byte) (*story, error) {
	plan, err := e.planFrom(ctx, sdk.PlanRequest{Cursor: cursor, Columns: e.recorded(cursor)})
	if err != nil {
		return nil, err
	}
	if cursor != nil && !plan.Resumable {
		return nil, fmt.Errorf("the plan says that reading can't go on: %w", plan.Warnings)
	}
	if plan.Snapshot != (cursor == nil) {
		return nil, fmt.Errorf("the plan says of a snapshot: %v", plan.Snapshot)
	}
	return e.story(ctx, cursor, plan.Until)
}

func (e *Examination) recorded(cursor map[string][]byte) coltype.Schema {
	if cursor != nil {
		return e.plan.Columns
	}
	return nil
}

// start prepares the source and reads it for the first time.
func (e *Examination) start(ctx context.Context) (*story, error) {
	if err := e.prepare(ctx); err != nil {
		return nil, err
	}
	s, err := e.now(ctx, nil)
	if err != nil {
		return nil, err
	}
	if len(s.changes) < 2*e.subject.BatchSize {
		return nil, fmt.Errorf("the source has %d rows, too few to test with", len(s.changes))
	}
	if s.changes[0].op != sdk.Truncate {
		return nil, fmt.Errorf("the first read begins with %q instead of a truncate", s.changes[0])
	}
	return s, nil
}

// arrives checks that a story leads to the table as it is.
func (e *Examination) arrives(ctx context.Context, s *story) error {
	got, err := e.state(s)
	if err != nil {
		return err
	}
	fresh, err := e.now(ctx, nil)
	if err != nil {
		return fmt.Errorf("reading the table anew: %w", err)
	}
	want, err := e.state(fresh)
	if err != nil {
		return fmt.Errorf("reading the table anew: %w", err)
	}
	return sameRows(want, got)
}

func plansOnly(ctx context.Context, e *Examination) error {
	if err := e.release(ctx); err != nil {
		return err
	}
	var plans [2]*sdk.PlanResponse
	for i := range plans {
		var err error
		if plans[i], err = e.planFrom(ctx, sdk.PlanRequest{}); err != nil {
			return err
		}
	}
	if !reflect.DeepEqual(plans[0].Creates, plans[1].Creates) {
		return fmt.Errorf("the first plan would create %q, the second %q", plans[0].Creates, plans[1].Creates)
	}
	first := plans[0]
	if !first.Snapshot || !first.Changed || len(first.Key) == 0 || first.Until == nil {
		return fmt.Errorf("the first plan of a followed source must have a snapshot, a key and a bound, not %+v", first)
	}
	for _, column := range first.Columns {
		if strings.HasPrefix(column.Name, "_etl_") {
			return fmt.Errorf("the plan's columns are the source's own, and %s is not", column.Name)
		}
	}
	return nil
}

func prepareTwice(ctx context.Context, e *Examination) error {
	if err := e.prepare(ctx); err != nil {
		return err
	}
	if err := e.client.Kill(ctx); err != nil {
		return err
	}
	if err := e.prepare(ctx); err != nil {
		return fmt.Errorf("the second time: %w", err)
	}
	plan, err := e.planFrom(ctx, sdk.PlanRequest{})
	if err != nil {
		return err
	}
	if len(plan.Creates) > 0 {
		return fmt.Errorf("the source is prepared, and the plan would still create %q", plan.Creates)
	}
	return nil
}
