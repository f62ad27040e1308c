package postgres

import (
	"context"
	"slices"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/naming"
	"github.com/automic-etl/etl/providers/postgres/catalog"
	"github.com/automic-etl/etl/providers/postgres/session"
)

// Discover lists the tables and views that the role may read.
func (Provider) Discover(ctx context.Context, cfg sdk.Config) ([]sdk.Stream, sdk.Diagnostics) {
	o := options{mode: cfg.Mode}
	var diags sdk.Diagnostics
	o.settings, diags = decodeConnection(cfg)
	if diags.HasErrors() {
		return nil, diags
	}
	c, err := session.Open(ctx, o.settings)
	if err != nil {
		return nil, append(diags, o.diagnoseConnect(ctx, err)...)
	}
	defer c.Close()
	relations, err := catalog.All(ctx, c)
	if err != nil {
		return nil, append(diags, o.diagnose(err)...)
	}
	types, err := catalog.LoadTypes(ctx, c, catalog.ColumnTypes(relations))
	if err != nil {
		return nil, append(diags, o.diagnose(err)...)
	}
	streams := make([]sdk.Stream, 0, len(relations))
	for _, r := range relations {
		streams = append(streams, stream(r, types))
	}
	return streams, diags
}

func stream(r *catalog.Relation, types *catalog.Types) sdk.Stream {
	out := sdk.Stream{Name: r.Spelled(), Rows: r.Rows, Bytes: r.Bytes}
	if r.Key != nil {
		out.Keys = [][]string{r.Key}
	}
	for _, c := range r.Columns {
		shape := types.Shape(c.Type, c.Typmod, c.Dims)
		out.Columns = append(out.Columns, coltype.Field{Name: c.Name, Type: shape.Natural, Doc: c.Doc})
	}
	out.Cursors = cursors(r, out.Columns)
	if r.Kind == catalog.Table || r.Kind == catalog.Partitioned {
		out.Unindexed = slices.DeleteFunc(slices.Clone(out.Cursors), func(name string) bool { return slices.Contains(r.Indexed, name) })
	}
	return out
}

// cursors are the columns that could serve as cursor, the likeliest first: times that are named for changes, then other times
// that are never null, then a number that is the key.
func cursors(r *catalog.Relation, columns coltype.Schema) []string {
	var out, others []string
	for i, c := range columns {
		switch {
		case c.Type.Kind != coltype.Timestamptz && c.Type.Kind != coltype.Timestamp:
		case naming.ForChanges(c.Name):
			out = append(out, c.Name)
		case r.Columns[i].NotNull:
			others = append(others, c.Name)
		}
	}
	out = append(out, others...)
	for _, c := range columns {
		if (c.Type.Kind == coltype.Int || c.Type.Kind == coltype.Long) && len(r.Key) == 1 && r.Key[0] == c.Name {
			out = append(out, c.Name)
		}
	}
	return out
}
