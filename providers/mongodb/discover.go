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
	c, diags := open(ctx, cfg)
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
		if strings.HasPrefix(spec.Name, "system.") {
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
	stream := sdk.Stream{Name: c.settings.collection, Columns: settled.Columns, Keys: [][]string{{idField}}, Rows: rows, Bytes: -1}
	for _, f := range settled.Columns {
		if f.Type.Kind == coltype.Timestamptz {
			stream.Cursors = append(stream.Cursors, f.Name)
		}
	}
	return stream, nil
}
