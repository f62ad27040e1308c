package apply

import (
	"context"
	"fmt"
	"slices"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/engine/duckdb"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/state"
)

// Names of the relations that apply makes for itself in a session; no layer can have them.
const (
	newSchema  = compile.NewSchema  // the drivers' new rows, under their own names
	keysSchema = compile.KeysSchema // the keys that new rows touch
	keysTable  = compile.KeysTable
	outSchema  = "etl_out" // "t": the rows to audit; "new": those of them that this run adds
)

// query computes the table from its inputs.
func (t *task) query(ctx context.Context) error {
	for _, in := range t.work.Inputs {
		if in.Audit {
			continue // the audit opens it
		}
		if err := t.bindInput(ctx, in); err != nil {
			return err
		}
	}
	if t.applies() {
		return t.queryApplied(ctx)
	}
	if err := t.findChanged(ctx); err != nil {
		return err
	}
	switch t.work.Compute {
	case plan.ComputeAppend:
		return t.queryAppend(ctx)
	case plan.ComputeKeys:
		return t.queryKeys(ctx)
	case plan.ComputeParts:
		return t.queryPartitions(ctx)
	}
	return t.queryFull(ctx)
}

// bindInput lets the query read an input as this run found or left it, and records that it did.
func (t *task) bindInput(ctx context.Context, in plan.Input) error {
	table := t.published.get(in.Ident)
	if table == nil {
		return fmt.Errorf("this is a bug in etl: %s is read before it is made", in.Address)
	}
	t.note(in, table)
	if t.drives(in) && (t.work.Compute == plan.ComputeAppend || t.work.Compute == plan.ComputeParts) {
		return nil // its new rows are bound in its place
	}
	return t.bindTable(ctx, in)
}

// bindTable lets the query read all rows of an input.
func (t *task) bindTable(ctx context.Context, in plan.Input) error {
	table := t.published.get(in.Ident)
	files, err := t.files(ctx, table)
	if err != nil {
		return err
	}
	for _, f := range files {
		t.outcome.Rows.Read += f.Rows
	}
	if err := t.session.Bind(ctx, in.Ident, table.Columns, files); err != nil {
		return fmt.Errorf("opening %s: %w", in.Ident, err)
	}
	return nil
}

// bindNew binds the rows that the drivers got since the recorded rows were computed, in a schema of the given name or, if
// that is empty, in place of the tables themselves.
func (t *task) bindNew(ctx context.Context, schema string) error {
	for _, in := range t.work.Inputs {
		if !t.drives(in) {
			continue
		}
		table := t.published.get(in.Ident)
		if found, ok := t.changed[in.Ident]; ok {
			if err := t.bindChanged(ctx, schema, in, found); err != nil {
				return err
			}
			continue
		}
		files, ok, why, err := t.Lakehouse.Appended(ctx, table, in.Since, table.Main)
		if err != nil {
			return fmt.Errorf("listing the new files of %s: %w", in.Ident, err)
		}
		if !ok {
			return &staleError{why: fmt.Sprintf("%s no longer tells its new rows apart: %s", in.Ident, why)}
		}
		for _, f := range files {
			t.outcome.Rows.Read += f.Rows
		}
		namespace := schema
		if namespace == "" {
			namespace = in.Ident.Namespace
		}
		if err := t.session.BindAs(ctx, namespace, in.Ident.Name, table.Columns, files); err != nil {
			return fmt.Errorf("opening the new rows of %s: %w", in.Ident, err)
		}
	}
	return nil
}

// drives says whether new rows come from an input.
func (t *task) drives(in plan.Input) bool { return slices.Contains(t.work.Query.Drivers, in.Address) }

// queryFull computes everything.
func (t *task) queryFull(ctx context.Context) error {
	if t.upserts() {
		return t.merge(ctx, t.work.Query.Full)
	}
	files, err := t.writeRows(ctx, t.work.Query.Full)
	if err != nil {
		return err
	}
	t.staged.add, t.staged.operation = files, state.Replace
	t.countWritten()
	return t.refuseDuplicates(ctx)
}

// upserts says whether rows go into those that exist by key, rather than taking their place.
func (t *task) upserts() bool {
	return t.work.Write.Mode == "merge" && t.base != nil && t.base.Main != 0 && t.plan.Action == plan.Refresh
}

// queryAppend computes the rows that new rows of the driving input give.
func (t *task) queryAppend(ctx context.Context) error {
	if err := t.bindNew(ctx, ""); err != nil {
		return err
	}
	if t.upserts() {
		return t.merge(ctx, t.work.Query.Full)
	}
	files, err := t.writeRows(ctx, t.work.Query.Full)
	if err != nil {
		return err
	}
	t.staged.add, t.staged.operation = files, state.Append
	t.countWritten()
	return nil
}

