package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/state"
)

// claim takes the leases of all tables that the plan writes. Runs that died are swept on the way.
func (r *run) claim(ctx context.Context) hcl.Diagnostics {
	wanted := r.wanted()
	wanted.Prepares = r.preparations()
	lease, err := r.Lakehouse.Claim(ctx, wanted)
	if err != nil {
		return hcl.Diagnostics{claimRefused(err)}
	}
	r.lease = lease
	lease.Keep(context.WithoutCancel(ctx))
	return nil
}

// wanted is the claim on all tables that the plan writes.
func (r *run) wanted() state.Claim {
	claim := state.Claim{RunID: r.id, PlanID: r.planID, Command: r.Command, Wait: r.LockTimeout, Lakehouse: r.plan.Lakehouse.ID}
	for _, t := range r.plan.Tables {
		w := r.work[t.Address]
		if w == nil || !w.Commits() {
			continue
		}
		claim.Tables = append(claim.Tables, t.Ident)
		if w.Kind != plan.DropWork {
			claim.Tables = append(claim.Tables, w.Quarantine)
		}
		for _, in := range w.Inputs {
			claim.Inputs = append(claim.Inputs, in.Ident)
		}
	}
	return claim
}

// Held reports other runs that hold tables which a plan writes, before anybody is asked about the plan. Nothing is claimed.
func Held(ctx context.Context, lake *state.Lakehouse, p *plan.Plan) hcl.Diagnostics {
	r, err := newRun(&Applier{Lakehouse: lake}, p, "")
	if err != nil {
		return nil // apply says it
	}
	holders, err := lake.Locks(ctx)
	if err != nil {
		return nil // as above
	}
	wanted := r.wanted().Tables
	held := &state.HeldError{}
	for _, h := range holders {
		if h.Alive && slices.ContainsFunc(h.Tables, func(i addr.Ident) bool { return slices.Contains(wanted, i) }) {
			held.Holders = append(held.Holders, h)
		}
	}
	if len(held.Holders) == 0 {
		return nil
	}
	return hcl.Diagnostics{claimRefused(held)}
}

func claimRefused(err error) *hcl.Diagnostic {
	var held *state.HeldError
	if errors.As(err, &held) {
		return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Tables are in use by another run", Detail: heldBy(held)}
	}
	var used *state.PlanUsedError
	if errors.As(err, &used) {
		return usedPlan(used.Error())
	}
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "The leases could not be claimed", Detail: diag.Sentence(err)}
}

func usedPlan(how string) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "The plan was applied already",
		Detail: how + ". A saved plan is applied once, even if that run died. Make a new one with `etl plan -out=FILE`."}
}

func heldBy(held *state.HeldError) string {
	var b strings.Builder
	for _, h := range held.Holders {
		var names []string
		for _, t := range h.Tables {
			if !strings.HasSuffix(t.Name, plan.QuarantineSuffix) { // it goes with its table, and need not exist
				names = append(names, t.String())
			}
		}
		sort.Strings(names)
		if len(names) > 5 {
			names = append(names[:5], fmt.Sprintf("and %d more", len(names)-5))
		}
		fmt.Fprintf(&b, "%s by %s on %s (process %d) holds %s since %s; run %s, lease %s.\n", quoted(h.Command), h.User, h.Host, h.PID,
			strings.Join(names, ", "), h.Since.UTC().Format(time.RFC3339), h.RunID, h.ID)
	}
	b.WriteString("Wait for it with -lock-timeout=10m, or look at it with `etl state locks`.")
	return b.String()
}

func quoted(command string) string { return "`" + command + "`" }

func (r *run) release() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r.lease.Leaves(r.leaves(ctx))
	if err := r.lease.Release(ctx); err != nil {
		r.Log.Warn("the leases were not released; they end by themselves", "error", err)
	}
}

// verify compares every table that the plan reads or writes with what it was planned on, before anything is written.
func (r *run) verify(ctx context.Context) hcl.Diagnostics {
	tables, err := r.Lakehouse.Tables(ctx)
	if err != nil {
		return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Recorded state is unreadable", Detail: diag.Sentence(err)}}
	}
	now := make(map[addr.Ident]*state.Table, len(tables))
	for _, t := range tables {
		now[t.Ident] = t
		r.published.set(t)
		if r.planID != "" && t.Summary.PlanID == r.planID {
			return hcl.Diagnostics{usedPlan(fmt.Sprintf("run %s applied it to %s", t.Summary.RunID, t.Ident))}
		}
	}
	if known := state.Identity(tables); known != "" && r.plan.Lakehouse.ID != "" && known != r.plan.Lakehouse.ID {
		return hcl.Diagnostics{stale("The plan was made for another lakehouse than the one that is there now, or before the first apply to it")}
	}
	var moved []string
	for _, t := range r.plan.Tables {
		if w := r.work[t.Address]; w != nil {
			moved = append(moved, r.movedSince(ctx, t, w, now)...)
		}
	}
	if len(moved) == 0 {
		return nil
	}
	sort.Strings(moved)
	moved = slices.Compact(moved)
	return hcl.Diagnostics{stale("Since the plan was made these tables changed: " + strings.Join(moved, "; "))}
}

func stale(why string) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "The plan is stale", Detail: why + ". Nothing was written. Plan again, and review the new plan."}
}

// movedSince says which of a table's own base and inputs are not what they were at plan.
func (r *run) movedSince(ctx context.Context, t plan.Table, w *plan.Work, now map[addr.Ident]*state.Table) []string {
	var moved []string
	own := now[t.Ident]
	switch {
	case w.Base == nil && own != nil && own.Main != 0:
		moved = append(moved, t.Ident.String()+" exists now")
	case w.Base != nil && own == nil:
		moved = append(moved, t.Ident.String()+" is gone")
	case w.Base != nil && r.rowsMoved(ctx, own, w.Base.UUID, w.Base.Main):
		moved = append(moved, t.Ident.String()+" has another snapshot")
	}
	for _, in := range w.Inputs {
		found := now[in.Ident]
		switch {
		case in.UUID == "" && (found == nil || in.Changes):
		case found == nil:
			moved = append(moved, in.Ident.String()+" is gone")
		case in.UUID == "" || r.rowsMoved(ctx, found, in.UUID, in.Planned):
			moved = append(moved, in.Ident.String()+" has another snapshot")
		}
	}
	return moved
}

// rowsMoved compares a table with a snapshot of it. Fences, which this run's own claim may just have put on the tables of
// a dead run, say the same rows and count as nothing.
func (r *run) rowsMoved(ctx context.Context, t *state.Table, uuid string, snapshot int64) bool {
	if t.UUID != uuid {
		return true
	}
	if t.Main == snapshot {
		return false
	}
	history, err := r.Lakehouse.History(ctx, t.Ident)
	if err != nil {
		return true
	}
	byID := make(map[int64]state.Snapshot, len(history))
	for _, s := range history {
		byID[s.ID] = s
	}
	for id := t.Main; id != snapshot; id = byID[id].Parent {
		s, ok := byID[id]
		if !ok || s.Summary == nil || s.Summary.Mode != "fence" {
			return true
		}
	}
	return false
}
