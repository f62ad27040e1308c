package postgres

import (
	"fmt"
	"strings"

	"github.com/automic-etl/etl/plugins/sdk"
)

// renumbered says which columns are not those that were read before. A name that the table alone has, since the source had it no
// more when it was read anew, may come back with another column; one that is new to both is a column like others.
func (f *followed) renumbered(old place) *sdk.Diagnostic {
	now := numbersOf(f.attributes)
	what := append(old.Columns.differences(now, f.recorded), old.Columns.taken(now, f.recorded)...)
	if what == nil {
		return nil
	}
	d := f.unmatched(what)
	return &d
}

// untoldColumns warns of new columns whose values in older rows the log doesn't tell.
func (f *followed) untoldColumns(old place) sdk.Diagnostics {
	var filled, generated []string
	for _, field := range f.fields {
		switch {
		case !f.isNew(old, field.name):
		case field.filled:
			filled = append(filled, field.name)
		case f.wasGenerated(old, field.name):
			generated = append(generated, field.name)
		}
	}
	say := func(names []string, detail string) sdk.Diagnostics {
		if names == nil {
			return nil
		}
		return sdk.Diagnostics{sdk.Warning("Values that the log doesn't tell", fmt.Sprintf(detail+" in the lakehouse they have null until they change. To have it in all rows, read the table anew: "+
			"`etl apply -resnapshot`.", f.label(), strings.Join(names, ", ")))}
	}
	return append(say(filled, "New columns of %s have a default: %s. Rows that were there when they were added got it without a change in the log:"),
		say(generated, "Columns of %s that were generated, and so not read, are columns like others now: %s. Rows keep the value that was generated without a change in the log:")...)
}

// isNew reports whether a column was not there when the table was read last; before the first read none is new. Cursors of old
// don't tell, the columns of the table that reads do.
func (f *followed) isNew(old place, name string) bool {
	if len(f.recorded) == 0 {
		return false
	}
	if old.Columns == nil {
		return f.recorded.Index(name) < 0
	}
	_, there := old.Columns[name]
	return !there
}

// wasGenerated reports whether a new column is none: it has a number from before the last read, and no column that was read
// had it.
func (f *followed) wasGenerated(old place, name string) bool {
	number, there := numbersOf(f.attributes)[name]
	return there && number <= old.Last && old.Columns.bearer(number) == ""
}
