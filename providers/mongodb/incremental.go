package mongodb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/naming"
	"github.com/automic-etl/etl/providers/quantity"
)

// planIncremental looks at the documents that a read would send.
func (c *collection) planIncremental(ctx context.Context, about info, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	old, diags := decodePlace(req.Cursor)
	if old != nil {
		diags = append(diags, c.stranger(old.Collection)...)
	}
	if diags.HasErrors() {
		return nil, diags
	}
	furthest, more := c.furthest(ctx)
	if diags = append(diags, more...); diags.HasErrors() {
		return nil, diags
	}
	from, more := c.from(old)
	diags = append(diags, more...)
	least, more := c.before(furthest)
	if diags = append(diags, more...); diags.HasErrors() {
		return nil, diags
	}
	tail := newTally(c.cursor, least)
	found, fresh, err := c.lookSince(ctx, old, from, furthest, tail)
	if err != nil {
		return nil, append(diags, c.connection.problem(err, c.namespace())...)
	}
	response, more := c.respond(found, req.Columns, bound{Cursor: furthest})
	if diags = append(diags, more...); response == nil || diags.HasErrors() {
		return nil, diags
	}
	response.Resumable, response.Changed = true, old == nil || old.Left || after(furthest, old.Value) || !tail.same(old.Again, about.stored())
	response.Position = c.said(old, furthest, fresh, response.Changed)
	switch {
	case !response.Changed:
		response.Rows, response.Bytes = 0, 0
	case fresh > 0:
		response.Rows = fresh
	}
	diags = append(diags, c.overlap(response, old, from)...)
	diags = append(diags, c.unindexed(ctx)...)
	return response, append(diags, c.withoutCursor(ctx)...)
}

func after(furthest, recorded *value) bool {
	return furthest != nil && (recorded == nil || furthest.compare(*recorded) > 0)
}

// furthest is the largest value of the cursor field. Values of one kind lie next to each other in the server's order, so
// that the two ends tell whether all are.
func (c *collection) furthest(ctx context.Context) (*value, sdk.Diagnostics) {
	least, err := c.endOf(ctx, 1)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return nil, c.unknownCursor(ctx)
	}
	if err != nil {
		return nil, c.connection.problem(err, c.namespace())
	}
	most, err := c.endOf(ctx, -1)
	if err != nil {
		return nil, c.connection.problem(err, c.namespace())
	}
	a, b := bracket(least.RawValue), bracket(most.RawValue)
	if a != b {
		return nil, sdk.Diagnostics{sdk.Error("Cursor of several types", fmt.Sprintf("The field %q of %s has values of several types, %s and %s for example. "+
			"What is new can only be told by values of one type: name another field, or read in mode batch.", c.cursor, c.namespace(), least.Type, most.Type), "extract", "cursor")}
	}
	if a != 'n' && a != 'd' && a != 'o' && a != 's' {
		return nil, sdk.Diagnostics{sdk.Error("Unusable cursor", fmt.Sprintf("The field %q of %s has values of type %s, by which nobody can tell what "+
			"is new. A cursor is a date, a number, a text, or an ObjectId.", c.cursor, c.namespace(), least.Type), "extract", "cursor")}
	}
	return most, nil
}

func (c *collection) endOf(ctx context.Context, order int) (*value, error) {
	there := bson.D{{Key: c.cursor, Value: bson.D{{Key: "$ne", Value: nil}}}}
	end, err := c.first(ctx, c.cursor, order, both(c.filter, there))
	if err != nil {
		return nil, err
	}
	return copied(end), nil
}

// first is the value of a field in the first document that a filter lets through, in its ascending (1) or descending (-1) order.
func (c *collection) first(ctx context.Context, field string, order int, filter bson.D) (bson.RawValue, error) {
	if filter == nil {
		filter = bson.D{}
	}
	opts := options.FindOne().SetSort(bson.D{{Key: field, Value: order}}).SetProjection(bson.D{{Key: field, Value: 1}})
	raw, err := c.FindOne(ctx, filter, opts).Raw()
	if err != nil {
		return bson.RawValue{}, err
	}
	return raw.Lookup(field), nil
}

func both(a, b bson.D) bson.D {
	switch {
	case len(a) == 0:
		return b
	case len(b) == 0:
		return a
	}
	return bson.D{{Key: "$and", Value: bson.A{a, b}}}
}

