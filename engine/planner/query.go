package planner

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/state"
)

// decideQuery is for tables computed from tables.
func (r *planning) decideQuery(ctx context.Context, n *node) {
	if !r.compileQuery(ctx, n) {
		n.failed = true
		return
	}
	n.work.Columns = n.compiled.Columns
	n.planned.Schema = n.compiled.Columns
	n.work.Query = queryWork(n.compiled)
	n.pinInputs()
	switch {
	case n.recorded == nil || n.recorded.StateAt == 0:
		n.compute(plan.Create, plan.Additive, plan.ComputeFull, "own", "it is declared and not in the catalog")
		return
	case !r.dataUnchanged(n):
		data, _ := n.compare()
		n.compute(plan.Rebuild, rebuildCategory(n, data), plan.ComputeFull, "own", rebuildReason(data))
		n.losesPast()
		return
	}
	_, meta := n.compare()
	if !r.acceptColumns(n) {
		n.failed = true
		return
	}
	if name := n.newlyRequired(); name != "" {
		n.compute(plan.Rebuild, plan.Additive, plan.ComputeFull, "own", name+" is required now, which existing rows were not written for")
		n.losesPast()
		return
	}
	if severity(n.recorded.Columns, n.work.Columns) == plan.Breaking {
		n.compute(plan.Rebuild, plan.Breaking, plan.ComputeFull, "upstream", "its columns changed: "+describe(n.planned.Columns))
		n.losesPast()
		return
	}
	moves, err := r.movedInputs(ctx, n)
	if err != nil {
		r.diags = append(r.diags, stateUnreadable(r.Project, err))
		n.failed = true
		return
	}
	n.moves = moves
	r.decideRefresh(n, moves)
	if n.planned.Action == plan.None {
		r.decideMetadata(ctx, n, meta)
	}
}

// acceptColumns applies on_schema_change where the inputs' columns changed the table's.
func (r *planning) acceptColumns(n *node) bool {
	if len(n.planned.Columns) == 0 {
		return true
	}
	switch n.table.OnSchemaChange {
	case "freeze":
		r.diags = append(r.diags, schemaFrozen(n, "what it is computed from"))
		return false
	case "ignore":
		n.work.Columns, n.planned.Schema, n.planned.Columns = n.recorded.Columns, n.recorded.Columns, nil
	}
	return true
}

// decideRefresh recomputes as little as the steps and the inputs' histories allow, and says why not less.
func (r *planning) decideRefresh(n *node, moves []move) {
	drift := n.drifted()
	if len(moves) == 0 && !drift && !n.table.RefreshAlways {
		if added := n.addedColumns(); added != "" {
			n.compute(plan.Refresh, plan.Additive, plan.ComputeFull, "upstream", "its input has new columns: "+added)
			n.planned.Why = "existing rows need the new columns' values"
		}
		return
	}
	compute, why := n.least(moves, drift)
	n.markDiffering(moves)
	switch {
	case len(moves) > 0:
		n.compute(plan.Refresh, "", compute, moves[0].kind, moves[0].text)
		for _, m := range moves[1:] {
			n.because(m.kind, m.text)
		}
	case drift:
		n.compute(plan.Refresh, plan.Destructive, compute, "drift", "another writer changed its rows, which are exactly what its definition says")
	default:
		n.compute(plan.Refresh, "", compute, "always", "it says refresh = \"always\"")
	}
	n.work.IfMoved = len(moves) > 0 && !drift && !n.table.RefreshAlways
	n.becauseRolledBack()
	n.planned.Why = why
	if len(n.planned.Columns) > 0 {
		n.planned.Category = severity(n.recorded.Columns, n.work.Columns)
	}
}

// least is the cheapest way to compute that gives what a full recomputation gives.
func (n *node) least(moves []move, drift bool) (compute, why string) {
	switch {
	case drift:
		return plan.ComputeFull, "another writer changed its rows"
	case n.table.RefreshAlways:
		return plan.ComputeFull, "it says refresh = \"always\""
	case n.addedColumns() != "":
		return plan.ComputeFull, "existing rows need the new columns' values"
	case n.looksAround() != "":
		return plan.ComputeFull, fmt.Sprintf("the check %q takes rows out by what other rows hold", n.looksAround())
	case n.compiled.Text && n.work.Write.Mode != "partitions":
		return plan.ComputeFull, reason(n.compiled.Why)
	}
	for _, m := range moves {
		if m.input.takes {
			return plan.ComputeFull, fmt.Sprintf("%s changed, in which a check looks up what it takes out", m.input.address())
		}
		if !slices.Contains(n.compiled.Drivers, m.input.address()) {
			return plan.ComputeFull, fmt.Sprintf("%s changed, which every row is joined with", m.input.address())
		}
		if !m.appends && !m.told {
			return plan.ComputeFull, m.why
		}
	}
	if len(moves) == 0 {
		return plan.ComputeFull, "its input did not change"
	}
	if i := slices.IndexFunc(moves, func(m move) bool { return !m.appends }); i >= 0 {
		return n.leastOfChanged(moves[i])
	}
	if n.work.Write.Mode == "partitions" {
		return n.leastPartitions()
	}
	return n.leastRows()
}

