package state

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/automic-etl/etl/lang/addr"
)

// sweeps are tables of dead runs that were swept: run id → tables.
type sweeps map[string][]string

// from takes what was swept off the board.
func (s sweeps) from(rows []lease) []lease {
	for i := range rows {
		if rows[i].Kind == kindUnswept {
			rows[i].Tables = slices.DeleteFunc(rows[i].Tables, func(t string) bool { return slices.Contains(s[rows[i].RunID], t) })
		}
	}
	return slices.DeleteFunc(rows, func(r lease) bool { return r.Kind == kindUnswept && len(r.Tables) == 0 })
}

// sweepUnswept sweeps, at the claim, tables that some other run created since their dead run was buried.
func (c *Lease) sweepUnswept(ctx context.Context) error {
	swept, err := c.sweepAllCreated(ctx)
	if err != nil || len(swept) == 0 {
		return err
	}
	return c.lakehouse.post(ctx, c.row.RunID, func(rows []lease) ([]lease, error) { return swept.from(rows), nil })
}

// SweepCreated removes what dead runs staged for a table that this run has created: not before, since they could have created
// it with those files. Without it Release does so.
func (c *Lease) SweepCreated(ctx context.Context, ident addr.Ident) error {
	_, err := c.sweepCreated(ctx, ident)
	return err
}

func (c *Lease) sweepCreated(ctx context.Context, ident addr.Ident) (sweeps, error) {
	c.mu.Lock()
	runs := slices.Clone(c.unswept[ident])
	c.mu.Unlock()
	if len(runs) == 0 {
		return nil, nil
	}
	if _, err := c.lakehouse.Table(ctx, ident); errors.Is(err, ErrNotFound) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	swept := sweeps{}
	for _, run := range runs {
		if _, err := c.lakehouse.sweepTable(ctx, c.row.RunID, ident, run); err != nil {
			return swept, fmt.Errorf("sweeping what run %s left of %s: %w", run, ident, err)
		}
		swept[run] = append(swept[run], ident.String())
	}
	return swept, nil
}

func (c *Lease) sweepAllCreated(ctx context.Context) (sweeps, error) {
	all := sweeps{}
	for ident := range c.unswept {
		swept, err := c.sweepCreated(ctx, ident)
		if err != nil {
			return all, err
		}
		for run, tables := range swept {
			all[run] = append(all[run], tables...)
		}
	}
	return all, nil
}
