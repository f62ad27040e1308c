package mongodb

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"golang.org/x/sync/errgroup"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/bsonvalue"
	"github.com/automic-etl/etl/providers/inference"
	"github.com/automic-etl/etl/providers/naming"
)

// evidence is what was found out about documents by looking at them.
type evidence struct {
	shape bsonvalue.Shape
	rows  int64
	bytes int64
}

func (e *evidence) observe(document bson.Raw) error {
	e.rows++
	e.bytes += int64(len(document))
	_ = e.shape.Observe(document) // what is no document is a bad row, and says nothing of columns
	return nil
}

func (e *evidence) merge(other *evidence) {
	e.shape.Merge(&other.shape)
	e.rows += other.rows
	e.bytes += other.bytes
}

// look looks at all documents, or at a sample. The order of fields is that of the documents by _id, however the work is
// divided.
func (c *collection) look(ctx context.Context, q query) (*evidence, error) {
	if c.sample > 0 {
		return c.lookAtSample(ctx, q)
	}
	spans := []span{{}}
	if len(q.filter) == 0 {
		count, err := c.EstimatedDocumentCount(ctx)
		if err != nil {
			return nil, err
		}
		if spans, err = c.spans(ctx, count); err != nil {
			return nil, err
		}
	}
	found := make([]evidence, len(spans))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(c.parallelism)
	for i, s := range spans {
		group.Go(func() error {
			part := q
			part.span = s
			return c.scan(ctx, part, found[i].observe)
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i := range found[1:] {
		found[0].merge(&found[i+1])
	}
	return &found[0], nil
}

// lookAtSample looks at the first and the last documents, so that fields which came or went with time are both seen.
func (c *collection) lookAtSample(ctx context.Context, q query) (*evidence, error) {
	var all evidence
	for i, part := range []int64{(c.sample + 1) / 2, c.sample / 2} {
		order := 1 - 2*i
		if part == 0 {
			continue
		}
		q.sort, q.limit = bson.D{{Key: idField, Value: order}}, part
		var found evidence
		if err := c.scan(ctx, q, found.observe); err != nil {
			return nil, err
		}
		all.merge(&found)
	}
	return &all, nil
}

// decided are the source's columns with what the plan must say of them.
type decided struct {
	inference.Settled
	seen []string // all fields of documents that were looked at
}

// decide settles on columns.
func (c *collection) decide(found *evidence, recorded coltype.Schema) (decided, sdk.Diagnostics) {
	seen := c.wanted(found.shape.Fields())
	if problem := naming.Unaddressable(c.undeclared(seen), "the documents"); problem != "" {
		return decided{}, sdk.Diagnostics{sdk.Error("Fields that can't be columns", fmt.Sprintf("In %s, %s. Or list the fields to read in "+
			"columns.", c.namespace(), problem), "columns")}
	}
	var diags sdk.Diagnostics
	if found.rows == 0 && len(recorded) == 0 {
		seen = coltype.Schema{{Name: idField, Type: coltype.Of(coltype.String)}}
		diags = append(diags, sdk.Warning("The collection is empty", fmt.Sprintf("%s has no document that matches, so that nothing is known of "+
			"its fields but _id.", c.namespace()), "collection"))
	}
	diags = append(diags, c.unknownColumns(found, recorded)...)
	settled, more := inference.Evidence{
		Seen: seen, Recorded: recorded, Declared: c.declared(), OpenEnded: true,
		Source: naming.Source{Have: "The documents have", Where: "in the documents, or list the columns to read in columns", Path: "collection"},
		Values: "documents now have values",
	}.Settle()
	out := decided{Settled: settled}
	for _, f := range found.shape.Fields() {
		out.seen = append(out.seen, f.Name)
	}
	return out, append(diags, more...)
}

// undeclared are the columns whose types are inferred.
func (c *collection) undeclared(seen coltype.Schema) []coltype.Field {
	var out []coltype.Field
	for _, f := range seen {
		if _, ok := c.types[f.Name]; !ok {
			out = append(out, f)
		}
	}
	return out
}

// declared are the types of columns that are read.
func (c *collection) declared() map[string]coltype.Type {
	out := map[string]coltype.Type{}
	for name, t := range c.types {
		if c.wants(name) {
			out[name] = t
		}
	}
	return out
}

// wanted are the listed columns in the order of the list, or all.
func (c *collection) wanted(seen coltype.Schema) coltype.Schema {
	if len(c.columns) == 0 {
		return seen
	}
	var out coltype.Schema
	for _, name := range c.listed() {
		f, ok := seen.Lookup(name)
		if !ok {
			f = coltype.Field{Name: name}
		}
		out = append(out, f)
	}
	return out
}

// listed are the columns to read, with the key that changes need.
func (c *collection) listed() []string {
	if len(c.columns) == 0 || !c.wants(idField) {
		return c.columns
	}
	for _, name := range c.columns {
		if name == idField {
			return c.columns
		}
	}
	return append([]string{idField}, c.columns...)
}

// unknownColumns warns of a listed column that no document has: it may be misspelt, or come later.
func (c *collection) unknownColumns(found *evidence, recorded coltype.Schema) sdk.Diagnostics {
	var diags sdk.Diagnostics
	seen := coltype.Schema(found.shape.Fields())
	for _, name := range c.columns {
		if found.rows == 0 || seen.Index(name) >= 0 || recorded.Index(name) >= 0 {
			continue
		}
		detail := fmt.Sprintf("No document of %s that was looked at has the field %q; its column is null.", c.namespace(), name)
		if near := naming.Nearest(name, seen.Names()); near != "" {
			detail += fmt.Sprintf(" Did you mean %q?", near)
		}
		diags = append(diags, sdk.Warning("Field not seen", detail, "columns"))
	}
	return diags
}
