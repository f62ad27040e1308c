package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/urfave/cli/v2"

	"github.com/automic-etl/etl/engine/apply"
	"github.com/automic-etl/etl/engine/planner"
)

// longestPause is how long a table that keeps failing is left alone at most.
const longestPause = 5 * time.Minute

// rounds is a run that goes on: the project is read once, providers stay, and each round is a plan and its apply.
type rounds struct {
	*workspace
	flags    *cli.Context
	interval time.Duration
	failing  map[string]failing // by the address of a table
}

// failing is a table that failed, times in a row.
type failing struct {
	times int
	until time.Time // when it is tried again
}

// every refreshes again and again until it is interrupted. What fails is left out for a while, longer each time, and holds
// nothing else up.
func (w *workspace) every(ctx context.Context, c *cli.Context, interval time.Duration) error {
	w.said = &said{before: map[warning]bool{}, now: map[warning]bool{}}
	r := &rounds{workspace: w, flags: c, interval: interval, failing: map[string]failing{}}
	lost := 0 // rounds that came to nothing, in a row
	for {
		began := time.Now()
		err := r.round(ctx)
		var refused *exitCode
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &refused) && refused.code == exitRefused:
			return err
		case err != nil:
			lost++
		default:
			lost = 0
		}
		w.said.turn(err == nil && len(r.failing) == 0)
		if !pause(ctx, r.wait(began, lost)) {
			return nil
		}
	}
}

// wait is what is left of the interval; after lost rounds it is longer.
func (r *rounds) wait(began time.Time, lost int) time.Duration {
	if lost > 0 {
		return pauseAfter(r.interval, lost)
	}
	return max(0, r.interval-time.Since(began))
}

// pauseAfter doubles with each failure.
func pauseAfter(interval time.Duration, times int) time.Duration {
	if times > 20 {
		return max(interval, longestPause)
	}
	return max(interval, min(interval<<times, longestPause))
}

// pause waits; false where it was interrupted.
func pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// round is one plan and its apply. An error has been printed.
func (r *rounds) round(ctx context.Context) error {
	options := planOptions(r.flags)
	options.Exclude = append(options.Exclude, r.paused()...)
	options.Tolerate = func(address string, said hcl.Diagnostics) {
		if ctx.Err() != nil {
			return
		}
		r.report(said)
		r.fails(address)
	}
	p, err := r.planRefresh(ctx, options)
	if err != nil {
		return err
	}
	if !p.Changes() && !p.Checks() {
		return r.idle(ctx, p)
	}
	result, err := r.do(ctx, r.flags, p, "")
	if result == nil || ctx.Err() != nil {
		return err
	}
	r.note(result.Outcomes)
	return nil
}

// paused are the tables that are left alone until it is their time again.
func (r *rounds) paused() []string {
	var addresses []string
	for _, address := range slices.Sorted(maps.Keys(r.failing)) {
		if time.Now().Before(r.failing[address].until) {
			addresses = append(addresses, address)
		}
	}
	return addresses
}

func (r *rounds) fails(address string) {
	f := r.failing[address]
	f.times++
	wait := pauseAfter(r.interval, f.times)
	f.until = time.Now().Add(wait)
	r.failing[address] = f
	fmt.Fprintf(r.stderr, "%s failed and is tried again in %s; all else goes on.\n", address, wait)
}

func (r *rounds) note(outcomes []apply.Outcome) {
	for _, o := range outcomes {
		switch o.State {
		case "failed":
			r.fails(o.Address)
		case "done":
			delete(r.failing, o.Address)
		}
	}
}

// notRepeated says which of the options make no sense again and again.
func notRepeated(options planner.Options) error {
	if len(options.Resnapshot) > 0 {
		return fmt.Errorf("-resnapshot=%s reads a source anew, which -every would do in each round: use `etl apply -resnapshot=%[1]s`", strings.Join(options.Resnapshot, ","))
	}
	return nil
}
