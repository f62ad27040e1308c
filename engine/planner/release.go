package planner

import (
	"bytes"
	"slices"
	"sort"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/state"
)

// followed is a source that recorded tables follow.
type followed struct {
	address string
	tables  []*state.Table
	items   []config.Item // of the recorded definition
}

// releases plans what goes at the sources: of each source that tables followed and none does any more.
func (r *planning) releases() {
	for _, f := range r.followed() {
		if r.followedOn(f) {
			continue
		}
		a, err := addr.Parse(f.address)
		if err != nil {
			continue // recorded by a version that spells addresses otherwise
		}
		release := plan.Release{Source: f.address, Provider: a.Type, Definition: f.items}
		for _, t := range f.tables {
			release.Tables = append(release.Tables, t.Address)
			for _, kept := range t.Summary.Keeps {
				if !slices.Contains(release.Keeps, kept) {
					release.Keeps = append(release.Keeps, kept)
				}
			}
		}
		r.plan.Releases = append(r.plan.Releases, release)
		r.announce(release)
	}
}

// followed are the sources that this project's recorded tables follow, sorted by address.
func (r *planning) followed() []followed {
	found := map[string]*followed{}
	for _, t := range r.recorded {
		if t.Project != r.Project.Name || len(t.Summary.Cursor) == 0 || !bytes.Contains(t.Definition, []byte(schema.Delta)) {
			continue
		}
		d, err := decodeDefinition(t.Definition)
		if err != nil || valueOf(d.Data, "source.extract") != `"`+schema.Delta+`"` {
			continue
		}
		address := valueOf(d.Data, "from")
		if found[address] == nil {
			found[address] = &followed{address: address, items: d.Data}
		}
		found[address].tables = append(found[address].tables, t)
	}
	all := make([]followed, 0, len(found))
	for _, f := range found {
		sort.Slice(f.tables, func(i, j int) bool { return f.tables[i].Address < f.tables[j].Address })
		all = append(all, *f)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].address < all[j].address })
	return all
}

func valueOf(items []config.Item, path string) string {
	for _, item := range items {
		if item.Path == path {
			return item.Value
		}
	}
	return ""
}

// followedOn says whether a table follows a source after this plan.
func (r *planning) followedOn(f followed) bool {
	for _, n := range r.order {
		if n.follows() && n.source.Addr.String() == f.address {
			return true
		}
	}
	return slices.ContainsFunc(f.tables, func(t *state.Table) bool {
		n := r.byIdent[t.Ident]
		planned := n != nil && slices.Contains(r.order, n)
		return !planned && !r.goes(t) // it was left out of the plan, and stays as it is
	})
}

// announce shows on the last table that goes what goes with it, and warns where nobody can be told.
func (r *planning) announce(release plan.Release) {
	last := release.Tables[len(release.Tables)-1]
	for i := range r.plan.Tables {
		t := &r.plan.Tables[i]
		if t.Address != last {
			continue
		}
		t.Releases = release.Keeps
		if unreachable := valueOf(release.Definition, "source.connection"); unreachable != "" && !r.connected(unreachable) {
			t.Warnings = append(t.Warnings, Remains(release, unreachable+" is no longer declared"))
			t.Releases = nil
		}
	}
}

func (r *planning) connected(address string) bool {
	return slices.ContainsFunc(r.Project.Connections, func(c *config.Connection) bool { return c.Addr.String() == address })
}

// Remains says what is left at a source that can't be told that nobody follows it any more.
func Remains(release plan.Release, why string) string {
	return release.Source + " keeps " + kept(release) + ", since " + why + ". Drop it there, or it holds on to what nobody reads any more."
}

func kept(release plan.Release) string {
	if len(release.Keeps) == 0 {
		return "what was made there to follow it"
	}
	return diag.List(release.Keeps)
}
