package planner

import (
	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/state"
)

func interrupted() *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Interrupted", Detail: "Planning was stopped. Nothing was changed."}
}

func stateUnreadable(p *config.Project, err error) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Recorded state is unreadable", Subject: place(p.Lakehouse.Range),
		Detail: diag.Sentence(err)}
}

// place is a diagnostic's subject, nil where the block was not written.
func place(r hcl.Range) *hcl.Range {
	if r.Filename == "" {
		return nil
	}
	return &r
}

func computeFailed(at hcl.Range, err error) *hcl.Diagnostic {
	return diag.Error(at, "The compute engine failed", "%s", diag.Sentence(err))
}

func foreignOwner(t *config.Table, recorded *state.Table, project string) *hcl.Diagnostic {
	if recorded.Address == "" {
		return diag.Error(t.Range, "Table exists and isn't managed",
			"The catalog has a table %s that etl did not make. To keep it, give this block another name; to let etl make the table anew, drop the existing one with the tool that made it.", t.Ident)
	}
	return diag.Error(t.Range, "Table belongs to another project",
		"The table %s of the catalog belongs to the project %q as %s, and this is project %q. Give this block another name, or set `project` in the etl block if they are the same project.",
		t.Ident, recorded.Project, recorded.Address, project)
}

func noState(t *config.Table) *hcl.Diagnostic {
	return diag.Error(t.Range, "Table has rows but no recorded state",
		"The table %s has rows, and none of the snapshots that are left records what they were made from: another tool may have expired or replaced them. "+
			"Loading again could double rows. Either roll the table back with `etl rollback %s -to=SNAPSHOT`, or drop it and let `etl apply` make it anew.", t.Ident, t.Addr)
}

func keyMisfits(n *node, why string) *hcl.Diagnostic {
	return diag.Error(n.table.Write.Range, "Key doesn't fit the source", "%s", why)
}

func schemaFrozen(n *node, what string) *hcl.Diagnostic {
	return diag.Error(n.table.Range, "Columns changed",
		"%s says on_schema_change = \"freeze\", and %s changed: %s. Accept it with on_schema_change = \"evolve\", or mend the source.",
		n.table.Addr, what, describe(n.planned.Columns))
}

// Refused marks diagnostics of a rule that the user set, rather than a mistake: the exit code says so.
type Refused struct{}

func destroyPrevented(n *node) *hcl.Diagnostic {
	d := diag.Error(n.table.Range, "Table must not be destroyed",
		"%s says prevent_destroy, and this plan would drop it. Take the lifecycle block out to drop it, or leave it out with -exclude=%s.", n.table.Addr, n.table.Addr)
	d.Extra = Refused{}
	return d
}
