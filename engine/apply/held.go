package apply

import (
	"context"
	"fmt"
	"strings"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/engine/planner"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/state"
)

// heldTable names the loaded rows, by where they came from, that the table holds already.
const heldTable = "held"

// loadedRows is a query of the rows that were read and that the table doesn't hold: a source that is read incrementally
// sends some again, since a row can become visible after others with a higher cursor.
func (t *task) loadedRows(ctx context.Context, files []state.StagedFile) (string, error) {
	if t.work.Load.Overlap == nil || t.base == nil || t.base.Main == 0 || len(files) == 0 {
		return allLoaded, nil
	}
	if err := t.bindLoaded(ctx, files); err != nil {
		return "", err
	}
	held, err := t.held(ctx)
	if err != nil {
		return "", fmt.Errorf("comparing the rows that were read with those of %s: %w", t.plan.Ident, err)
	}
	if held == 0 {
		return allLoaded, nil
	}
	return "SELECT q.* FROM " + loadedSchema + "." + loadedTable + " AS q ANTI JOIN " + loadedSchema + "." + heldTable +
		" AS k ON " + matching(quotedNames(originColumns())), nil
}

// originColumns tell the rows of one load apart.
func originColumns() []string { return []string{"_etl_source", "_etl_row"} }

// held finds the rows that were sent again, and counts them. Equal rows are held as often as the table has them: a row is
// gone from what was read for each one there, and no more.
func (t *task) held(ctx context.Context) (int64, error) {
	files, err := t.files(ctx, t.base)
	if err != nil {
		return 0, err
	}
	if err := t.session.BindAs(ctx, loadedSchema, "table", t.columns, files); err != nil {
		return 0, err
	}
	cursor, ok := t.columns.Lookup(t.work.Load.Overlap.Column)
	if !ok {
		return 0, fmt.Errorf("the provider speaks of a column %q, which the source doesn't have", t.work.Load.Overlap.Column)
	}
	was := fmt.Sprintf("SELECT * FROM %s.table WHERE %s", loadedSchema, t.overlapping(cursor))
	if _, err := t.session.Materialize(ctx, loadedSchema, "before", was); err != nil {
		return 0, err
	}
	// Rows beyond all those can't be among them.
	name := dialect.Ident(cursor.Name)
	again := fmt.Sprintf("SELECT * FROM %[1]s.%[2]s WHERE %[3]s IS NULL OR %[3]s <= (SELECT max(%[3]s) FROM %[1]s.before)", loadedSchema, loadedTable, name)
	columns := t.comparable()
	origin := strings.Join(quotedNames(originColumns()), ", ")
	query := fmt.Sprintf("SELECT %s FROM (%s) AS q SEMI JOIN (%s) AS k ON %s", origin,
		numberedRows(again, columns, origin), numberedRows(was, columns, ""), matching([]string{`"etl$row"`, `"etl$nth"`}))
	return t.session.Materialize(ctx, loadedSchema, heldTable, query)
}

// overlapping is the condition on the table's rows that may come again.
func (t *task) overlapping(cursor coltype.Field) string {
	name := dialect.Ident(cursor.Name)
	null := name + " IS NULL"
	if t.work.Load.Overlap.From == "" {
		return null
	}
	return fmt.Sprintf("%s OR %s >= CAST(%s AS %s)", null, name, dialect.Text(t.work.Load.Overlap.From), dialect.Type(cursor.Type))
}

// comparable are the columns that rows are compared by: those that the table had, since a row that is held can't have the
// value of a column that is new.
func (t *task) comparable() []string {
	var names []string
	for _, f := range t.base.Columns {
		if _, still := t.columns.Lookup(f.Name); still && !planner.IsProvenance(f.Name) {
			names = append(names, dialect.Ident(f.Name))
		}
	}
	return names
}

// numberedRows gives of each row its values as one, which it is among those that are equal, and where it came from, if asked.
func numberedRows(rows string, columns []string, origin string) string {
	row := "struct_pack(" + strings.Join(packed(columns), ", ") + ")"
	more, order := "", ""
	if origin != "" {
		more, order = origin+", ", " ORDER BY "+origin
	}
	return fmt.Sprintf(`SELECT %s"etl$row", row_number() OVER (PARTITION BY "etl$row"%s) AS "etl$nth" FROM (SELECT *, %s AS "etl$row" FROM (%s))`,
		more, order, row, rows)
}

func packed(columns []string) []string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = fmt.Sprintf("c%d := %s", i, c)
	}
	return parts
}