// queryKeys computes anew the rows of the keys that new rows touch.
func (t *task) queryKeys(ctx context.Context) error {
	if err := t.bindNew(ctx, newSchema); err != nil {
		return err
	}
	keys, err := t.text(ctx, t.work.Query.Keys)
	if err != nil {
		return err
	}
	if _, err := t.session.Materialize(ctx, keysSchema, touchedTable, keys); err != nil {
		return err
	}
	if err := t.keysBefore(ctx, keys); err != nil {
		return err
	}
	if t.upserts() {
		return t.merge(ctx, t.work.Query.Keyed)
	}
	return t.replaceKeys(ctx, t.work.Query.Keyed, t.work.Query.OutputKeys)
}

// keysBefore makes the table of keys of those that new rows touch, and of all in the partitions that the lookback adds.
func (t *task) keysBefore(ctx context.Context, keys string) error {
	by := ""
	if t.work.Write.Lookback != "" {
		last := t.work.Write.By[len(t.work.Write.By)-1]
		by = fmt.Sprintf("k%d", slices.Index(t.work.Query.OutputKeys, last))
		for _, in := range t.work.Inputs {
			if !t.drives(in) {
				continue
			}
			table := t.published.get(in.Ident)
			files, err := t.files(ctx, table)
			if err != nil {
				return err
			}
			if err := t.session.BindAs(ctx, newSchema, in.Ident.Name, table.Columns, files); err != nil {
				return fmt.Errorf("opening %s: %w", in.Ident, err)
			}
		}
	}
	return t.keepKeys(ctx, keys, by)
}

// replaceKeys puts rows in the place of those whose keys are in the table of keys.
func (t *task) replaceKeys(ctx context.Context, query string, keys []string) error {
	old, err := t.files(ctx, t.base)
	if err != nil {
		return err
	}
	rows, err := t.goodRows(ctx, query)
	if err != nil {
		return err
	}
	merged, err := t.session.ReplaceKeys(ctx, t.mergeInto(old, rows, keys),
		"SELECT * FROM "+keysSchema+"."+keysTable)
	if err != nil {
		return err
	}
	return t.swap(merged)
}

// merge upserts rows by the table's key.
func (t *task) merge(ctx context.Context, rows string) error {
	old, err := t.files(ctx, t.base)
	if err != nil {
		return err
	}
	good, err := t.goodRows(ctx, rows)
	if err != nil {
		return err
	}
	merged, err := t.session.Merge(ctx, t.mergeInto(old, good, t.work.Write.Key))
	if err != nil {
		return err
	}
	return t.swap(merged)
}

// What merging makes of the files that hold rows which go: up to a tenth of a file is deleted by position, which costs readers
// less than writing the rest again costs; small files are written again, and all of them once there are many.
const (
	deletableShare = 0.1
	smallFileBytes = 8 << 20
	smallFiles     = 16
)

// mergeInto says how rows go into the table's.
func (t *task) mergeInto(old []state.DataFile, rows string, keys []string) duckdb.Merge {
	m := duckdb.Merge{Write: t.target(rows), Old: old, Keys: keys, SmallBytes: smallFileBytes, SmallFiles: smallFiles}
	if t.base.FormatVersion == 2 {
		m.Deletable = deletableShare
	}
	return m
}

func (t *task) swap(m *duckdb.Merged) error {
	t.staged.operation, t.staged.add, t.staged.remove, t.staged.delete = state.Swap, m.Add, m.Remove, m.Delete
	t.outcome.Rows.Written = m.New
	return nil
}

// writeRows stages a query's rows, without those that checks take out.
func (t *task) writeRows(ctx context.Context, query string) ([]state.StagedFile, error) {
	good, err := t.goodRows(ctx, query)
	if err != nil {
		return nil, err
	}
	return t.session.Write(ctx, t.target(good))
}

func (t *task) target(query string) duckdb.Write {
	return duckdb.Write{Query: query, Columns: t.columns, Partition: t.work.Partition, Sort: t.work.Sort, Dir: t.dir, Prefix: "rows",
		Compression: "zstd", TargetBytes: targetFileBytes}
}

// text puts the run's instant where a query asks for the current time.
func (t *task) text(ctx context.Context, query string) (string, error) {
	if t.own || t.work.Query == nil || !t.work.Query.Text {
		return compile.At(query, t.started), nil
	}
	parsed, err := t.Compute.Parse(ctx, query)
	if err != nil {
		return "", fmt.Errorf("reading the plan's SQL of %s: %w", t.plan.Address, err)
	}
	return parsed.At(t.started), nil
}

// staleError says that a table moved in a way that the plan did not foresee.
type staleError struct{ why string }

func (e *staleError) Error() string { return e.why }
