package state

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/google/uuid"

	"github.com/automic-etl/etl/state/failpoint"
)

// clockTolerance is how far Iceberg lets a snapshot's time lie behind the one before.
const clockTolerance = time.Minute

// propose makes a change into files and the metadata that names them. The proposal is returned with an error too, for what
// is to be removed.
func (l *Lakehouse) propose(ctx context.Context, c Change, current *loaded, keep int) (*proposal, error) {
	if c.Project == "" && current == nil && c.Address != "" {
		c.Project = l.options.Project
	}
	p := &proposal{change: &c}
	base, err := l.startingPoint(ctx, c, current)
	if err != nil {
		return p, err
	}
	if p.path, err = pathOf(base.Location()); err != nil {
		return p, err
	}
	if err := os.MkdirAll(filepath.Join(p.path, "metadata"), 0o755); err != nil {
		return p, err
	}
	previous := ""
	if current != nil {
		previous = current.location
	}
	builder, err := table.MetadataBuilderFromBase(base, previous)
	if err != nil {
		return p, err
	}
	if current != nil && c.Columns != nil {
		if err := evolve(builder, base, c); err != nil {
			return p, err
		}
	}
	definition, err := p.properties(builder, base.Properties())
	if err != nil {
		return p, err
	}
	if err := p.snapshot(ctx, builder, base, definition); err != nil {
		return p, err
	}
	if err := p.expire(builder, base, keep); err != nil {
		return p, err
	}
	p.meta, err = builder.Build()
	if err == nil {
		p.expired = append(p.expired, droppedMetadata(base, p.meta)...)
	}
	return p, err
}

// startingPoint is the table's metadata, or that of an empty table to be created in the same step.
func (l *Lakehouse) startingPoint(ctx context.Context, c Change, current *loaded) (table.Metadata, error) {
	if current != nil {
		if v := current.meta.Version(); v < 2 {
			return nil, &UnsupportedError{Ident: c.Ident, What: "Iceberg's format version 1",
				Way: "Upgrade the table to version 2 with the engine that wrote it."}
		}
		return current.meta, nil
	}
	path, err := l.newPath(ctx, c.Ident)
	if err != nil {
		return nil, err
	}
	fields, err := icebergFields(c.Columns)
	if err != nil {
		return nil, err
	}
	schema := iceberg.NewSchema(0, fields...)
	spec, err := specOf(c.Partition, schema, nil)
	if err != nil {
		return nil, err
	}
	order, err := orderOf(c.Sort, schema)
	if err != nil {
		return nil, err
	}
	props := defaultProperties()
	props[table.PropertyFormatVersion] = "2"
	meta, err := table.NewMetadataWithUUID(schema, spec, order, locationOf(path), props, uuid.New())
	if err == nil && !slices.EqualFunc(meta.CurrentSchema().Fields(), fields, func(a, b iceberg.NestedField) bool { return a.Equals(b) }) {
		return nil, fmt.Errorf("the columns' ids %v are not those of a new table, %v; use AssignIDs", schema, meta.CurrentSchema())
	}
	return meta, err
}

// properties sets the table's properties and returns the SHA-256 of its definition.
func (p *proposal) properties(builder *table.MetadataBuilder, had iceberg.Properties) (string, error) {
	c := p.change
	wanted := iceberg.Properties{PropAddress: c.Address, PropProject: p.project(had), PropMetaHash: c.MetaHash}
	definition := ""
	if len(c.Definition) > 0 {
		wanted[PropDefinition] = string(c.Definition)
		var err error
		if definition, err = writeSpilled(p.path, c.Definition); err != nil {
			return "", fmt.Errorf("recording the definition: %w", err)
		}
	}
	if err := spill(p.path, wanted); err != nil {
		return "", err
	}
	failpoint.Hit(failpoint.CommitSpillAfter)
	var gone []string
	for _, key := range []string{PropAddress, PropProject, PropDefinition, PropMetaHash} {
		for _, variant := range []string{key, key + spilledSuffix} {
			if _, there := had[variant]; there && wanted[variant] == "" {
				gone = append(gone, variant)
			}
		}
	}
	set := iceberg.Properties{}
	for key, value := range wanted {
		if value != "" {
			set[key] = value
		}
	}
	for key, value := range c.Properties {
		if _, there := had[key]; value == "" && there {
			gone = append(gone, key)
		} else if value != "" {
			set[key] = value
		}
	}
	slices.Sort(gone)
	if err := builder.RemoveProperties(gone); err != nil {
		return "", err
	}
	return definition, builder.SetProperties(set)
}

// project is the table's owner: the commit's, else who owned it.
func (p *proposal) project(had iceberg.Properties) string {
	if p.change.Project != "" {
		return p.change.Project
	}
	return had[PropProject]
}