// leastRows is the least that the steps alone allow.
func (n *node) leastRows() (compute, why string) {
	if n.table.Write.Mode == "history" && n.compiled.Incremental == compile.AppendRows {
		switch n.compiled.Rows {
		case string(compile.VersionRows):
			return plan.ComputeKeys, strings.Join(n.table.Write.Key, ", ")
		case string(compile.StateRows):
			return plan.ComputeFull, "compares all rows with the versions that hold"
		}
	}
	switch n.compiled.Incremental {
	case compile.AppendRows:
		return plan.ComputeAppend, reason(n.compiled.Why)
	case compile.TouchedKeys:
		return plan.ComputeKeys, reason(n.compiled.Why)
	}
	return plan.ComputeFull, reason(n.compiled.Why)
}

// leastPartitions recomputes the partitions that new rows touch where those can be told by the new rows alone: with row-wise
// steps, and with SQL in which each row decides over one partition. After steps that look at several rows they can't: a filter
// can drop what new rows alone make of a key, and keep what all rows make of it.
func (n *node) leastPartitions() (compute, why string) {
	write := n.work.Write
	before := ""
	if write.Lookback != "" {
		before = fmt.Sprintf(", and %s before them", write.Lookback)
	}
	if n.compiled.Partitions != "" || n.compiled.Incremental == compile.AppendRows {
		return plan.ComputeParts, strings.Join(write.By, ", ") + before
	}
	compute, why = n.leastRows()
	if last := write.By[len(write.By)-1]; compute == plan.ComputeKeys && before != "" && !slices.Contains(n.compiled.OutputKeys, last) {
		return plan.ComputeFull, fmt.Sprintf("the lookback counts back from %s, which its steps compute from several rows", last)
	}
	if compute == plan.ComputeKeys {
		why += before
	}
	return compute, why
}

// looksAround names a check that takes rows out by what other rows of the table hold: new rows can't be judged alone, and
// old ones may have to go.
func (n *node) looksAround() string {
	for _, e := range n.table.Expects {
		self := slices.ContainsFunc(e.References, func(ref config.Reference) bool { return ref.Table == n.table.Addr })
		if takesOut(e.Action) && (len(e.Unique) > 0 || self) {
			return e.Name
		}
	}
	return ""
}

// reason is the part of an explanation after what it explains.
func reason(why string) string {
	if _, after, ok := strings.Cut(why, ": "); ok {
		return after
	}
	return why
}

// drifted says whether another writer changed rows of a table whose rows are exactly its definition's result.
func (n *node) drifted() bool {
	return n.table.Write.Mode == "replace" && len(rowMoving(n.recorded.Foreign)) > 0
}

func (n *node) addedColumns() string {
	var names []string
	for _, c := range n.planned.Columns {
		if c.Old == "" {
			names = append(names, c.Path)
		}
	}
	return strings.Join(names, ", ")
}

func (n *node) compute(action plan.Action, category plan.Category, compute, kind, text string) {
	n.act(action, category, kind, text)
	n.work.Kind, n.work.Compute, n.planned.Compute = plan.QueryWork, compute, compute
	n.planned.Reads = n.readEstimate(compute)
	if compute == plan.ComputeFull && n.recorded != nil {
		n.planned.Writes = recordedSize(n.recorded)
		n.planned.Writes.AtLeast = false
	}
}

// readEstimate sums the inputs' sizes as recorded, or as planned where this plan writes them first; of inputs that only
// gained rows, those rows where no others are read.
func (n *node) readEstimate(compute string) plan.Estimate {
	sum := plan.Estimate{}
	for _, in := range n.inputs {
		if in.audit {
			continue
		}
		size := in.size()
		if compute == plan.ComputeAppend && slices.Contains(n.compiled.Drivers, in.address()) {
			size = in.gained(n)
		}
		if size.Rows < 0 {
			return plan.Estimate{Rows: -1, Bytes: -1}
		}
		sum.Rows += size.Rows
		sum.Bytes += max(size.Bytes, 0)
		sum.AtLeast = sum.AtLeast || size.AtLeast
	}
	return sum
}

