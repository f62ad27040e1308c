package state

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/iceberg-go"
	sqlcat "github.com/apache/iceberg-go/catalog/sql"
	"github.com/apache/iceberg-go/table"
	"github.com/apache/iceberg-go/table/compaction"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// foreign is the table as iceberg-go itself has it.
func foreign(t testing.TB, l *Lakehouse) *table.Table {
	t.Helper()
	cat, err := sqlcat.NewCatalog(CatalogName, l.catalog.db, sqlcat.SQLite, iceberg.Properties{"warehouse": locationOf(l.options.Warehouse)})
	must(t, err)
	loaded, err := cat.LoadTable(t.Context(), []string{orders.Namespace, orders.Name})
	must(t, err)
	return loaded
}

// foreignAppend appends rows by iceberg-go's own means.
func foreignAppend(t testing.TB, l *Lakehouse, ids ...int64) {
	t.Helper()
	to := foreign(t, l)
	schema, err := table.SchemaToArrowSchema(to.Schema(), nil, true, false)
	must(t, err)
	builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer builder.Release()
	for _, id := range ids {
		builder.Field(0).(*array.Int64Builder).Append(id)
		builder.Field(1).(*array.StringBuilder).Append("foreign")
	}
	batch := builder.NewRecordBatch()
	defer batch.Release()
	rows := array.NewTableFromRecords(schema, []arrow.RecordBatch{batch})
	defer rows.Release()
	_, err = to.AppendTable(t.Context(), rows, 100, nil)
	must(t, err)
}

// foreignDelete deletes rows by position, or by deletion vectors on tables of version 3.
func foreignDelete(t testing.TB, l *Lakehouse, filter iceberg.BooleanExpression) {
	t.Helper()
	tx := foreign(t, l).NewTransaction()
	must(t, tx.SetProperties(iceberg.Properties{table.WriteDeleteModeKey: table.WriteModeMergeOnRead}))
	must(t, tx.Delete(t.Context(), filter, nil))
	_, err := tx.Commit(t.Context())
	must(t, err)
}

func foreignCompact(t testing.TB, l *Lakehouse) {
	t.Helper()
	of := foreign(t, l)
	config := compaction.DefaultConfig()
	config.MinInputFiles = 2
	plan, err := compaction.Analyze(t.Context(), of, config)
	must(t, err)
	var groups []table.CompactionTaskGroup
	for _, g := range plan.Groups {
		groups = append(groups, table.CompactionTaskGroup{PartitionKey: g.PartitionKey, Tasks: g.Tasks, TotalSizeBytes: g.TotalSizeBytes})
	}
	tx := of.NewTransaction()
	_, err = tx.RewriteDataFiles(t.Context(), groups, table.RewriteDataFilesOptions{})
	must(t, err)
	_, err = tx.Commit(t.Context())
	must(t, err)
}

func now(t testing.TB, l *Lakehouse) *Table {
	t.Helper()
	read, err := l.Table(context.Background(), orders)
	must(t, err)
	return read
}

func seed(t testing.TB, l *Lakehouse, ids ...int64) *Table {
	t.Helper()
	columns := assigned(t, nil, plainColumns())
	var last *Table
	for _, id := range ids {
		last = commit(t, l, change(last, columns, Append, stage(t, l, last, columns, id)))
	}
	return last
}

// visible are the ids that are left once the deletes of each file are applied.
func visible(t testing.TB, files []DataFile) []int64 {
	t.Helper()
	var left []int64
	for _, f := range files {
		gone := map[int64]bool{}
		for _, d := range f.Deletes {
			for _, p := range d.Positions {
				gone[p] = true
			}
			if d.Path != "" {
				for _, p := range positionsFor(t, d) {
					gone[p] = true
				}
			}
		}
		for at, id := range idsInFile(t, f.Path) {
			if !gone[int64(at)] {
				left = append(left, id)
			}
		}
	}
	return sorted(left)
}

