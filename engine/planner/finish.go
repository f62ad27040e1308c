package planner

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/state"
)

// drops plans the end of tables that are recorded and no longer declared, or that -destroy names.
func (r *planning) drops(context.Context) {
	for _, t := range r.recorded {
		if t.Project == r.Project.Name && t.Address != "" && t.Ident.Namespace != "etl" && r.goes(t) {
			r.drop(t)
		}
	}
}

// goes says whether a table of this project is dropped.
func (r *planning) goes(t *state.Table) bool {
	declared := r.declared(t)
	address := strings.TrimSuffix(t.Address, plan.QuarantineSuffix)
	switch {
	case declared != nil:
		return r.doomed[declared]
	case slices.Contains(r.Options.Exclude, address):
		return false
	case len(r.Options.Targets) > 0:
		return r.Options.Destroy && slices.Contains(r.Options.Targets, address)
	}
	return true
}

// declared is the node of a recorded table; a quarantine stays and goes with the table that it belongs to.
func (r *planning) declared(t *state.Table) *node {
	if n := r.byIdent[t.Ident]; n != nil {
		return n
	}
	ident := t.Ident
	ident.Name = strings.TrimSuffix(ident.Name, plan.QuarantineSuffix)
	return r.byIdent[ident]
}

func (r *planning) drop(t *state.Table) {
	if n := r.byIdent[t.Ident]; n != nil && n.table.PreventDestroy {
		r.diags = append(r.diags, destroyPrevented(n))
		return
	}
	reason := "it is recorded and no longer declared"
	if r.Options.Destroy {
		reason = "the project is destroyed"
	}
	r.plan.Tables = append(r.plan.Tables, plan.Table{
		Address: t.Address, Ident: t.Ident, Action: plan.Drop, Category: plan.Destructive,
		Reasons: []plan.Reason{{Kind: "own", Text: reason}}, Reads: plan.Estimate{}, Writes: recordedSize(t),
		Work: plan.Encode(&plan.Work{Kind: plan.DropWork, Base: &plan.Base{UUID: t.UUID, Main: t.Main}}),
	})
}

// finish draws the nodes into the plan.
func (r *planning) finish() {
	inPlan := map[string]bool{}
	for _, n := range r.order {
		inPlan[n.planned.Address] = true
	}
	for _, n := range r.order {
		t := n.planned
		t.DependsOn = only(t.DependsOn, inPlan)
		for _, reader := range n.readers {
			t.ReadBy = append(t.ReadBy, reader.table.Addr.String())
		}
		sort.Strings(t.ReadBy)
		if t.Action != plan.None || n.work.Kind == plan.CheckWork {
			n.work.DataHash, n.work.MetaHash = hashItems(n.table.Definition.Data), hashItems(n.table.Definition.Meta)
			t.Work = plan.Encode(n.work)
		}
		r.plan.Tables = append(r.plan.Tables, t)
	}
	sort.Slice(r.plan.Tables, func(i, j int) bool { return r.plan.Tables[i].Address < r.plan.Tables[j].Address })
	for _, d := range r.diags {
		r.plan.Warnings = append(r.plan.Warnings, plan.Message{Summary: d.Summary, Detail: d.Detail, Address: subject(d)})
	}
	sort.SliceStable(r.plan.Warnings, func(i, j int) bool { return r.plan.Warnings[i].Address < r.plan.Warnings[j].Address })
	r.plan.Summary = summarise(r.plan.Tables)
	r.plan.Outputs = r.outputs()
}

func subject(d *hcl.Diagnostic) string {
	if d.Subject == nil {
		return ""
	}
	return fmt.Sprintf("%s:%d", d.Subject.Filename, d.Subject.Start.Line)
}

func only(names []string, keep map[string]bool) []string {
	var kept []string
	for _, name := range names {
		if keep[name] {
			kept = append(kept, name)
		}
	}
	sort.Strings(kept)
	return kept
}

func summarise(tables []plan.Table) plan.Summary {
	var s plan.Summary
	counts := map[plan.Action]*int{plan.Create: &s.Create, plan.Evolve: &s.Evolve, plan.Rebuild: &s.Rebuild,
		plan.Refresh: &s.Refresh, plan.Drop: &s.Drop, plan.None: &s.Unchanged}
	for _, t := range tables {
		*counts[t.Action]++
		switch t.Category {
		case plan.Breaking:
			s.Breaking++
		case plan.Destructive:
			s.Destructive++
		}
		if t.Action == plan.None || t.Action == plan.Drop {
			continue
		}
		if t.Reads.Rows < 0 {
			s.Reads.AtLeast = true
			continue
		}
		s.Reads.Rows += t.Reads.Rows
		s.Reads.Bytes += max(t.Reads.Bytes, 0)
		s.Reads.AtLeast = s.Reads.AtLeast || t.Reads.AtLeast
	}
	return s
}