// gained is what an input got since its recorded rows were read: before this plan and in it.
func (in input) gained(n *node) plan.Estimate {
	before := plan.Estimate{}
	for _, m := range n.moves {
		if m.input.ident() == in.ident() {
			before.Rows = m.gained
		}
	}
	if in.node == nil || in.node.planned.Action == plan.None {
		return before
	}
	now := in.node.planned.Reads
	if now.Rows >= 0 {
		now.Rows += before.Rows
	}
	return now
}

func (in input) size() plan.Estimate {
	if in.node == nil {
		return recordedSize(in.foreign)
	}
	up := in.node
	switch {
	case up.planned.Action == plan.None || up.planned.Compute == plan.ComputeMetadata:
		return recordedSize(up.recorded)
	case up.recorded != nil && up.planned.Reads.Rows >= 0 && (up.work.Compute == plan.ComputeAppend || up.work.Load != nil && up.work.Load.Append):
		return plan.Estimate{Rows: up.recorded.Rows + up.planned.Reads.Rows, Bytes: up.recorded.Bytes + up.planned.Reads.Bytes, AtLeast: up.planned.Reads.AtLeast}
	case up.recorded != nil && up.planned.Action == plan.Refresh:
		return recordedSize(up.recorded)
	}
	return up.planned.Reads
}

// rebuildCategory: what existing rows hold changes, so readers may break; only added columns leave them as they are.
func rebuildCategory(n *node, data []plan.Change) plan.Category {
	for _, c := range n.planned.Columns {
		if c.Old != "" {
			return plan.Breaking
		}
	}
	if len(n.planned.Columns) > 0 && onlyAdds(data) {
		return plan.Additive
	}
	return plan.Breaking
}

// onlyAdds says whether all that changed are computed columns that are new: any other new step can take rows away.
func onlyAdds(changes []plan.Change) bool {
	return !slices.ContainsFunc(changes, func(c plan.Change) bool {
		step := stepOf(c.Path)
		return c.Old != "" || step != "the step derive" && step != "the step window" && step != "the step session"
	})
}

// rebuildReason names what changed, as the steps are called.
func rebuildReason(data []plan.Change) string {
	var what []string
	seen := map[string]bool{}
	for _, c := range data {
		part := stepOf(c.Path)
		if !seen[part] {
			seen[part] = true
			what = append(what, part)
		}
	}
	if len(what) == 0 {
		return "its definition changed what existing rows hold"
	}
	return strings.Join(what, ", ") + " changed what existing rows hold"
}

// stepOf shortens a path to what a person calls it: `steps[1].derive.amount` is `the step derive`.
func stepOf(path string) string {
	if rest, ok := strings.CutPrefix(path, "steps["); ok {
		if _, step, ok := strings.Cut(rest, "]."); ok {
			kind, _, _ := strings.Cut(step, ".")
			return "the step " + kind
		}
	}
	head, _, _ := strings.Cut(path, ".")
	return head
}

func queryWork(c *compiled) *plan.Query {
	return &plan.Query{Full: c.Query, Order: c.Order, Keys: c.KeysQuery, Keyed: c.KeyedQuery, OutputKeys: c.OutputKeys, Partitions: c.Partitions, Drivers: c.Drivers, Text: c.Text}
}

// pinInputs records the inputs as they are now.
func (n *node) pinInputs() {
	for _, in := range n.inputs {
		n.work.Inputs = append(n.work.Inputs, n.inputWork(in))
	}
}

func (n *node) inputWork(in input) plan.Input {
	w := plan.Input{Address: in.address(), Ident: in.ident(), Audit: in.audit}
	if t := in.recorded(); t != nil {
		w.UUID, w.Planned = t.UUID, t.Main
	}
	w.Changes = in.node != nil && in.node.planned.Action != plan.None
	if n.recorded != nil {
		if since, ok := recordedInput(n.recorded, in.ident()); ok && since.UUID == w.UUID {
			w.Since = since.Snapshot
		}
	}
	return w
}

func (in input) recorded() *state.Table {
	if in.node != nil {
		return in.node.recorded
	}
	return in.foreign
}
