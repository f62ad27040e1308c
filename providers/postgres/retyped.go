package postgres

import (
	"fmt"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// retypedColumns warns of columns whose values no longer fit what was recorded. A string holds the text of any value.
func (f *followed) retypedColumns(recorded coltype.Schema) sdk.Diagnostics {
	var diags sdk.Diagnostics
	now := f.natural()
	for _, before := range recorded {
		after, there := now.Lookup(before.Name)
		if !there || !unfit(before.Type, after.Type) {
			continue
		}
		diags = append(diags, sdk.Warning("Values of another type", fmt.Sprintf("The column %q of %s was recorded as %s and is %s now, to which a table's column can't be promoted. Rows whose values are no %s "+
			"become bad rows. `etl apply -resnapshot` keeps the recorded type: declare the new one in the source, types = { %s = %s }, by which the table is rebuilt.",
			before.Name, f.label(), before.Type, after.Type, before.Type, before.Name, after.Type), "types"))
	}
	return diags
}

// unfit reports whether values of a type can't be kept in a column of another one.
func unfit(before, after coltype.Type) bool {
	return before.Kind != coltype.String && !coltype.Promotable(before, after) && !coltype.Promotable(after, before)
}
