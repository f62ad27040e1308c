package apply

import (
	"context"
	"fmt"
	"strings"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/engine/duckdb"
)

// touchedTable is the table of the keys or partitions that new rows touch, before those that the lookback adds.
const (
	touchedTable = "touched"
	touched      = keysSchema + "." + touchedTable
)

// queryPartitions computes anew the partitions that new rows touch, and those before them as far as the lookback goes.
func (t *task) queryPartitions(ctx context.Context) error {
	full, err := t.text(ctx, t.work.Query.Full)
	if err != nil {
		return err
	}
	by := quotedNames(t.work.Write.By)
	partitions := t.work.Query.Partitions
	if partitions == "" { // each row gives rows of its own: the query gives rows of the partitions that it touches
		partitions = fmt.Sprintf("SELECT DISTINCT %s FROM (%s)", strings.Join(by, ", "), full)
	}
	if err := t.bindNew(ctx, ""); err != nil {
		return err
	}
	if _, err := t.session.Materialize(ctx, keysSchema, touchedTable, partitions); err != nil {
		return err
	}
	for _, in := range t.work.Inputs {
		if t.drives(in) {
			if err := t.bindTable(ctx, in); err != nil {
				return err
			}
		}
	}
	if err := t.keepKeys(ctx, partitions, by[len(by)-1]); err != nil {
		return err
	}
	rows := fmt.Sprintf("SELECT q.* FROM (%s) AS q SEMI JOIN %s.%s AS k ON %s", full, keysSchema, keysTable, matching(by))
	return t.replaceKeys(ctx, rows, t.work.Write.By)
}

// keepKeys makes the table of keys of the touched ones; with a lookback also of those that lie up to it before one by the given
// column, among all keys, which the query gives once all rows of the drivers are bound.
func (t *task) keepKeys(ctx context.Context, all, by string) error {
	keys := "SELECT * FROM " + touched
	if t.work.Write.Lookback != "" {
		back, err := compile.Duration(t.work.Write.Lookback)
		if err != nil {
			return fmt.Errorf("reading the lookback: %w", err)
		}
		keys += fmt.Sprintf(" UNION SELECT q.* FROM (%[1]s) AS q SEMI JOIN %[2]s AS k ON q.%[3]s BETWEEN k.%[3]s - to_microseconds(%[4]d) AND k.%[3]s",
			all, touched, by, back.Microseconds())
	}
	_, err := t.session.Materialize(ctx, keysSchema, keysTable, keys)
	return err
}

func quotedNames(names []string) []string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = dialect.Ident(name)
	}
	return quoted
}

func matching(by []string) string {
	parts := make([]string, len(by))
	for i, name := range by {
		parts[i] = fmt.Sprintf("q.%s IS NOT DISTINCT FROM k.%s", name, name)
	}
	return strings.Join(parts, " AND ")
}

// refuseDuplicates keeps a table that is merged by key from starting with a key twice. Null keys count as equal.
func (t *task) refuseDuplicates(ctx context.Context) error {
	if t.work.Write.Mode != "merge" || len(t.staged.add) == 0 {
		return nil
	}
	if err := t.session.BindAs(ctx, loadedSchema, "staged", t.columns, dataFiles(t.staged.add, t.columns)); err != nil {
		return fmt.Errorf("opening the new rows: %w", err)
	}
	keys := quotedNames(t.work.Write.Key)
	list := strings.Join(keys, ", ")
	query := fmt.Sprintf("SELECT %s FROM %s.staged GROUP BY %s HAVING count(*) > 1", list, loadedSchema, list)
	return t.refuseTwice(ctx, query)
}

// refuseTwice reports the keys that a query finds more than once.
func (t *task) refuseTwice(ctx context.Context, query string) error {
	twice, err := t.session.Rows(ctx, query+" ORDER BY ALL", sampleSize)
	if err != nil || len(twice.Values) == 0 {
		return err
	}
	count, err := t.session.Count(ctx, query)
	if err != nil {
		return err
	}
	found := &duckdb.DuplicateKeyError{Keys: t.work.Write.Key, Count: count}
	for _, row := range twice.Values {
		var values []string
		for i, v := range row {
			values = append(values, duckdb.Text(twice.Columns[i].Type, v))
		}
		found.Samples = append(found.Samples, strings.Join(values, ", "))
	}
	return found
}