// unknownCursor is for a field that no document has: misspelt, unless there are no documents.
func (c *collection) unknownCursor(ctx context.Context) sdk.Diagnostics {
	few := *c
	few.sample = discoverySample
	found, err := few.look(ctx, query{filter: c.filter})
	if err != nil {
		return c.connection.problem(err, c.namespace())
	}
	fields := coltype.Schema(found.shape.Fields())
	if found.rows == 0 || fields.Index(c.cursor) >= 0 {
		return nil
	}
	detail := fmt.Sprintf("No document of %s has the field %q.", c.namespace(), c.cursor)
	if near := naming.Nearest(c.cursor, fields.Names()); near != "" {
		detail += fmt.Sprintf(" Did you mean %q?", near)
	} else {
		detail += " There are " + listed(fields.Names()) + "."
	}
	return sdk.Diagnostics{sdk.Error("Unknown cursor", detail, "extract", "cursor")}
}

// from is where to begin reading again.
func (c *collection) from(old *place) (*value, sdk.Diagnostics) {
	if old == nil {
		return nil, nil
	}
	return c.before(old.Value)
}

// before is a value less the lookback.
func (c *collection) before(v *value) (*value, sdk.Diagnostics) {
	if v == nil {
		return nil, nil
	}
	least, err := v.before(c.lookback)
	if err != nil {
		return nil, sdk.Diagnostics{sdk.Error("Lookback of another kind", fmt.Sprintf("The cursor %q has values such as %s, which the lookback %q can't be "+
			"taken from. It is a duration for dates and ObjectIds, a whole number for numbers, and nothing for texts.", c.cursor, v.shown(), c.lookback.text), "extract", "lookback")}
	}
	return least, nil
}

// since are the documents from a value up to another, and those without.
func (c *collection) since(from, until *value) bson.D {
	none := bson.D{{Key: c.cursor, Value: nil}}
	var bounds bson.D
	if from != nil {
		bounds = append(bounds, bson.E{Key: "$gte", Value: from.RawValue})
	}
	if until != nil {
		bounds = append(bounds, bson.E{Key: "$lte", Value: until.RawValue})
	}
	if bounds == nil {
		return both(c.filter, none)
	}
	return both(c.filter, bson.D{{Key: "$or", Value: bson.A{bson.D{{Key: c.cursor, Value: bounds}}, none}}})
}

// lookSince looks at the documents of a read, and counts those that are new, and those that come again.
func (c *collection) lookSince(ctx context.Context, old *place, from, until *value, tail *tally) (found *evidence, fresh int64, err error) {
	if old == nil {
		found, err = c.look(ctx, query{filter: c.filter, project: c.listed()})
		if err != nil {
			return nil, 0, err
		}
		return found, found.rows, nil
	}
	found = &evidence{}
	err = c.scan(ctx, query{filter: c.since(from, until), project: c.listed()}, func(document bson.Raw) error {
		if v := document.Lookup(c.cursor); bracket(v) != 0 && after(&value{v}, old.Value) {
			fresh++
		}
		tail.add(document)
		return found.observe(document)
	})
	return found, fresh, err
}

func (c *collection) said(old *place, furthest *value, fresh int64, changed bool) string {
	switch {
	case furthest == nil:
		return fmt.Sprintf("%s in %s, none of them with %s", quantity.Of(fresh, "document"), c.namespace(), c.cursor)
	case old == nil || old.Value == nil:
		return fmt.Sprintf("%s in %s up to %s %s", quantity.Of(fresh, "document"), c.namespace(), c.cursor, furthest.shown())
	case fresh == 0 && changed:
		return fmt.Sprintf("%s has other documents about %s %s, or without it", c.namespace(), c.cursor, old.Value.shown())
	case fresh == 0:
		return fmt.Sprintf("%s has nothing after %s %s", c.namespace(), c.cursor, old.Value.shown())
	}
	return fmt.Sprintf("%s in %s after %s %s", quantity.Of(fresh, "document"), c.namespace(), c.cursor, old.Value.shown())
}

// overlap says which rows are sent again.
func (c *collection) overlap(response *sdk.PlanResponse, old *place, from *value) sdk.Diagnostics {
	if old == nil {
		return nil
	}
	response.Overlap = &sdk.Overlap{Column: c.cursor}
	column, ok := response.Columns.Lookup(c.cursor)
	if from == nil || !ok {
		return nil
	}
	if response.Overlap.From, ok = from.text(column.Type); !ok {
		return sdk.Diagnostics{sdk.Error("Cursor and column differ", fmt.Sprintf("The cursor %q has values such as %s, and its column is %s, which sorts "+
			"otherwise. Declare the column's type in types as what the values are, or name another cursor.", c.cursor, from.shown(), column.Type), "extract", "cursor")}
	}
	return nil
}

