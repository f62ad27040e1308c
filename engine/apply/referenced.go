package apply

import (
	"slices"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/state"
)

// note records what an input was when its rows decided over this table's, or this table's rows were held against it.
func (t *task) note(in plan.Input, table *state.Table) {
	if table == nil {
		return
	}
	read := state.Input{Address: in.Address, Ident: in.Ident, UUID: table.UUID, Snapshot: table.Main}
	if i := slices.IndexFunc(t.staged.inputs, func(known state.Input) bool { return known.Ident == in.Ident }); i >= 0 {
		t.staged.inputs[i] = read
		return
	}
	t.staged.inputs = append(t.staged.inputs, read)
}

// noteReferenced records what the tables that only checks read were: only if they lose rows must the checks run again.
func (t *task) noteReferenced() {
	for _, in := range t.work.Inputs {
		if in.Audit {
			t.note(in, t.published.get(in.Ident))
		}
	}
}

// checked are the results to record: of the checks that ran, and where only some had to run again, of the others before.
func (t *task) checked() []state.CheckResult {
	if t.work.Kind != plan.CheckWork {
		return t.outcome.Checks
	}
	results := slices.Clone(t.base.Summary.Checks)
	for _, now := range t.outcome.Checks {
		if i := slices.IndexFunc(results, func(c state.CheckResult) bool { return c.Name == now.Name }); i >= 0 {
			results[i] = now
			continue
		}
		results = append(results, now)
	}
	return results
}
