package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/postgres/catalog"
	"github.com/automic-etl/etl/providers/postgres/session"
)

// typesOf are a table's types by the names of the columns.
func typesOf(a *catalog.Attributes) map[string]catalog.Modified {
	out := map[string]catalog.Modified{}
	for _, column := range a.Live {
		out[column.Name] = column.Modified
	}
	return out
}

// alteredColumns warns of columns whose type was altered since the table was read, by which the rows that were there may have got other
// values. Those that can't be read as before are warned of anyway.
func (f *followed) alteredColumns(ctx context.Context, c *session.Conn, old place) (sdk.Diagnostics, error) {
	now, natural := numbersOf(f.attributes), f.natural()
	var what []string
	for _, column := range f.attributes.Live {
		was, known := old.Types[column.Name]
		before, recorded := f.recorded.Lookup(column.Name)
		after, read := natural.Lookup(column.Name)
		if !known || old.Columns[column.Name] != now[column.Name] || !recorded || !read || unfit(before.Type, after.Type) {
			continue
		}
		change, err := catalog.LoadChange(ctx, c, was, column.Modified)
		if err != nil {
			return nil, err
		}
		if !change.Keeps {
			what = append(what, fmt.Sprintf("%q was %s and is %s", column.Name, change.Was, change.Is))
		}
	}
	if what == nil {
		return nil, nil
	}
	return sdk.Diagnostics{sdk.Warning("Type altered", fmt.Sprintf("Columns of %s have another type than when it was read: %s. The log doesn't tell the values that ALTER COLUMN … TYPE gives to rows that are there: if they "+
		"are others than before (USING, rounding, padding), rows keep the old ones until they change. To have them in all rows, read the table anew: `etl apply -resnapshot`.",
		f.label(), strings.Join(what, "; ")))}, nil
}
