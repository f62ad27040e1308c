package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/postgres/catalog"
	"github.com/automic-etl/etl/providers/postgres/session"
)

// Plan looks the source up and asks the server how much there is. It changes nothing.
func (Provider) Plan(ctx context.Context, cfg sdk.Config, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	o, diags := configure(cfg)
	if diags.HasErrors() {
		return nil, diags
	}
	c, err := session.Open(ctx, o.settings)
	if err != nil {
		return nil, append(diags, o.diagnoseConnect(ctx, err)...)
	}
	defer c.Close()
	if o.mode == schema.Delta {
		response, more := o.planChanges(ctx, c, req)
		return response, append(diags, more...)
	}
	if err := c.Begin(ctx, ""); err != nil {
		return nil, append(diags, o.diagnose(err)...)
	}
	s, more := o.survey(ctx, c)
	diags = append(diags, more...)
	if s == nil {
		return nil, diags
	}
	response, err := s.plan(ctx, c, req)
	if err != nil {
		return nil, append(diags, o.diagnose(err)...)
	}
	return response, append(diags, s.lossy()...)
}

func (s *source) plan(ctx context.Context, c *session.Conn, req sdk.PlanRequest) (*sdk.PlanResponse, error) {
	if s.mode == schema.Incremental {
		g, diags := s.growing(c, req.Cursor[""])
		if diags.HasErrors() {
			return nil, diags
		}
		return g.plan(ctx)
	}
	rows, width, err := s.estimate(ctx, c, "")
	if err != nil {
		return nil, err
	}
	return &sdk.PlanResponse{
		Columns: s.natural(), Resumable: true, Changed: true, Rows: rows, Bytes: rows * width,
		Position: s.label(),
	}, nil
}

// countedPages is the size up to which rows are counted rather than estimated: reading so little takes milliseconds, and
// the estimate for a table that nobody has analyzed yet is far off.
const countedPages = 1000

// estimate is how many rows meet a condition, the empty one for all, and how many bytes each has.
func (s *source) estimate(ctx context.Context, c *session.Conn, condition string) (rows, width int64, err error) {
	if condition == "" {
		condition = "true"
	}
	sql := "SELECT " + s.names() + " FROM " + s.from() + " WHERE " + s.meets(condition)
	text, err := c.Value(ctx, "EXPLAIN (FORMAT JSON) "+sql)
	if err != nil {
		return 0, 0, err
	}
	var plans []struct {
		Plan struct {
			Rows  int64 `json:"Plan Rows"`
			Width int64 `json:"Plan Width"`
		}
	}
	if err := json.Unmarshal([]byte(text), &plans); err != nil || len(plans) != 1 {
		return 0, 0, errors.New("the server's estimate can't be read")
	}
	rows, width = plans[0].Plan.Rows, plans[0].Plan.Width
	if s.relation == nil || s.relation.Kind != catalog.Table || s.relation.Children {
		return rows, width, nil
	}
	pages, err := catalog.Pages(ctx, c, s.relation.OID)
	if err != nil || pages > countedPages {
		return rows, width, err
	}
	counted, err := c.Value(ctx, "SELECT count(*) FROM ("+sql+"\n) AS counted")
	if err != nil {
		return 0, 0, err
	}
	if _, err := fmt.Sscan(counted, &rows); err != nil {
		return 0, 0, fmt.Errorf("reading how many rows there are: %w", err)
	}
	return rows, width, nil
}

// names are the columns for a question about the rows.
func (s *source) names() string {
	text := ""
	for i, f := range s.fields {
		if i > 0 {
			text += ", "
		}
		text += session.Ident(f.name)
	}
	return text
}
