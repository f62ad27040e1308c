package apply

import (
	"context"
	"fmt"
	"strings"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/engine/duckdb"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/engine/quarantine"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/state"
)

// supersede takes rows out of the quarantine whose keys or partitions this run computed anew: those that are bad still are found
// again. What is left of their files is staged. If the run dies before the table's commit, the next one puts them back.
func (t *task) supersede(ctx context.Context, kept quarantine.Kept) (quarantine.Kept, error) {
	all, _ := t.takingOut()
	from, keys := t.recomputed()
	if len(kept.Counting) == 0 || len(all) == 0 || len(keys) == 0 {
		return kept, nil
	}
	b := t.staged.bad
	if err := b.prepare(ctx, t); err != nil {
		return kept, err
	}
	text, match := t.quarantinedKeys(from, keys)
	merged, err := t.session.ReplaceKeys(ctx, duckdb.Merge{Old: kept.Counting, Keys: []string{"raw", "_etl_run"}, Match: match, Write: b.write(noRows(b.columns), "kept")}, text)
	if err != nil {
		return kept, fmt.Errorf("taking quarantined rows out that were computed anew: %w", err)
	}
	b.files = append(b.files, merged.Add...)
	kept.Outdated = append(kept.Outdated, quarantine.Without(merged.Remove, kept.Again)...)
	kept.Again = quarantine.Without(kept.Again, merged.Remove)
	return kept, nil
}

// key is a column of the table's rows, and its name where the keys are.
type key struct{ column, name string }

// recomputed are the keys of the rows that this run computed anew, where it left others as they were: the relation that has
// them, and its columns.
func (t *task) recomputed() (from string, keys []key) {
	if t.work.Kind != plan.QueryWork || t.staged.operation != state.Swap {
		return "", nil
	}
	from = keysSchema + "." + keysTable
	switch {
	case t.work.Compute == plan.ComputeKeys && !t.applies():
		for i, column := range t.work.Query.OutputKeys {
			keys = append(keys, key{column, fmt.Sprintf("k%d", i)})
		}
	case t.work.Compute == plan.ComputeParts && !t.applies():
		for _, column := range t.work.Write.By {
			keys = append(keys, key{column, column})
		}
	case t.work.Write.Mode == "history" && t.rowsAre(compile.ChangeRows):
		return "", nil // a version that was bad once stays so, and is not made again
	default:
		from = outSchema + ".computed0"
		if t.outgoing != "" {
			from = "(" + t.outgoing + ")"
		}
		for _, column := range t.work.Write.Key {
			keys = append(keys, key{column, column})
		}
	}
	return from, keys
}

// quarantinedKeys are the keys as the JSON of quarantined rows has them, and the condition that a row o which a run put there has
// a key k.
func (t *task) quarantinedKeys(from string, keys []key) (text, match string) {
	values, conditions := make([]string, len(keys)), make([]string, len(keys))
	for i, k := range keys {
		column, _ := t.columns.Lookup(k.column)
		values[i] = fmt.Sprintf("json_extract(to_json(struct_pack(v := CAST(%s AS %s))), '/v')::VARCHAR AS k%d", dialect.Ident(k.name), dialect.Type(column.Type), i)
		path := "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(k.column)
		conditions[i] = fmt.Sprintf("CASE WHEN o._etl_run IS NOT NULL AND json_valid(o.raw) THEN json_extract(o.raw, %s)::VARCHAR END = k.k%d", dialect.Text(path), i)
	}
	return "SELECT DISTINCT " + strings.Join(values, ", ") + " FROM " + from, strings.Join(conditions, " AND ")
}

// noRows is a query of the columns without rows.
func noRows(columns coltype.Schema) string {
	values := make([]string, len(columns))
	for i, c := range columns {
		values[i] = dialect.Cast("NULL", c.Type) + " AS " + dialect.Ident(c.Name)
	}
	return "SELECT " + strings.Join(values, ", ") + " WHERE false"
}
