package apply

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/engine/duckdb"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/state"
)

// supersede takes rows out of the quarantine whose keys or partitions this run computed anew: those that are bad still are found
// again. It gives the files that go, after those that go already, and stages what is left of them. If the run dies before the
// table's commit, the next one computes the same keys anew.
func (t *task) supersede(ctx context.Context, outdated []state.DataFile) ([]state.DataFile, error) {
	q := t.published.get(t.work.Quarantine)
	all, _ := t.takingOut()
	from, keys := t.recomputed()
	if q == nil || q.Main == 0 || len(all) == 0 || len(keys) == 0 {
		return outdated, nil
	}
	kept, err := t.keptBad(ctx, q, outdated)
	if err != nil || len(kept) == 0 {
		return outdated, err
	}
	text, match := t.quarantinedKeys(from, keys)
	runs, err := t.supersededRuns(ctx, q, kept, text, match)
	if err != nil {
		return nil, fmt.Errorf("looking for quarantined rows that were computed anew: %w", err)
	}
	for _, run := range runs {
		merged, err := t.rewriteBad(ctx, run, kept, text, match)
		if err != nil {
			return nil, fmt.Errorf("writing the quarantine %s again: %w", q.Ident, err)
		}
		outdated = append(outdated, merged.Remove...)
		t.staged.bad.files = append(t.staged.bad.files, merged.Add...)
	}
	return outdated, nil
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

// keptBad are the quarantine's files that are not outdated.
func (t *task) keptBad(ctx context.Context, q *state.Table, outdated []state.DataFile) ([]state.DataFile, error) {
	files, err := t.Lakehouse.Files(ctx, q, q.Main)
	if err != nil {
		return nil, fmt.Errorf("reading the quarantine %s: %w", q.Ident, err)
	}
	gone := make(map[string]bool, len(outdated))
	for _, f := range outdated {
		gone[f.Path] = true
	}
	var kept []state.DataFile
	for _, f := range files {
		if !gone[f.Path] && runOf(f.Path) != "" {
			kept = append(kept, f)
		}
	}
	return kept, nil
}

// quarantinedKeys are the keys as the JSON of quarantined rows has them, and the condition that such a row o has a key k.
func (t *task) quarantinedKeys(from string, keys []key) (text, match string) {
	values, conditions := make([]string, len(keys)), make([]string, len(keys))
	for i, k := range keys {
		column, _ := t.columns.Lookup(k.column)
		values[i] = fmt.Sprintf("json_extract(to_json(struct_pack(v := CAST(%s AS %s))), '/v')::VARCHAR AS k%d", dialect.Ident(k.name), dialect.Type(column.Type), i)
		path := "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(k.column)
		conditions[i] = fmt.Sprintf("CASE WHEN json_valid(o.raw) THEN json_extract(o.raw, %s)::VARCHAR END = k.k%d", dialect.Text(path), i)
	}
	return "SELECT DISTINCT " + strings.Join(values, ", ") + " FROM " + from, strings.Join(conditions, " AND ")
}

// supersededRuns are the runs that found rows of the keys.
func (t *task) supersededRuns(ctx context.Context, q *state.Table, kept []state.DataFile, keys, match string) ([]string, error) {
	if err := t.session.BindAs(ctx, outSchema, "quarantined", q.Columns, kept); err != nil {
		return nil, err
	}
	text := fmt.Sprintf("SELECT DISTINCT o._etl_run FROM %s.quarantined AS o SEMI JOIN (%s) AS k ON %s WHERE o._etl_run IS NOT NULL ORDER BY ALL", outSchema, keys, match)
	found, err := t.session.Rows(ctx, text, len(kept))
	if err != nil {
		return nil, err
	}
	var runs []string
	for _, row := range found.Values {
		if run, ok := row[0].(string); ok {
			runs = append(runs, run)
		}
	}
	return runs, nil
}

// rewriteBad writes a run's rows again without those of the keys. They stay under its name: they count while its commit does.
func (t *task) rewriteBad(ctx context.Context, run string, kept []state.DataFile, keys, match string) (*duckdb.Merged, error) {
	b := t.staged.bad
	if err := b.prepare(ctx, t); err != nil {
		return nil, err
	}
	var files []state.DataFile
	for _, f := range kept {
		if runOf(f.Path) == run {
			files = append(files, f)
		}
	}
	none := fmt.Sprintf("SELECT * FROM %s.quarantined WHERE false", outSchema)
	return t.session.ReplaceKeys(ctx, duckdb.Merge{Old: files, Keys: []string{"raw"}, Match: match, Write: duckdb.Write{Query: none, Columns: b.columns,
		Dir: filepath.Join(b.dir, run), Prefix: "kept", Compression: "zstd", TargetBytes: targetFileBytes}}, keys)
}