func TestForeignAppendIsSeenAndKeepsOurState(t *testing.T) {
	l := openIn(t, t.TempDir())
	ours := seed(t, l, 1)
	foreignAppend(t, l, 2, 3)
	seen := now(t, l)
	if seen.StateAt != ours.Main || seen.Main == ours.Main || len(seen.Foreign) != 1 || seen.Foreign[0].ID != seen.Main ||
		seen.Foreign[0].Added != 2 || seen.Summary.CommitID != ours.Summary.CommitID {
		t.Fatalf("after a foreign append: %+v", seen)
	}
	var conflict *ConflictError
	if _, err := l.Commit(t.Context(), change(ours, ours.Columns, Empty)); !errors.As(err, &conflict) || conflict.By != "another writer (append)" {
		t.Fatalf("a commit behind a foreign append said %v", err)
	}
	// A fence on top doesn't hide that others wrote.
	must(t, l.fence(t.Context(), "run-2", "run-2", seen, everySnapshot))
	fenced := now(t, l)
	if len(fenced.Foreign) != 1 || fenced.StateAt != fenced.Main || fenced.Summary.Mode != ModeFence || string(fenced.Definition) != string(ours.Definition) {
		t.Fatalf("after a fence: %+v", fenced)
	}
	sameIDs(t, idsIn(t, l, fenced, fenced.Main), 1, 2, 3)
	next := commit(t, l, change(fenced, ours.Columns, Append, stage(t, l, fenced, ours.Columns, 4)))
	if len(next.Foreign) != 0 {
		t.Fatalf("after our next commit: %+v", next.Foreign)
	}
}

func TestForeignExpiryLeavesOurLastState(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	ours := seed(t, l, 1, 2)
	python(t, dir, `
import datetime
for n in (10, 11, 12):
    t = catalog.load_table("silver.orders")
    t.append(pa.table({"id": [n], "name": ["py"]}, schema=t.schema().as_arrow()))
t = catalog.load_table("silver.orders")
keep = {r.snapshot_id for r in t.metadata.refs.values()}
t.maintenance.expire_snapshots().by_ids([s.snapshot_id for s in t.metadata.snapshots if s.snapshot_id not in keep]).commit()
out(None)
`, nil)
	seen := now(t, l)
	if seen.Snapshots != 2 || seen.StateAt != ours.Main || seen.Summary.CommitID != ours.Summary.CommitID || len(seen.Foreign) != 1 {
		t.Fatalf("after the expiry: %+v", seen)
	}
	if _, ok, why, err := l.Appended(t.Context(), seen, ours.Main, seen.Main); ok || err != nil || why == "" {
		t.Fatalf("appends over an expired gap: %v %q %v", ok, why, err)
	}
	next := commit(t, l, change(seen, ours.Columns, Append, stage(t, l, seen, ours.Columns, 3)))
	sameIDs(t, idsIn(t, l, next, next.Main), 1, 2, 3, 10, 11, 12)
}

// Rolled back by another writer and expired, our tagged state is about rows that are gone: it must not count.
func TestTaggedStateOfOtherRows(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	seed(t, l, 1, 2)
	python(t, dir, `
t = catalog.load_table("silver.orders")
t.manage_snapshots().rollback_to_snapshot(t.metadata.snapshots[0].snapshot_id).commit()
t = catalog.load_table("silver.orders")
t.append(pa.table({"id": [10], "name": ["py"]}, schema=t.schema().as_arrow()))
t = catalog.load_table("silver.orders")
t.maintenance.expire_snapshots().by_ids([t.metadata.snapshots[0].snapshot_id]).commit()
out(None)
`, nil)
	if seen := now(t, l); seen.StateAt != 0 || seen.Rows != 2 || seen.Snapshots != 2 {
		t.Fatalf("after another's rollback and expiry: %+v", seen)
	}
}

func TestStateThatIsLostIsNotInvented(t *testing.T) {
	l := openIn(t, t.TempDir())
	seed(t, l, 1)
	foreignAppend(t, l, 2)
	tx := foreign(t, l).NewTransaction()
	must(t, tx.ExpireSnapshots(table.WithRetainLast(1), table.WithPostCommit(false)))
	_, err := tx.Commit(t.Context())
	must(t, err)
	// The tag goes by hand: now nothing of ours is left but the address.
	current, err := l.load(t.Context(), orders)
	must(t, err)
	builder, err := table.MetadataBuilderFromBase(current.meta, current.location)
	must(t, err)
	must(t, builder.RemoveSnapshotRef(Tag))
	must(t, builder.RemoveSnapshots(otherThanMain(current.meta), false))
	meta, err := builder.Build()
	must(t, err)
	location, err := writeMetadata(mustPath(meta.Location()), current.location, "another writer", meta)
	must(t, err)
	must(t, l.catalog.swap(t.Context(), orders, current.location, location))
	seen := now(t, l)
	if seen.StateAt != 0 || seen.Main == 0 || seen.Address == "" || seen.Rows != 2 {
		t.Fatalf("without our snapshots: %+v", seen)
	}
	must(t, l.fence(t.Context(), "run-2", "run-2", seen, everySnapshot))
	if fenced := now(t, l); fenced.StateAt != 0 || len(fenced.Foreign) != 1 {
		t.Fatalf("a fence made up a state: %+v", fenced)
	}
}

