package planner

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/lang/config"
)

// decideChecks keeps the checks that can break without a new row, on a table that has nothing else to do: by time alone, and
// by what is no longer in the tables that they look up.
func (r *planning) decideChecks(ctx context.Context, n *node) {
	moves, err := r.movedReferences(ctx, n)
	if err != nil {
		r.diags = append(r.diags, stateUnreadable(r.Project, err))
		n.failed = true
		return
	}
	var again []string
	for _, m := range moves {
		names := n.lookingUp(m.input)
		again = append(again, names...)
		n.because("check", recheckReason(m, names))
	}
	var kept []plan.Check
	for _, c := range n.work.Checks {
		if !takesOut(c.Action) && (c.Now || slices.Contains(again, c.Name)) {
			kept = append(kept, c)
		}
	}
	if len(kept) > 0 {
		n.work.Kind, n.work.Compute = plan.CheckWork, plan.ComputeMetadata
		n.work.Checks, n.work.Record = kept, len(moves) > 0
	}
}

// movedReferences are the tables that only checks read and that may have lost keys since the rows were last held against
// them. A key that was there is still there after rows were only added.
func (r *planning) movedReferences(ctx context.Context, n *node) ([]move, error) {
	var moves []move
	for _, in := range n.inputs {
		if !in.audit || len(n.lookingUp(in)) == 0 {
			continue
		}
		m, err := r.movedInput(ctx, n, in)
		if err != nil {
			return nil, err
		}
		if m != nil && !m.appends {
			moves = append(moves, *m)
		}
	}
	return moves, nil
}

// lookingUp names the checks that look rows up in an input and leave those that they don't find in the table.
func (n *node) lookingUp(in input) []string {
	var names []string
	for _, e := range n.table.Expects {
		looks := slices.ContainsFunc(e.References, func(ref config.Reference) bool {
			return in.node != nil && ref.Table == in.node.table.Addr
		})
		if looks && !takesOut(e.Action) {
			names = append(names, e.Name)
		}
	}
	return names
}

// recheckReason says of a move which checks it concerns: `table.silver.customers, which the check "known customer" reads,
// is rebuilt`.
func recheckReason(m move, names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	checks, verb := "check ", "reads"
	if len(names) > 1 {
		checks, verb = "checks ", "read"
	}
	address := m.input.address()
	return fmt.Sprintf("%s, which the %s%s %s,%s", address, checks, strings.Join(quoted, " and "), verb, strings.TrimPrefix(m.text, address))
}
