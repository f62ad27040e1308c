package planner

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/plugins/schema"

	"github.com/hashicorp/hcl/v2"
)

// preparation is what a run may leave at a source, if it ends before its first commit, as its lease tells it.
type preparation struct {
	Project string       `json:"project"`
	Release plan.Release `json:"release"`
}

// Preparation spells what is going to be made at the source of a table.
func Preparation(project string, t *config.Table, l *plan.Load) string {
	release := plan.Release{Source: l.Source, Provider: l.Provider, Keeps: l.Follow.Creates}
	for _, item := range t.Definition.Data {
		if strings.HasPrefix(item.Path, "source.") {
			release.Definition = append(release.Definition, item)
		}
	}
	return string(plan.Encode(preparation{project, release}))
}

// Preparations are what was prepared at each source, by all that was spelled of it, in the order of the first of each.
func Preparations(project string, spelled []string) []plan.Release {
	var all []plan.Release
	for _, text := range spelled {
		var p preparation
		if err := json.Unmarshal([]byte(text), &p); err != nil || p.Project != project {
			continue
		}
		at := slices.IndexFunc(all, func(r plan.Release) bool {
			return r.Source == p.Release.Source && slices.Equal(r.Definition, p.Release.Definition)
		})
		if at < 0 {
			at, all = len(all), append(all, plan.Release{Source: p.Release.Source, Provider: p.Release.Provider, Definition: p.Release.Definition})
		}
		all[at].Prepared = append(all[at].Prepared, text)
		for _, kept := range p.Release.Keeps {
			if !slices.Contains(all[at].Keeps, kept) {
				all[at].Keeps = append(all[at].Keeps, kept)
			}
		}
	}
	return all
}

// left plans what goes at sources that runs prepared which ended before their first commit, and that no table reads. It is said,
// since nothing else in the plan tells of it.
func (r *planning) left() {
	if len(r.Options.Targets) > 0 {
		return
	}
	for _, release := range Preparations(r.Project.Name, r.prepared) {
		if r.needs(release.Source) {
			continue
		}
		r.plan.Releases = append(r.plan.Releases, release)
		r.diags = append(r.diags, diag.Warning(hcl.Range{}, "A run left something at a source",
			"A run that was to follow %s ended before its first commit. It may have left %s, and no table reads it. Apply drops it.", release.Source, kept(release)))
	}
}

// needs says whether a table follows a source, or is going to.
func (r *planning) needs(source string) bool {
	if slices.ContainsFunc(r.followed(), func(f followed) bool { return f.address == source }) {
		return true
	}
	if r.Options.Destroy || !slices.ContainsFunc(r.Project.Sources, func(s *config.Source) bool { return s.Addr.String() == source && s.Mode == schema.Delta }) {
		return false
	}
	return slices.ContainsFunc(r.Project.Tables, func(t *config.Table) bool { return t.From != nil && t.From.String() == source })
}
