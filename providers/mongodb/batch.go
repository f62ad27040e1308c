package mongodb

import (
	"context"
	"fmt"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/quantity"
)

// planBatch looks at the documents for their fields. Whether any of them changed since the last read nobody can tell.
func (c *collection) planBatch(ctx context.Context, about info, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	found, err := c.look(ctx, query{filter: c.filter, project: c.listed()})
	if err != nil {
		return nil, c.connection.problem(err, c.namespace())
	}
	response, diags := c.respond(found, req.Columns, bound{})
	if response == nil {
		return nil, diags
	}
	response.Resumable, response.Changed = true, true
	if c.sample > 0 && about.kind != "view" {
		if response.Rows, err = c.EstimatedDocumentCount(ctx); err != nil {
			return nil, append(diags, c.connection.problem(err, c.namespace())...)
		}
		response.Bytes = -1
	}
	response.Position = fmt.Sprintf("%s in %s", quantity.Of(response.Rows, "document"), c.namespace())
	return response, diags
}

// respond is what all modes say of columns.
func (c *collection) respond(found *evidence, recorded coltype.Schema, until bound) (*sdk.PlanResponse, sdk.Diagnostics) {
	columns, diags := c.decide(found, recorded)
	if diags.HasErrors() {
		return nil, diags
	}
	until.Fields = columns.seen
	encoded, more := encodeBound(until)
	diags = append(diags, more...)
	return &sdk.PlanResponse{
		Columns: columns.Columns, FieldChanges: columns.Changes, Rows: found.rows, Bytes: found.bytes, Until: encoded, Key: c.key,
	}, diags
}

func (c *collection) readBatch(ctx context.Context, req sdk.ReadRequest, out sdk.Output) error {
	until, diags := decodeBound(req.Until)
	if diags.HasErrors() {
		return diags
	}
	r := newReading(c, req, until.Fields)
	if err := r.all(ctx, out, nil); err != nil {
		return err
	}
	return warned(r.unseen(again))
}

// readKeys reads the columns of the key of all documents.
func (c *collection) readKeys(ctx context.Context, req sdk.ReadRequest, out sdk.Output) error {
	return newReading(c, req, nil).all(ctx, out, nil)
}

// warned returns what a read that went well has to say.
func warned(diags sdk.Diagnostics) error {
	if len(diags) == 0 {
		return nil
	}
	return diags
}
