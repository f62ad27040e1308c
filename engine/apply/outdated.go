package apply

import (
	"context"
	"fmt"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/engine/quarantine"
	"github.com/automic-etl/etl/state"
)

// keptBad compares the quarantine with what goes with the table's rows: none, where this run looked at all rows anew; else what
// the last commit of the rows recorded. It looks once: nobody else writes the quarantine while this run holds its lease.
func (t *task) keptBad(ctx context.Context) (quarantine.Kept, error) {
	b := t.staged.bad
	if b.kept == nil {
		kept, err := t.compareBad(ctx)
		if err != nil {
			return kept, err
		}
		b.kept = &kept
	}
	return *b.kept, nil
}

func (t *task) compareBad(ctx context.Context) (quarantine.Kept, error) {
	q := t.published.get(t.work.Quarantine)
	if q == nil || q.Main == 0 {
		return quarantine.Kept{}, nil
	}
	if !t.sawAll() {
		return quarantine.Of(ctx, t.Lakehouse, q, t.base.Summary.Quarantine)
	}
	files, err := t.Lakehouse.Files(ctx, q, q.Main)
	if err != nil {
		return quarantine.Kept{}, fmt.Errorf("reading the quarantine %s: %w", q.Ident, err)
	}
	return quarantine.Kept{Outdated: files}, nil
}

// sawAll says whether this run looked at all rows that there are to compute the table from, or to load it: those that are bad
// were found again, also where the good ones went into rows that stayed.
func (t *task) sawAll() bool {
	switch {
	case t.staged.operation == state.Replace || t.base == nil:
		return true
	case t.work.Kind == plan.LoadWork:
		return t.work.Load.Follow == nil && len(t.work.Load.Cursor) == 0
	}
	return t.work.Kind == plan.QueryWork && t.work.Compute == plan.ComputeFull
}