// What another writer made of the columns shows until we write the table again; what passes our state on doesn't hide it.
func TestForeignColumnsShow(t *testing.T) {
	l := openIn(t, t.TempDir())
	ours := seed(t, l, 1)
	if ours.Before != nil {
		t.Fatalf("nobody changed the columns, and before there were %v", ours.Before)
	}
	tx := foreign(t, l).NewTransaction()
	must(t, tx.UpdateSchema(true, false).RenameColumn([]string{"name"}, "label").Commit())
	_, err := tx.Commit(t.Context())
	must(t, err)
	seen := now(t, l)
	if !seen.Before.Equal(ours.Columns) || seen.Columns[1].Name != "label" || seen.Columns[1].ID != ours.Columns[1].ID {
		t.Fatalf("after a foreign rename: %v, before %v", seen.Columns, seen.Before)
	}
	must(t, l.fence(t.Context(), "run-2", "run-2", seen, everySnapshot))
	fenced := now(t, l)
	if !fenced.Before.Equal(ours.Columns) {
		t.Fatalf("a fence hid a foreign rename: %v", fenced.Before)
	}
	if listed, err := l.Tables(t.Context()); err != nil || !listed[0].Before.Equal(ours.Columns) {
		t.Fatalf("the list says %v, %v", listed, err)
	}
	if next := commit(t, l, change(fenced, fenced.Columns, Empty)); next.Before != nil {
		t.Fatalf("after our own commit: %v", next.Before)
	}
}

func otherThanMain(m table.Metadata) (others []int64) {
	for _, s := range m.Snapshots() {
		if s.SnapshotID != m.CurrentSnapshot().SnapshotID {
			others = append(others, s.SnapshotID)
		}
	}
	return others
}

func TestAppended(t *testing.T) {
	l := openIn(t, t.TempDir())
	one := seed(t, l, 1)
	two := commit(t, l, change(one, one.Columns, Append, stage(t, l, one, one.Columns, 2)))
	three := commit(t, l, change(two, one.Columns, Empty))
	foreignAppend(t, l, 3)
	foreignCompact(t, l)
	seen := now(t, l)
	if seen.Files != 1 || len(seen.Foreign) != 2 || seen.Foreign[0].Operation != "replace" {
		t.Fatalf("after the compaction: %+v", seen)
	}
	sameIDs(t, idsIn(t, l, seen, seen.Main), 1, 2, 3)
	between := func(from, to int64, want ...int64) {
		t.Helper()
		files, ok, why, err := l.Appended(t.Context(), seen, from, to)
		must(t, err)
		if !ok {
			t.Fatalf("not appends: %s", why)
		}
		sameIDs(t, idsOf(t, files), want...)
	}
	between(one.Main, seen.Main, 2, 3)
	between(two.Main, three.Main)
	between(three.Main, seen.Main, 3)
	between(0, seen.Main, 1, 2, 3)
	between(seen.Main, seen.Main)
	foreignDelete(t, l, iceberg.EqualTo(iceberg.Reference("id"), int64(2)))
	after := now(t, l)
	_, ok, why, err := l.Appended(t.Context(), after, seen.Main, after.Main)
	must(t, err)
	if ok || !strings.Contains(why, "changed rows") {
		t.Fatalf("a delete counts as %v, %q", ok, why)
	}
	rolled, err := l.Rollback(t.Context(), orders, one.Main, "run-9")
	must(t, err)
	_, ok, why, err = l.Appended(t.Context(), rolled, two.Main, rolled.Main)
	must(t, err)
	if ok || !strings.Contains(why, "no longer in its history") {
		t.Fatalf("a rollback counts as %v, %q", ok, why)
	}
}

