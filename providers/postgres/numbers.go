package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/postgres/catalog"
	"github.com/automic-etl/etl/providers/postgres/session"
)

// numbers are a table's columns by name, each with the number that it keeps for good. The log tells columns by their names,
// which may pass from one column to another without any change of a row.
type numbers map[string]int

// gone is the number of a column that was read once, and isn't there any more.
const gone = 0

func numbersOf(a *catalog.Attributes) numbers {
	out := numbers{}
	for _, column := range a.Live {
		out[column.Name] = column.Number
	}
	return out
}

// differences says in words which of some columns are not those of the same name that were there before.
func (n numbers) differences(now numbers, columns coltype.Schema) []string {
	var out []string
	for _, c := range columns {
		was, recorded := n[c.Name]
		is, there := now[c.Name]
		switch {
		case !recorded || !there || was == is:
		case was == gone:
			out = append(out, fmt.Sprintf("%q was gone, and is there again", c.Name))
		default:
			out = append(out, n.became(c.Name, now))
		}
	}
	return out
}

// taken says in words which of some columns have the number of another one that was there before, where a column of their own
// name was not: the rows that were read have that column's values under its former name, and nothing under the new one.
func (n numbers) taken(now numbers, columns coltype.Schema) []string {
	var out []string
	for _, c := range columns {
		_, recorded := n[c.Name]
		if is, there := now[c.Name]; there && !recorded && n.bearer(is) != "" {
			out = append(out, n.became(c.Name, now))
		}
	}
	return out
}

// became says what bears the name of a column now.
func (n numbers) became(name string, now numbers) string {
	if former := n.bearer(now[name]); former != "" {
		return fmt.Sprintf("%q is now what was %q", name, former)
	}
	if latter := now.bearer(n[name]); latter != "" {
		return fmt.Sprintf("%q is now called %q, and another column has its name", name, latter)
	}
	return fmt.Sprintf("%q was dropped, and another column has its name", name)
}

// bearer is the name of a number; empty where it has none.
func (n numbers) bearer(number int) string {
	for _, name := range slices.Sorted(maps.Keys(n)) {
		if n[name] == number {
			return name
		}
	}
	return ""
}

// recognize checks that the table and its columns are those that were read, and that none became another since the read was
// planned: what lies between is told by names alone. Whatever changed the columns is in the catalog by now if the changes
// that will be told are of after it.
func (t *telling) recognize(ctx context.Context, c *session.Conn) error {
	if t.source.relation.OID != t.read.Table {
		return sdk.Errorf("Another table", "%s was dropped and created again since it was read, or the name was given to another table. Read the table anew: `etl apply -resnapshot`.", t.source.label())
	}
	attributes, err := catalog.LoadAttributes(ctx, c, t.read.Table)
	if err != nil {
		return err
	}
	w := newWindow(t.read, attributes, t.own())
	now := numbersOf(attributes)
	for _, pair := range [][2]numbers{{w.before, now}, {w.before, t.until.Columns}, {t.until.Columns, now}} {
		if what := pair[0].differences(pair[1], w.wanted); what != nil {
			return sdk.Diagnostics{t.source.unmatched(what)}
		}
	}
	if what := t.until.Columns.taken(now, w.wanted); what != nil { // the plan found no column of the name, so that only the table has one
		return sdk.Diagnostics{t.source.unmatched(what)}
	}
	if t.window != nil {
		w.sure = t.window.sure
	}
	t.window = w
	return nil
}

// unmatched is what differs between columns and those of the same name.
func (s *source) unmatched(what []string) sdk.Diagnostic {
	return sdk.Error("Columns that can't be matched", fmt.Sprintf("The log tells the columns of %s by their names, and since it was read some names passed from one column to another: %s. Rows that "+
		"don't change keep values that are no longer theirs, so that the table must be read anew: `etl apply -resnapshot`.", s.label(), strings.Join(what, "; ")))
}
