package planner

import (
	"slices"

	"github.com/google/uuid"

	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/state"
)

// identity is the id of the lakehouse with these tables. One that has none is proposed one where a source is followed, so that
// the plan can name what is created there; whoever applies the plan gives it to the lakehouse.
func identity(p *config.Project, tables []*state.Table) string {
	id := state.Identity(tables)
	if id == "" && slices.ContainsFunc(p.Sources, func(s *config.Source) bool { return s.Mode == schema.Delta }) {
		id = uuid.NewString()
	}
	return id
}
