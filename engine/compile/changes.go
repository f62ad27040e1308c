package compile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// ChangeColumns are those that a row of a change log has after the source's own.
func ChangeColumns() coltype.Schema {
	return coltype.Schema{
		{Name: sdk.OpColumn, Type: coltype.Of(coltype.String), Doc: "insert, update, delete or truncate"},
		{Name: sdk.PositionColumn, Type: coltype.Of(coltype.String), Doc: "Where the change stands among all of the source's; sorts as they happened"},
		{Name: sdk.CommittedAtColumn, Type: coltype.Of(coltype.Timestamptz), Doc: "When the source committed the change"},
	}
}

// withChanges adds those that aren't there.
func withChanges(columns coltype.Schema) coltype.Schema {
	for _, f := range ChangeColumns() {
		if columns.Index(f.Name) < 0 {
			columns = append(columns, f)
		}
	}
	return columns
}

// IsChange tells the names of these columns.
func IsChange(name string) bool { return ChangeColumns().Index(name) >= 0 }

// gone is true of changes without the values of a row.
func gone(op string) string {
	return fmt.Sprintf("%s IN (%s, %s)", op, dialect.Text(sdk.Delete), dialect.Text(sdk.Truncate))
}

// keepChanges goes on with the changes whose row passes a condition. A row that was there and doesn't pass any more is
// deleted; one that comes new and doesn't pass was never there. Deletes have no values to look at, and always pass.
func (b *builder) keepChanges(next frame, sql map[string]string, clauses, condition string) {
	op := b.frame.ref(sdk.OpColumn)
	if sql == nil {
		sql = map[string]string{}
	}
	sql[sdk.OpColumn] = fmt.Sprintf("CASE WHEN %s OR (%s) THEN %s ELSE %s END", gone(op), condition, op, dialect.Text(sdk.Delete))
	where := fmt.Sprintf("WHERE %s <> %s OR (%s)", op, dialect.Text(sdk.Insert), condition)
	b.project(next, b.withColumns(next, sql), strings.TrimSpace(clauses+" "+where))
}

// joinChanges is a join that takes rows away, of changes.
func (b *builder) joinChanges(how string, next frame, sql map[string]string, table, on string) {
	const matched = `"etl$match"`
	side := dialect.Ident(sideAlias)
	switch how {
	case "inner":
		b.keepChanges(next, sql, fmt.Sprintf("LEFT JOIN (SELECT *, true AS %s FROM %s) AS %s ON %s", matched, table, side, on), side+"."+matched)
	case "semi":
		b.keepChanges(next, sql, "", fmt.Sprintf("EXISTS (SELECT 1 FROM %s AS %s WHERE %s)", table, side, on))
	case "anti":
		b.keepChanges(next, sql, "", fmt.Sprintf("NOT EXISTS (SELECT 1 FROM %s AS %s WHERE %s)", table, side, on))
	}
}

// unfollow is for steps after which rows are no changes of rows any more.
func (b *builder) unfollow(step string) {
	if b.frame.changes {
		b.frame.changes, b.unfollowed = false, step
	}
}

// applies says whether a way to write takes changes, rather than keeping them as they are.
func applies(w config.Write) bool { return w.Mode == "merge" || w.Mode == "history" }

// fixed reports a step that names a column which changes can't do without.
func (b *builder) fixed(name string, at hcl.Range) bool {
	if !b.frame.changes || !IsChange(name) {
		return false
	}
	b.fail(at, "Column of the engine", fmt.Sprintf(
		"The column %q says what the row changes, so it stays as it is. To have its value under another name, use derive.", name))
	return true
}

// appliesChanges checks that changes can be applied to the table by its key.
func (b *builder) appliesChanges() {
	w := b.table.Write
	switch {
	case !applies(w):
	case b.unfollowed != "":
		b.fail(w.Range, "Changes can't be applied", fmt.Sprintf(
			"%s reads changes, and after %s its rows are no changes of single rows any more, so that a %s can't apply them. Apply the changes first, in a table of its own: "+
				"write %q { key = [%s] }, and compute from that one.", b.table.Addr, b.unfollowed, w.Mode, w.Mode, strings.Join(w.Key, ", ")))
	case b.frame.changes:
		b.keyOfChanges(w)
	}
}

// keyOfChanges holds the table's key against what identifies a row at the source: deletes have the values of that alone, and
// rows that differ in it are different rows.
func (b *builder) keyOfChanges(w config.Write) {
	source := b.inputs[b.drivers[0]].Key
	if len(source) == 0 {
		return
	}
	found := map[string]bool{}
	for _, name := range w.Key {
		i := b.frame.index(name)
		if i < 0 {
			continue // reported by the contract
		}
		c := b.frame.columns[i]
		if !c.keyed {
			b.fail(w.Range, "Key that deletes don't have", keyAdvice(name, source))
			return
		}
		for _, k := range c.of {
			found[k] = true
		}
	}
	for _, k := range source {
		if !found[k] {
			b.fail(w.Range, "Key is too narrow", fmt.Sprintf(
				"A row of the source is identified by %s, and this key leaves out %q, so that different rows would replace each other. Add it to the key.",
				diag.List(source), k))
			return
		}
	}
}

func keyAdvice(name string, source []string) string {
	return fmt.Sprintf("A row of the source is identified by %s, and the change that deletes a row has no other values, so that it would not be found by %q. "+
		"Use a key that is made of %s.", diag.List(source), name, diag.List(source))
}

// SourceKey checks the key of a table that applies the changes of a source itself.
func SourceKey(t *config.Table, source []string) string {
	if !applies(t.Write) {
		return ""
	}
	if len(source) == 0 {
		return "The source has nothing that identifies a row, so that changes can't be applied to one. Give it a primary key, or keep the changes as they are: write \"append\" {}."
	}
	for _, name := range t.Write.Key {
		if !slices.Contains(source, name) {
			return keyAdvice(name, source)
		}
	}
	for _, name := range source {
		if !slices.Contains(t.Write.Key, name) {
			return fmt.Sprintf("A row of the source is identified by %s, and this key leaves out %q, so that different rows would replace each other. Add it to the key.",
				diag.List(source), name)
		}
	}
	return ""
}

// key is what identifies a row in the output, where all of the source's key is still there as it was.
func (b *builder) key() []string {
	var names []string
	for _, k := range b.inputs[b.drivers[0]].Key {
		i := slices.IndexFunc(b.frame.columns, func(c column) bool { return c.plain && slices.Equal(c.of, []string{k}) && !c.hidden && !c.internal })
		if i < 0 {
			return nil
		}
		names = append(names, b.frame.columns[i].Name)
	}
	return names
}

// OfChanges are checks of a table whose rows are changes: those without values pass.
func OfChanges(checks []Check) []Check {
	for i, c := range checks {
		if c.Kind != TableCheck && c.Kind != UniqueCheck {
			checks[i].Condition = fmt.Sprintf("(%s OR (%s))", gone(row(sdk.OpColumn)), c.Condition)
		}
	}
	return checks
}

// Withdrawn selects the deletes that become of changes which fail any of the checks: the row that was there goes.
func Withdrawn(checks []Check, r Rows) string {
	op := dialect.Ident(sdk.OpColumn)
	return fmt.Sprintf("SELECT %[1]s.* REPLACE (%[2]s AS %[3]s) FROM %[4]s WHERE (%[5]s) AND %[6]s = %[7]s", dialect.Ident(rowAlias), dialect.Text(sdk.Delete), op,
		r.from(), strings.Join(failures(checks, r), " OR "), row(sdk.OpColumn), dialect.Text(sdk.Update))
}