// snapshot adds the change's snapshot, and moves main and the tag to it.
func (p *proposal) snapshot(ctx context.Context, builder *table.MetadataBuilder, base table.Metadata, definition string) error {
	parent := base.CurrentSnapshot()
	at, err := snapshotTime(p.change, base)
	if err != nil {
		return err
	}
	w := &manifests{
		folder: filepath.Join(p.path, "metadata"), version: base.Version(), schema: builder.CurrentSchema(),
		specs:    func(id int) *iceberg.PartitionSpec { spec, _ := builder.GetSpecByID(id); return spec },
		snapshot: newSnapshotID(base), name: runMark(p.change.files()) + uuid.NewString(),
	}
	defer func() { p.written = append(p.written, w.written...) }()
	files, err := p.files(ctx, builder, base, w, parent)
	if err != nil {
		return err
	}
	var parentID *int64
	if parent != nil {
		parentID = &parent.SnapshotID
	}
	sequence := base.LastSequenceNumber() + 1
	list, rows, err := w.list(files, parentID, sequence, base.NextRowID())
	if err != nil {
		return fmt.Errorf("writing the manifest list: %w", err)
	}
	failpoint.Hit(failpoint.CommitManifestsAfter)
	props, err := p.summary(w.totals, parent, definition)
	if err != nil {
		return err
	}
	schemaID := builder.CurrentSchema().ID
	snapshot := &table.Snapshot{
		SnapshotID: w.snapshot, ParentSnapshotID: parentID, SequenceNumber: sequence, TimestampMs: at, ManifestList: list,
		Summary: &table.Summary{Operation: w.totals.operation(), Properties: props}, SchemaID: &schemaID,
	}
	if base.Version() >= 3 {
		first := base.NextRowID()
		snapshot.FirstRowID, snapshot.AddedRows = &first, &rows
	}
	return place(builder, snapshot)
}

// place adds a snapshot and points main and our tag at it.
func place(builder *table.MetadataBuilder, s *table.Snapshot) error {
	if err := builder.AddSnapshot(s); err != nil {
		return err
	}
	main := builder.NewRetainingSnapshotRefUpdate(table.MainBranch, s.SnapshotID, table.BranchRef)
	if err := main.Apply(builder); err != nil {
		return err
	}
	return builder.SetSnapshotRef(Tag, s.SnapshotID, table.TagRef)
}

func (p *proposal) summary(t totals, parent *table.Snapshot, definition string) (iceberg.Properties, error) {
	recorded := p.change.Summary
	if recorded.At.IsZero() {
		recorded.At = time.Now()
	}
	props, err := recorded.encode()
	if err != nil {
		return nil, err
	}
	if definition != "" {
		props[KeyDefinition] = definition
	}
	if err := spill(p.path, props); err != nil {
		return nil, err
	}
	for key, value := range t.properties(parent) {
		props[key] = value
	}
	return props, nil
}

// snapshotTime is now, but never before the table's last change.
func snapshotTime(c *Change, base table.Metadata) (int64, error) {
	now, last := time.Now(), base.LastUpdatedMillis()
	for e := range base.SnapshotLogs() {
		last = max(last, e.TimestampMs)
	}
	if now.UnixMilli() < last-clockTolerance.Milliseconds() {
		return 0, &ClockError{Ident: c.Ident, Last: time.UnixMilli(last), Now: now}
	}
	return max(now.UnixMilli(), last), nil
}

func newSnapshotID(base table.Metadata) int64 {
	for {
		id := rand.Int64()
		if id != 0 && base.SnapshotByID(id) == nil {
			return id
		}
	}
}

// files are the manifests of the new snapshot.
func (p *proposal) files(
	ctx context.Context, builder *table.MetadataBuilder, base table.Metadata, w *manifests, parent *table.Snapshot,
) ([]iceberg.ManifestFile, error) {
	spec, err := builder.CurrentSpec()
	if err != nil {
		return nil, err
	}
	placed := layout{schema: builder.CurrentSchema(), spec: *spec, version: base.Version(), props: base.Properties()}
	described, err := placed.describeFiles(ctx, p.change.Add)
	if err != nil {
		return nil, err
	}
	before, err := manifestsOf(parent)
	if err != nil {
		return nil, err
	}
	goes, check := p.change.goes()
	kept, err := w.kept(before, goes)
	if err != nil {
		return nil, err
	}
	if err := check(); err != nil {
		return nil, err
	}
	if p.change.Operation == Append {
		if kept, err = w.merged(kept, spec.ID()); err != nil {
			return nil, err
		}
	}
	added, err := w.added(spec.ID(), described)
	if err != nil {
		return nil, err
	}
	deletes, err := p.deletes(before, base, w)
	return append(append(added, deletes...), kept...), err
}

// goes says which files of the parent the change removes, and a check that all that were to go were there.
func (c *Change) goes() (goes func(iceberg.DataFile) bool, check func() error) {
	none := func() error { return nil }
	switch c.Operation {
	case Replace:
		return func(iceberg.DataFile) bool { return true }, none
	case Swap:
		return c.swapped()
	}
	return nil, none
}

func (c *Change) swapped() (goes func(iceberg.DataFile) bool, check func() error) {
	missing := make(map[string]bool, len(c.Remove))
	gone := make(map[string]bool, len(c.Remove))
	for _, d := range c.Delete {
		gone[d.Of.Path] = true // what was deleted of it before is among its new deletes
	}
	for _, f := range c.Remove {
		missing[f.Path] = true
	}
	goes = func(f iceberg.DataFile) bool {
		if f.ContentType() != iceberg.EntryContentData {
			target := targetOf(f) // what deletes rows of one file goes with it
			return target != "" && c.removes(gone, missing, target)
		}
		path, err := pathOf(f.FilePath())
		if err != nil || !missing[path] {
			return false
		}
		delete(missing, path)
		gone[path] = true
		return true
	}
	return goes, func() error {
		if len(missing) == 0 {
			return nil
		}
		return fmt.Errorf("files to be replaced are not in the snapshot, %s among them (%d in all)", anyKey(missing), len(missing))
	}
}

func (c *Change) removes(gone, missing map[string]bool, location string) bool {
	path, err := pathOf(location)
	return err == nil && (gone[path] || missing[path])
}

// anyKey is the first key by name.
func anyKey(set map[string]bool) string {
	first := ""
	for key := range set {
		if first == "" || key < first {
			first = key
		}
	}
	return first
}