// unindexed warns of a cursor that makes the server look at every document.
func (c *collection) unindexed(ctx context.Context) sdk.Diagnostics {
	if indexed, known := c.indexed(ctx); !known || slices.Contains(indexed, c.cursor) {
		return nil
	}
	return sdk.Diagnostics{sdk.Warning("Cursor without an index", fmt.Sprintf("%s has no index that begins with %q, so that the server looks at every document "+
		"to find the new ones. Create one: db.getCollection(%q).createIndex({ %q: 1 }).", c.namespace(), c.cursor, c.collection, c.cursor), "extract", "cursor")}
}

// indexed are the fields that an index begins with; who may not see indexes may still read, and a view has none of its own.
func (c *collection) indexed(ctx context.Context) (fields []string, known bool) {
	specs, err := c.Indexes().ListSpecifications(ctx)
	if err != nil {
		return nil, false
	}
	fields = []string{idField}
	for _, spec := range specs {
		if first, err := spec.KeysDocument.IndexErr(0); err == nil {
			fields = append(fields, first.Key())
		}
	}
	return fields, true
}

// withoutCursor warns of documents that are read each time.
func (c *collection) withoutCursor(ctx context.Context) sdk.Diagnostics {
	const most = 1_000_000
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	n, err := c.CountDocuments(ctx, both(c.filter, bson.D{{Key: c.cursor, Value: nil}}), options.Count().SetLimit(most))
	if err != nil || n == 0 {
		return nil
	}
	return sdk.Diagnostics{sdk.Warning("Documents without a cursor", fmt.Sprintf("In %s of %s the field %q is null or missing. They are read each time, and "+
		"left out where the table holds them already.", quantity.Of(n, "document"), c.namespace(), c.cursor), "extract", "cursor")}
}

// readIncremental reads what the plan saw, and records the largest value that came.
func (c *collection) readIncremental(ctx context.Context, req sdk.ReadRequest, out sdk.Output) error {
	old, diags := decodePlace(req.Cursor)
	until, more := decodeBound(req.Until)
	diags = append(diags, more...)
	from, more := c.from(old)
	if diags = append(diags, more...); diags.HasErrors() {
		return diags
	}
	if req.Until == nil {
		if until.Cursor, diags = c.furthest(ctx); diags.HasErrors() {
			return diags
		}
	}
	least, diags := c.before(until.Cursor)
	if diags.HasErrors() {
		return diags
	}
	tail := newTally(c.cursor, least)
	reached := place{Collection: c.namespace()}
	if old != nil {
		reached.Value = old.Value
	}
	r := newReading(c, req, until.Fields)
	r.split = old == nil && len(c.filter) == 0
	r.query.filter = c.since(from, until.Cursor)
	r.visit = func(full chunk) {
		reached.advance(full, c.cursor)
		for _, document := range full.documents {
			tail.add(document)
		}
	}
	var left leftover
	r.leave = func(documents [][]byte) { left.add(documents, c.cursor) }
	err := r.all(ctx, out, func() ([]byte, error) {
		if !after(until.Cursor, reached.Value) { // else documents are gone that the plan saw, and nobody has counted from here on
			reached.Again = tail
		}
		reached.hold(left, old)
		return reached.encode()
	})
	if err != nil {
		return err
	}
	return warned(r.unseen(later))
}

// leftover are documents with fields that the plan didn't see: the next read has columns for them, as on_schema_change says.
type leftover struct {
	any   bool
	least *value // of the cursor field
}

func (l *leftover) add(documents [][]byte, field string) {
	l.any = l.any || len(documents) > 0
	for _, document := range documents {
		if v := bson.Raw(document).Lookup(field); bracket(v) != 0 && (l.least == nil || l.least.compare(value{v}) > 0) {
			l.least = copied(v)
		}
	}
}

// hold keeps the place where the next read finds what was left to it, though never before the recorded one, from which a
// lookback leads to the rest.
func (p *place) hold(left leftover, old *place) {
	p.Left = left.any
	if left.least == nil || p.Value == nil || left.least.compare(*p.Value) >= 0 {
		return
	}
	p.Value = left.least
	if old != nil && old.Value != nil && old.Value.compare(*p.Value) > 0 {
		p.Value = old.Value
	}
}

// advance never goes back.
func (p *place) advance(full chunk, field string) {
	for _, document := range full.documents {
		v := bson.Raw(document).Lookup(field)
		if bracket(v) == 0 {
			continue
		}
		if p.Value == nil || bracket(v) == bracket(p.Value.RawValue) && p.Value.compare(value{v}) < 0 {
			p.Value = copied(v)
		}
	}
}
