package mysql

import (
	"context"
	"fmt"

	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/quantity"
)

// Plan looks at the source and reads none of its rows.
func (p *Provider) Plan(ctx context.Context, cfg sdk.Config, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	s, diags := connect(ctx, cfg)
	if s == nil {
		return nil, diags
	}
	defer s.close()
	r, more := s.describe(ctx, s.db)
	if diags = append(diags, more...); diags.HasErrors() {
		return nil, diags
	}
	if diags = append(diags, s.tryReading(ctx, r)...); diags.HasErrors() {
		return nil, diags
	}
	response, err := s.plan(ctx, r, req)
	if err != nil {
		return nil, append(diags, s.explain(ctx, err, "looking at the source")...)
	}
	response.Warnings = append(response.Warnings, outgrown(req.Columns, response.Columns)...)
	return response, diags
}

func (s *server) plan(ctx context.Context, r *relation, req sdk.PlanRequest) (*sdk.PlanResponse, error) {
	columns := s.offered(r)
	switch s.options.mode {
	case schema.Incremental:
		f, diags := s.following(r, req.Cursor[""])
		if diags.HasErrors() {
			return nil, diags
		}
		return f.plan(ctx, columns)
	case schema.Delta:
		return s.planDelta(ctx, r, req.Columns, req.Cursor[""])
	}
	return s.planBatch(r, columns), nil
}

// offered are the relation's columns with the types that they have, or that the user declares.
func (s *server) offered(r *relation) coltype.Schema {
	out := make(coltype.Schema, len(r.columns))
	for i, c := range r.columns {
		t, declared := s.options.types[c.name]
		if !declared {
			t = c.offered()
		}
		out[i] = coltype.Field{Name: c.name, Type: t}
	}
	return out
}

func (s *server) planBatch(r *relation, columns coltype.Schema) *sdk.PlanResponse {
	response := &sdk.PlanResponse{Columns: columns, Resumable: true, Changed: true, Rows: r.rows, Bytes: r.bytes, Position: r.source}
	switch {
	case s.options.query != "":
		response.Position = "the rows of the query"
	case s.options.where != "":
		response.Rows, response.Bytes = -1, -1
		response.Position = "rows of " + r.source
	case r.rows >= 0:
		response.Position = fmt.Sprintf("about %s of %s", quantity.Of(r.rows, "row"), r.source)
	}
	return response
}

// outgrown warns of columns whose values no longer fit what was recorded.
func outgrown(recorded, now coltype.Schema) sdk.Diagnostics {
	var diags sdk.Diagnostics
	for _, before := range recorded {
		after, there := now.Lookup(before.Name)
		if !there || coltype.Promotable(before.Type, after.Type) || coltype.Promotable(after.Type, before.Type) {
			continue
		}
		diags = append(diags, warning("Values of another type", fmt.Sprintf("The column %q was recorded as %s and is %s now, to which a table's column can't be "+
			"promoted. Rows whose values are no %s become bad rows. To have the new type, write types = { %s = %s } in the source: the table is then read anew.",
			before.Name, before.Type, after.Type, before.Type, before.Name, after.Type), "types")...)
	}
	return diags
}
