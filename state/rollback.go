package state

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/google/uuid"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/state/failpoint"
)

// Rollback returns a table to one of its snapshots: rows, columns and recorded state. Main becomes an empty snapshot on
// top of the target, so that a commit which waits on the target or on the old main finds neither.
func (l *Lakehouse) Rollback(ctx context.Context, ident addr.Ident, to int64, runID string) (*Table, error) {
	if err := l.writable(); err != nil {
		return nil, err
	}
	failpoint.Hit(failpoint.RollbackBefore)
	commitID := uuid.NewString()
	for attempt := range attempts {
		current, err := l.load(ctx, ident)
		if err != nil {
			return nil, err
		}
		if current.meta.SnapshotByID(to) == nil {
			return nil, absent("%s has no snapshot %d, or no longer. `etl history` lists those it has", ident, to)
		}
		next, err := l.rollbackOnce(ctx, current, to, runID, commitID)
		if err == nil {
			failpoint.Hit(failpoint.RollbackAfter)
			return describe(next)
		}
		if !errors.Is(err, errMoved) {
			return nil, fmt.Errorf("rolling back %s: %w", ident, err)
		}
		if err := pause(ctx, attempt); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("rolling back %s: others kept changing it", ident)
}

func (l *Lakehouse) rollbackOnce(ctx context.Context, current *loaded, to int64, runID, commitID string) (*loaded, error) {
	path, err := pathOf(current.meta.Location())
	if err != nil {
		return nil, err
	}
	p := &proposal{
		change: &Change{Ident: current.ident, Summary: Summary{CommitID: commitID, RunID: runID, Mode: ModeRollback}}, path: path,
	}
	builder, err := table.MetadataBuilderFromBase(current.meta, current.location)
	if err == nil {
		err = p.returnTo(builder, current.meta, current.meta.SnapshotByID(to))
	}
	if err != nil {
		return nil, errors.Join(err, p.discard())
	}
	if p.meta, err = builder.Build(); err != nil {
		return nil, errors.Join(err, p.discard())
	}
	p.expired = droppedMetadata(current.meta, p.meta)
	return l.finish(ctx, p, current.location)
}

// returnTo brings the table's layout and recorded state to a snapshot's, and puts an empty snapshot on top of it.
func (p *proposal) returnTo(builder *table.MetadataBuilder, base table.Metadata, target *table.Snapshot) error {
	if err := layoutAt(builder, base, target); err != nil {
		return err
	}
	props, err := p.stateAt(base, target)
	if err != nil {
		return err
	}
	at, err := snapshotTime(p.change, base)
	if err != nil {
		return err
	}
	w := &manifests{
		folder: filepath.Join(p.path, "metadata"), version: base.Version(), snapshot: newSnapshotID(base),
		name: runMark(p.change.files()) + uuid.NewString(),
	}
	defer func() { p.written = append(p.written, w.written...) }()
	before, err := manifestsOf(target)
	if err != nil {
		return err
	}
	kept, err := w.kept(before, nil)
	if err != nil {
		return err
	}
	sequence := base.LastSequenceNumber() + 1
	list, rows, err := w.list(kept, &target.SnapshotID, sequence, base.NextRowID())
	if err != nil {
		return err
	}
	for key, value := range w.totals.properties(target) {
		props[key] = value
	}
	schema := builder.CurrentSchema().ID
	s := &table.Snapshot{
		SnapshotID: w.snapshot, ParentSnapshotID: &target.SnapshotID, SequenceNumber: sequence, TimestampMs: at,
		ManifestList: list, Summary: &table.Summary{Operation: w.totals.operation(), Properties: props}, SchemaID: &schema,
	}
	if base.Version() >= 3 {
		first := base.NextRowID()
		s.FirstRowID, s.AddedRows = &first, &rows
	}
	return place(builder, s)
}

// stateAt is the state that the target stands on, as the rollback records it; only the totals where there is none.
func (p *proposal) stateAt(base table.Metadata, target *table.Snapshot) (iceberg.Properties, error) {
	line := lineageOf(base)
	line.main = target.SnapshotID
	at, _ := line.state()
	props := iceberg.Properties{}
	if at == nil {
		return props, nil
	}
	for key, value := range at.Summary.Properties {
		if len(key) > 4 && key[:4] == "etl." {
			props[key] = value
		}
	}
	props[KeyCommit], props[KeyRun], props[KeyMode] = p.change.Summary.CommitID, p.change.Summary.RunID, ModeRollback
	props[KeyAt] = time.Now().UTC().Format(time.RFC3339Nano)
	delete(props, KeyPlan)
	return props, nil
}

// layoutAt makes the target's columns the table's, and drops what partitioning and sort order the columns don't bear.
func layoutAt(builder *table.MetadataBuilder, base table.Metadata, target *table.Snapshot) error {
	if target.SchemaID == nil {
		return nil
	}
	if err := builder.SetCurrentSchemaID(*target.SchemaID); err != nil {
		return err
	}
	schema := builder.CurrentSchema()
	spec := base.PartitionSpec()
	if !bearable(&spec, schema) {
		plain := iceberg.NewPartitionSpec()
		if err := errors.Join(builder.AddPartitionSpec(&plain, false), builder.SetDefaultSpecID(-1)); err != nil {
			return err
		}
	}
	if !sortBroken(base.SortOrder(), schema) {
		return nil
	}
	unsorted := table.UnsortedSortOrder
	return errors.Join(builder.AddSortOrder(&unsorted), builder.SetDefaultSortOrderID(-1))
}

// bearable reports whether the schema has all columns that the spec partitions by.
func bearable(spec *iceberg.PartitionSpec, schema *iceberg.Schema) bool {
	for _, f := range spec.Fields() {
		if _, found := schema.FindFieldByID(f.SourceID()); !found {
			return false
		}
	}
	return true
}
