package planner

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/lang/diag"
)

// A change that deletes a row tells nothing of it but what identified it then. Once something else does, changes of before and
// of now can't be said to be of one row: only a snapshot, which begins anew, brings them together.

// rekeyed says whether something else identifies the source's rows than did in the changes that are recorded.
func (n *node) rekeyed() bool {
	before := n.recorded.Summary.Keys
	return len(before) > 0 && !sameNames(before[len(before)-1], n.response.Key)
}

// keysInTurn are all that identified rows in the changes that a followed table has after this plan; stays says whether it
// keeps those that it has.
func (n *node) keysInTurn(stays bool) [][]string {
	var before [][]string
	if stays {
		before = n.recorded.Summary.Keys
	}
	if len(before) == 0 && len(n.response.Key) == 0 || len(before) > 0 && !n.rekeyed() {
		return before
	}
	return append(slices.Clone(before), n.response.Key)
}

// keysOfChanges are those of the changes that a table holds or reads, which come from one source.
func (n *node) keysOfChanges() [][]string {
	switch {
	case n.follows() && n.work.Load != nil && n.work.Load.Follow != nil:
		return n.work.Load.Follow.Keys
	case n.follows() && n.recorded != nil:
		return n.recorded.Summary.Keys
	}
	for _, in := range n.inputs {
		if in.node != nil && in.node.changes {
			return in.node.keysOfChanges()
		}
	}
	return nil
}

// warnOfRekeyed says of a table that is made of all changes, and keeps what was deleted, what can't be known of those of before.
func (n *node) warnOfRekeyed() {
	w := n.work.Write
	if n.failed || n.source != nil || w.Rows != string(compile.ChangeRows) || w.Mode != "history" && w.Deletes != "soft" || n.planned.Action == plan.None || n.work.Compute != plan.ComputeFull {
		return
	}
	keys := n.keysOfChanges()
	if len(keys) < 2 {
		return
	}
	n.planned.Warnings = append(n.planned.Warnings, fmt.Sprintf("its changes say which row they are of by %s now, and did by %s before: rows that were deleted while they did "+
		"count as there until the snapshot that was read since", spelledKey(keys[len(keys)-1]), spelledKey(keys[len(keys)-2])))
}

func keyChanged(n *node) *hcl.Diagnostic {
	before := n.recorded.Summary.Keys
	return diag.Error(n.table.Range, "The source's key changed",
		"Rows of %s are identified by %s now, and were by %s in the changes that %s has. The change that deletes a row tells no more than that, so that of rows of before nothing "+
			"would say that they are gone. Read all rows anew with `etl apply -resnapshot=%s`: the changes that are there stay, and a snapshot follows them.",
		n.source.Addr, spelledKey(n.response.Key), spelledKey(before[len(before)-1]), n.table.Addr, n.table.Addr)
}

func spelledKey(key []string) string {
	if len(key) == 0 {
		return "nothing"
	}
	return diag.List(key)
}

// sameNames compares without regard to the order.
func sameNames(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
