package view

import "github.com/automic-etl/etl/engine/plan"

// sign is the mark of an action at the left edge.
func sign(a plan.Action) string {
	switch a {
	case plan.Create:
		return "+"
	case plan.Evolve:
		return "~"
	case plan.Rebuild:
		return "-/+"
	case plan.Refresh:
		return ">"
	case plan.Drop:
		return "-"
	default:
		return ""
	}
}

// actionStyle is the colour of an action.
func actionStyle(a plan.Action) style {
	switch a {
	case plan.Create:
		return green
	case plan.Evolve:
		return yellow
	case plan.Rebuild, plan.Drop:
		return red
	case plan.Refresh:
		return blue
	default:
		return dim
	}
}

// label is an action with its category, where the category says more: a create is always additive, an evolve
// metadata, and a drop destructive.
func label(t *plan.Table) string {
	switch {
	case t.Action == plan.None:
		return "unchanged"
	case t.Category == plan.Breaking, t.Category == plan.Destructive && t.Action != plan.Drop:
		return string(t.Action) + ", " + string(t.Category)
	default:
		return string(t.Action)
	}
}

// shown tells whether a person needs to see the table: it changes, or has something to say.
func shown(t *plan.Table) bool { return t.Action != plan.None || len(t.Warnings) > 0 || rechecked(t) }

// rechecked tells whether an unchanged table has checks that must run again.
func rechecked(t *plan.Table) bool { return t.Action == plan.None && len(t.Reasons) > 0 }

// idle tells whether a plan has nothing to do.
func idle(p *plan.Plan) bool {
	for i := range p.Tables {
		if p.Tables[i].Action != plan.None {
			return false
		}
	}
	return true
}