func TestPositionDeletesAndVectors(t *testing.T) {
	for _, version := range []int{2, 3} {
		l := openIn(t, t.TempDir())
		columns := assigned(t, nil, plainColumns())
		base := commit(t, l, change(nil, columns, Append, stage(t, l, nil, columns, 1, 2, 3, 4), stage(t, l, nil, columns, 5, 6)))
		if version == 3 {
			tx := foreign(t, l).NewTransaction()
			must(t, tx.UpgradeFormatVersion(3))
			_, err := tx.Commit(t.Context())
			must(t, err)
		}
		foreignDelete(t, l, iceberg.IsIn(iceberg.Reference("id"), int64(2), int64(4), int64(5)))
		foreignDelete(t, l, iceberg.EqualTo(iceberg.Reference("id"), int64(1)))
		seen := now(t, l)
		if seen.Rows != 2 {
			t.Errorf("version %d: %d rows are told", version, seen.Rows)
		}
		files, err := l.Files(t.Context(), seen, seen.Main)
		must(t, err)
		sameIDs(t, visible(t, files), 3, 6)
		// Our commits carry them on; a swap of a file leaves no delete behind that touches others.
		appended := commit(t, l, change(seen, columns, Append, stage(t, l, seen, columns, 7)))
		files, err = l.Files(t.Context(), appended, appended.Main)
		must(t, err)
		sameIDs(t, visible(t, files), 3, 6, 7)
		swap := change(appended, columns, Swap, stage(t, l, appended, columns, 30))
		for _, f := range files {
			if f.Rows == 4 {
				swap.Remove = []DataFile{f}
			}
		}
		swapped := commit(t, l, swap)
		files, err = l.Files(t.Context(), swapped, swapped.Main)
		must(t, err)
		sameIDs(t, visible(t, files), 6, 7, 30)
		replaced := commit(t, l, change(swapped, columns, Replace, stage(t, l, swapped, columns, 8)))
		if replaced.Rows != 1 {
			t.Errorf("version %d: %d rows after a replacement", version, replaced.Rows)
		}
		sameIDs(t, idsIn(t, l, replaced, base.Main), 1, 2, 3, 4, 5, 6)
		again := commit(t, l, change(replaced, columns, Append, stage(t, l, replaced, columns, 9)))
		var seenByOthers rowsSeen
		python(t, mustDir(l), seeOrders, &seenByOthers)
		sameIDs(t, ids(seenByOthers.Py, 0), 8, 9)
		sameIDs(t, ids(seenByOthers.Duck, 0), 8, 9)
		_ = again
	}
}

func TestDeletesByEqualityAreRefused(t *testing.T) {
	l := openIn(t, t.TempDir())
	seed(t, l, 1, 2)
	tx := foreign(t, l).NewTransaction()
	schema := arrow.NewSchema([]arrow.Field{idField("id", arrow.PrimitiveTypes.Int64, 1)}, nil)
	builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer builder.Release()
	builder.Field(0).(*array.Int64Builder).Append(1)
	records := func(yield func(arrow.RecordBatch, error) bool) { yield(builder.NewRecordBatch(), nil) }
	must(t, tx.CommitEqualityDeletes(t.Context(), []int{1}, records, nil))
	_, err := tx.Commit(t.Context())
	must(t, err)
	seen := now(t, l)
	if seen.Rows != -1 {
		t.Errorf("%d rows are told", seen.Rows)
	}
	var unsupported *UnsupportedError
	if _, err := l.Files(t.Context(), seen, seen.Main); !errors.As(err, &unsupported) || !strings.Contains(err.Error(), "rewrite the table's data files") {
		t.Fatalf("deletes by equality: %v", err)
	}
}

func TestManifestsAreMergedInTime(t *testing.T) {
	l := openIn(t, t.TempDir())
	columns := assigned(t, nil, coltype.Schema{column("id", coltype.Long), column("name", coltype.String)})
	var base *Table
	var want []int64
	for id := range int64(mergeAt + 5) {
		base = commit(t, l, change(base, columns, Append, stage(t, l, base, columns, id)))
		want = append(want, id)
	}
	current, err := l.load(t.Context(), orders)
	must(t, err)
	all, err := manifestsOf(current.meta.CurrentSnapshot())
	must(t, err)
	if len(all) > 10 {
		t.Fatalf("%d manifests", len(all))
	}
	sameIDs(t, idsIn(t, l, base, base.Main), want...)
	var seen rowsSeen
	python(t, mustDir(l), seeOrders, &seen)
	sameIDs(t, ids(seen.Py, 0), want...)
	sameIDs(t, ids(seen.Duck, 0), want...)
	if got, err := l.History(t.Context(), orders); err != nil || slices.ContainsFunc(got, func(s Snapshot) bool { return s.Operation != "append" }) {
		t.Fatalf("history: %v, %v", got, err)
	}
	// The metadata files are bounded, too.
	entries := 0
	for range current.meta.PreviousFiles() {
		entries++
	}
	if entries > 16 {
		t.Fatalf("%d metadata files are listed", entries)
	}
}
