package apply

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/automic-etl/etl/engine/duckdb"
)

// queryPartitions computes anew the partitions that new rows touch, and those before them as far as the lookback goes.
func (t *task) queryPartitions(ctx context.Context) error {
	full, err := t.text(ctx, t.work.Query.Full)
	if err != nil {
		return err
	}
	by := quotedNames(t.work.Write.By)
	// With only the drivers' new rows in place, the query gives rows of the touched partitions.
	if err := t.bindNew(ctx, ""); err != nil {
		return err
	}
	touched := fmt.Sprintf("SELECT DISTINCT %s FROM (%s)", strings.Join(by, ", "), full)
	if _, err := t.session.Materialize(ctx, keysSchema, "touched", touched); err != nil {
		return err
	}
	for _, in := range t.work.Inputs {
		if t.drives(in) {
			if err := t.bindTable(ctx, in); err != nil {
				return err
			}
		}
	}
	keys, err := t.partitionKeys(by, full)
	if err != nil {
		return err
	}
	if _, err := t.session.Materialize(ctx, keysSchema, keysTable, keys); err != nil {
		return err
	}
	rows := fmt.Sprintf("SELECT q.* FROM (%s) AS q SEMI JOIN %s.%s AS k ON %s", full, keysSchema, keysTable, matching(by))
	return t.replaceKeys(ctx, rows, t.work.Write.By)
}

// partitionKeys are the touched partitions; with a lookback also those of the result that lie up to it before one.
func (t *task) partitionKeys(by []string, full string) (string, error) {
	touched := keysSchema + ".touched"
	if t.work.Write.Lookback == "" {
		return "SELECT * FROM " + touched, nil
	}
	back, err := lookback(t.work.Write.Lookback)
	if err != nil {
		return "", err
	}
	last := len(by) - 1
	near := fmt.Sprintf("q.%s BETWEEN k.%s - INTERVAL '%d' SECOND AND k.%s", by[last], by[last], int64(back.Seconds()), by[last])
	for _, name := range by[:last] {
		near += fmt.Sprintf(" AND q.%s IS NOT DISTINCT FROM k.%s", name, name)
	}
	list := strings.Join(by, ", ")
	return fmt.Sprintf("SELECT * FROM %s UNION SELECT DISTINCT %s FROM (%s) AS q SEMI JOIN %s AS k ON %s", touched, list, full, touched, near), nil
}

// lookback reads a duration such as 3d or 12h.
func lookback(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		text = days + "h"
		d, err := time.ParseDuration(text)
		return 24 * d, err
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("reading the lookback: %w", err)
	}
	return d, nil
}

func quotedNames(names []string) []string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = duckdb.Ident(name)
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
