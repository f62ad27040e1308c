package mongodb

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/automic-etl/etl/plugins/sdk"
)

// ambiguousIDs warns of texts among ids of other types: a column has them all as texts, so that 5 and "5" are one key. Values of
// one kind lie next to each other in the server's order, so that the two ends and one text tell it. What keeps it from being known is
// no reason to refuse the plan.
func (c *collection) ambiguousIDs(ctx context.Context) sdk.Diagnostics {
	least, err := c.first(ctx, idField, 1, c.filter)
	if err != nil {
		return nil
	}
	most, err := c.first(ctx, idField, -1, c.filter)
	if err != nil {
		return nil
	}
	if bracket(least) == bracket(most) {
		return nil
	}
	text, err := c.first(ctx, idField, 1, both(c.filter, bson.D{{Key: idField, Value: bson.D{{Key: "$type", Value: "string"}}}}))
	if err != nil {
		return nil
	}
	other := least
	if bracket(other) == bracket(text) {
		other = most
	}
	return sdk.Diagnostics{sdk.Warning("Ids of several types", fmt.Sprintf("Among the _ids of %s are texts and other values, %s and %s for example. All are texts in "+
		"a table, so that documents whose _ids read the same, such as 5 and \"5\", have the same key there: of those a merge keeps one. A table that is appended to "+
		"keeps all; in mode batch, a filter by $type reads the ones and the others into tables of their own.", c.namespace(), text, other))}
}
