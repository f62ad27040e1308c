package planner

import (
	"slices"
	"strings"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/engine/plan"
)

// leastOfChanged is the least that can be computed where rows of an input were changed or removed, and it is told which.
// A history and the changes of a source stand on what was told before, in its order. A merge whose key doesn't hold the rows
// apart that come of different rows of the input would have to look for twins among all.
func (n *node) leastOfChanged(m move) (compute, why string) {
	c, write := n.compiled, n.work.Write
	outside := func(key string) bool { return !slices.Contains(write.Key, key) }
	switch {
	case write.Mode == "history", c.Rows == string(compile.ChangeRows):
		return plan.ComputeFull, m.why
	case c.Incremental == compile.Recompute && c.Partitions == "":
		return plan.ComputeFull, reason(c.Why)
	case write.Mode == "partitions":
		return n.leastPartitions()
	case len(c.OutputKeys) == 0:
		return plan.ComputeFull, m.why + ", and no key of it reaches this table"
	case write.Mode == "merge" && slices.ContainsFunc(c.OutputKeys, outside):
		return plan.ComputeFull, m.why + ", and this table has another key"
	}
	return plan.ComputeKeys, strings.Join(c.OutputKeys, ", ")
}

// markDiffering notes the inputs of which not only new rows are to be read.
func (n *node) markDiffering(moves []move) {
	for _, m := range moves {
		for i := range n.work.Inputs {
			if n.work.Inputs[i].Ident == m.input.ident() {
				n.work.Inputs[i].Differs = !m.appends
			}
		}
	}
}
