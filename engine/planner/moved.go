package planner

import (
	"context"
	"fmt"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/state"
)

// move is an input whose rows are not those that the recorded rows were computed from.
type move struct {
	input   input
	kind    string // of the reason
	text    string
	appends bool   // rows were only added, and can be read alone
	told    bool   // where they were not: what changed is told by the snapshots
	why     string // where rows were not only added
	gained  int64  // rows that were added before this plan, where they were only added
}

// movedInputs lists the inputs that moved since the recorded rows were computed, or will move in this plan.
func (r *planning) movedInputs(ctx context.Context, n *node) ([]move, error) {
	var moves []move
	for _, in := range n.inputs {
		if in.audit && !in.takes {
			continue
		}
		m, err := r.movedInput(ctx, n, in)
		if err != nil {
			return nil, err
		}
		if m != nil {
			moves = append(moves, *m)
		}
	}
	return moves, nil
}

func (r *planning) movedInput(ctx context.Context, n *node, in input) (*move, error) {
	address := in.address()
	if in.node != nil && in.recorded() == nil {
		return &move{input: in, kind: "upstream", text: address + " is created", why: address + " is new"}, nil
	}
	before, ok := recordedInput(n.recorded, in.ident())
	if !ok || before.UUID != in.recorded().UUID {
		return &move{input: in, kind: "upstream", text: address + " was not read before", why: address + " is another table than the rows were computed from"}, nil
	}
	past, err := r.movedBefore(ctx, in, before.Snapshot)
	if err != nil {
		return nil, err
	}
	future := in.movesInThisPlan()
	switch {
	case past == nil:
		return future, nil
	case future == nil:
		return past, nil
	}
	if past.kind == "data" {
		past.text = future.text // what else happened weighs less than what took rows away
	}
	past.told = (past.appends || past.told) && (future.appends || future.told)
	past.appends = past.appends && future.appends
	if past.why == "" {
		past.why = future.why
	}
	return past, nil
}

// movedBefore says what happened to an input between the snapshot that was read and its main.
func (r *planning) movedBefore(ctx context.Context, in input, since int64) (*move, error) {
	t := in.recorded()
	if t.Main == since {
		return nil, nil
	}
	history, err := r.Lakehouse.History(ctx, t.Ident)
	if err != nil {
		return nil, fmt.Errorf("reading the history of %s: %w", t.Ident, err)
	}
	between, found := sinceSnapshot(history, t.Main, since)
	if !found {
		return r.tell(ctx, in.left(history, since), since)
	}
	moving := rowMoving(between)
	if len(moving) == 0 {
		return nil, nil
	}
	return r.tell(ctx, in.moved(moving), since)
}

// tell finds out whether it can be told what changed in an input.
func (r *planning) tell(ctx context.Context, m *move, since int64) (*move, error) {
	if m.appends {
		return m, nil
	}
	t := m.input.recorded()
	why, err := r.Lakehouse.Untold(ctx, t, since, t.Main)
	if err != nil {
		return nil, fmt.Errorf("reading the history of %s: %w", t.Ident, err)
	}
	m.told = why == ""
	return m, nil
}

// moved says what snapshots did to the rows.
func (in input) moved(moving []state.Snapshot) *move {
	m := &move{input: in, kind: "data", text: in.address() + " has new rows", appends: true}
	for _, s := range moving {
		m.gained += max(s.Added, 0)
		if s.Operation != "append" {
			m.appends, m.why = false, fmt.Sprintf("rows of %s were changed or removed", in.address())
			m.text = in.address() + " changed"
		}
	}
	return m
}

// left says why the snapshot that rows were computed from is no ancestor of an input's main: the input was returned to an earlier
// one, or forgot it.
func (in input) left(history []state.Snapshot, since int64) *move {
	for _, s := range history {
		if s.ID == since {
			return &move{input: in, kind: "upstream", text: in.address() + " was rolled back",
				why: fmt.Sprintf("rows of %s from which these were computed were taken back", in.address())}
		}
	}
	return &move{input: in, kind: "upstream", text: in.address() + " no longer has the snapshot that these rows were computed from",
		why: fmt.Sprintf("the history of %s doesn't tell any more what changed since", in.address())}
}

// movesInThisPlan predicts what the input's own work will do to its rows.
func (in input) movesInThisPlan() *move {
	if in.node == nil {
		return nil
	}
	up := in.node
	address := in.address()
	switch {
	case up.planned.Action == plan.None || up.work.Compute == plan.ComputeMetadata:
		return nil
	case up.planned.Action == plan.Rebuild:
		return &move{input: in, kind: "upstream", text: address + " is rebuilt", why: "its input is rebuilt"}
	case applied(up.work.Write.Mode) && up.recorded != nil:
		return &move{input: in, kind: "upstream", text: address + " is refreshed", told: up.keepsMost(), why: address + " is merged by key"}
	case up.work.Compute == plan.ComputeAppend, up.work.Load != nil && up.work.Load.Append:
		return &move{input: in, kind: "data", text: address + " has new rows", appends: true}
	}
	return &move{input: in, kind: "upstream", text: address + " is refreshed", told: up.keepsMost(), why: address + " replaces rows"}
}

// keepsMost says whether most rows of a table stay as they are when it is refreshed, so that it pays to look for those that don't.
func (n *node) keepsMost() bool {
	if n.planned.Action != plan.Refresh || len(n.planned.Columns) > 0 {
		return false
	}
	if l := n.work.Load; l != nil {
		return applied(n.work.Write.Mode) && len(l.Cursor) > 0
	}
	return n.work.Write.Mode == "history" || n.work.Compute == plan.ComputeAppend || n.work.Compute == plan.ComputeKeys || n.work.Compute == plan.ComputeParts
}

// sinceSnapshot are the snapshots from main back to, and without, since.
func sinceSnapshot(history []state.Snapshot, main, since int64) ([]state.Snapshot, bool) {
	byID := make(map[int64]state.Snapshot, len(history))
	for _, s := range history {
		byID[s.ID] = s
	}
	var between []state.Snapshot
	for id := main; id != since; {
		s, ok := byID[id]
		if !ok {
			return nil, false
		}
		between = append(between, s)
		id = s.Parent
	}
	return between, true
}

// rowMoving leaves out snapshots that say the same rows: empty ones and compactions. Deletes by position take rows away
// without a file of rows that is added or removed, so these counts say nothing of a delete or an overwrite.
func rowMoving(snapshots []state.Snapshot) []state.Snapshot {
	var moving []state.Snapshot
	for _, s := range snapshots {
		if s.Operation != "replace" && (s.Operation != "append" || s.Added != 0) {
			moving = append(moving, s)
		}
	}
	return moving
}

func recordedInput(t *state.Table, ident addr.Ident) (state.Input, bool) {
	for _, in := range t.Summary.Inputs {
		if in.Ident == ident {
			return in, true
		}
	}
	return state.Input{}, false
}
