package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/postgres/catalog"
	"github.com/automic-etl/etl/providers/postgres/session"
)

// labelsOf are the labels of a table's enumerations by the names of the columns.
func labelsOf(a *catalog.Attributes) map[string]catalog.Labels {
	out := map[string]catalog.Labels{}
	for _, column := range a.Live {
		if column.Labels != nil {
			out[column.Name] = *column.Labels
		}
	}
	return out
}

// relabelledColumns warns of columns whose enumeration calls labels otherwise than when the table was read, by which the rows that
// have them have another text now.
func (f *followed) relabelledColumns(ctx context.Context, c *session.Conn, old place) (sdk.Diagnostics, error) {
	now := numbersOf(f.attributes)
	var what []string
	for _, column := range f.attributes.Live {
		was, known := old.Labels[column.Name]
		if !known || column.Labels == nil || old.Columns[column.Name] != now[column.Name] || f.recorded.Index(column.Name) < 0 {
			continue
		}
		renamed, err := was.Renamed(ctx, c, *column.Labels)
		if err != nil {
			return nil, err
		}
		if renamed {
			what = append(what, column.Name)
		}
	}
	if what == nil {
		return nil, nil
	}
	return sdk.Diagnostics{sdk.Warning("Labels renamed", fmt.Sprintf("Columns of %s have an enumeration whose labels have other names than when it was read: %s. The log doesn't tell ALTER TYPE … RENAME VALUE: "+
		"rows keep the old names until they change. To have the new ones in all rows, read the table anew: `etl apply -resnapshot`.", f.label(), strings.Join(what, ", ")))}, nil
}
