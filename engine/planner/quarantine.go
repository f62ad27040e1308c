package planner

import (
	"context"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/engine/quarantine"
)

// decideQuarantine puts the quarantine right of a table that has nothing else to do: a rollback of either, or a run that died
// between the commits of the two, leaves rows there that don't go with the table's, or takes out such as do. Any other work on
// the table does it too. It says whether there is something to do.
func (r *planning) decideQuarantine(ctx context.Context, n *node) bool {
	q := r.recorded[n.work.Quarantine]
	if n.failed || q == nil || q.Main == 0 || quarantine.Certain(q, n.recorded.Summary.Quarantine) {
		return false
	}
	kept, err := quarantine.Of(ctx, r.Lakehouse, q, n.recorded.Summary.Quarantine)
	if err != nil {
		r.diags = append(r.diags, stateUnreadable(r.Project, err))
		n.failed = true
		return true
	}
	if len(kept.Outdated) == 0 && len(kept.Again) == 0 {
		return false
	}
	n.onlyMetadata()
	n.act(plan.Evolve, plan.Metadata, "own", "its quarantine is put back to what goes with its rows, after a rollback or a run that died")
	return true
}
