package mongodb

import (
	"context"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// discoverySample is how many documents of each collection discovery looks at.
const discoverySample = 200

// Discover lists the collections of the database.
func (*Provider) Discover(ctx context.Context, cfg sdk.Config) ([]sdk.Stream, sdk.Diagnostics) {
	c, diags := open(cfg)
	if c == nil {
		return nil, diags
	}
	defer c.close()
	specs, err := c.db.ListCollectionSpecifications(ctx, bson.D{})
	if err != nil {
		return nil, append(diags, c.connection.problem(err, c.database+".*")...)
	}
	var streams []sdk.Stream
	for _, spec := range specs {
		if strings.HasPrefix(spec.Name, "system.") || c.collection != "" && spec.Name != c.collection {
			continue
		}
		stream, err := c.named(spec.Name).stream(ctx)
		if err != nil {
			return nil, append(diags, c.connection.problem(err, c.database+"."+spec.Name)...)
		}
		streams = append(streams, stream)
	}
	slices.SortFunc(streams, func(a, b sdk.Stream) int { return strings.Compare(a.Name, b.Name) })
	return streams, diags
}

// named is another collection of the same database, all of it.
func (c *collection) named(name string) *collection {
	other := *c
	other.Collection = c.db.Collection(name)
	other.settings = settings{connection: c.connection, database: c.database, collection: name, parallelism: 1, sample: discoverySample, key: []string{idField}}
	return &other
}

func (c *collection) stream(ctx context.Context) (sdk.Stream, error) {
	found, err := c.look(ctx, query{})
	if err != nil {
		return sdk.Stream{}, err
	}
	settled, _ := c.decide(found, nil)
	rows, err := c.EstimatedDocumentCount(ctx)
	if err != nil {
		rows = -1
	}
	out := sdk.Stream{
		Name: c.collection, Columns: settled.Columns, Keys: [][]string{{idField}}, Cursors: c.cursors(ctx, settled.Columns), Rows: rows, Bytes: -1,
		Attributes: map[string]string{"collection": c.collection},
	}
	if indexed, known := c.indexed(ctx); known {
		out.Unindexed = slices.DeleteFunc(slices.Clone(out.Cursors), func(name string) bool { return slices.Contains(indexed, name) })
	}
	return out, nil
}

// queried reports whether a query can ask for the field by its name.
func queried(name string) bool {
	return name != "" && !strings.HasPrefix(name, "$") && !strings.ContainsRune(name, '.')
}

// cursors are dates, those first by whose names documents change, and _id where it tells the time of its making.
func (c *collection) cursors(ctx context.Context, columns coltype.Schema) []string {
	var changes, others []string
	for _, f := range columns {
		lower := strings.ToLower(f.Name)
		switch {
		case f.Type.Kind != coltype.Timestamptz || !queried(f.Name):
		case strings.Contains(lower, "updat") || strings.Contains(lower, "modif") || strings.Contains(lower, "chang"):
			changes = append(changes, f.Name)
		default:
			others = append(others, f.Name)
		}
	}
	found := append(changes, others...)
	if last, err := c.end(ctx, -1); err == nil && last.Type == bson.TypeObjectID {
		found = append(found, idField)
	}
	return found
}
