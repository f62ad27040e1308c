package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Files are the data files of one of a table's snapshots, with the deletes that apply to each, sorted as the snapshot lists
// them. Snapshot 0 has none.
func (l *Lakehouse) Files(ctx context.Context, t *Table, snapshot int64) ([]DataFile, error) {
	if snapshot == 0 {
		return nil, nil
	}
	m, err := l.metadataWith(ctx, t, snapshot)
	if err != nil {
		return nil, err
	}
	return filesOf(ctx, t.Ident, m, m.SnapshotByID(snapshot))
}

// metadataWith is metadata that has the snapshot: that which the table was read from, or the current one if it is gone.
func (l *Lakehouse) metadataWith(ctx context.Context, t *Table, snapshot int64) (table.Metadata, error) {
	m, err := l.metadata(ctx, t.Ident, t.MetadataLocation)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && m.SnapshotByID(snapshot) == nil) {
		m, err = l.currentOf(ctx, t)
	}
	if err != nil {
		return nil, err
	}
	if m.SnapshotByID(snapshot) == nil {
		return nil, absent("%s has no snapshot %d; it may have expired", t.Ident, snapshot)
	}
	return m, nil
}

func (l *Lakehouse) currentOf(ctx context.Context, t *Table) (table.Metadata, error) {
	current, err := l.load(ctx, t.Ident)
	if err != nil {
		return nil, err
	}
	if current.meta.TableUUID().String() != t.UUID {
		return nil, absent("the table %s was dropped and created anew", t.Ident)
	}
	return current.meta, nil
}

// reading is what is needed to make sense of a snapshot's manifests.
type reading struct {
	ident   addr.Ident
	columns coltype.Schema
	specs   map[int]iceberg.PartitionSpec
	types   map[int]iceberg.Type // by field id, of every schema that the table ever had
	data    []iceberg.ManifestEntry
	deletes deletes
}

func filesOf(ctx context.Context, ident addr.Ident, m table.Metadata, s *table.Snapshot) ([]DataFile, error) {
	r := newReading(ident, m, s)
	all, err := manifestsOf(s)
	if err != nil {
		return nil, err
	}
	for _, manifest := range all {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := r.take(manifest); err != nil {
			return nil, err
		}
	}
	if err := r.deletes.load(); err != nil {
		return nil, fmt.Errorf("reading the deletes of %s: %w", ident, err)
	}
	files := make([]DataFile, 0, len(r.data))
	for _, e := range r.data {
		f, err := r.file(e)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

func newReading(ident addr.Ident, m table.Metadata, s *table.Snapshot) *reading {
	r := &reading{ident: ident, specs: map[int]iceberg.PartitionSpec{}, types: map[int]iceberg.Type{}}
	r.columns = columnsOf(schemaAt(m, s).Fields())
	for _, spec := range m.PartitionSpecs() {
		r.specs[spec.ID()] = spec
	}
	for _, schema := range append(m.Schemas(), schemaAt(m, s)) {
		noteTypes(schema.Fields(), r.types)
	}
	return r
}

// schemaAt is the schema that a snapshot's rows are read by: for main it is the table's.
func schemaAt(m table.Metadata, s *table.Snapshot) *iceberg.Schema {
	current := m.CurrentSnapshot()
	if s == nil || s.SchemaID == nil || (current != nil && current.SnapshotID == s.SnapshotID) {
		return m.CurrentSchema()
	}
	for _, schema := range m.Schemas() {
		if schema.ID == *s.SchemaID {
			return schema
		}
	}
	return m.CurrentSchema()
}

func noteTypes(fields []iceberg.NestedField, into map[int]iceberg.Type) {
	for _, f := range fields {
		into[f.ID] = f.Type
		switch t := f.Type.(type) {
		case *iceberg.StructType:
			noteTypes(t.FieldList, into)
		case *iceberg.ListType:
			noteTypes([]iceberg.NestedField{t.ElementField()}, into)
		case *iceberg.MapType:
			noteTypes([]iceberg.NestedField{t.KeyField(), t.ValueField()}, into)
		}
	}
}

func (r *reading) take(manifest iceberg.ManifestFile) error {
	for e, err := range manifest.Entries(disk{}, true) {
		if err != nil {
			return damagedFile(manifest.FilePath(), err)
		}
		switch e.DataFile().ContentType() {
		case iceberg.EntryContentData:
			r.data = append(r.data, e)
		case iceberg.EntryContentPosDeletes:
			r.deletes.entries = append(r.deletes.entries, e)
		default:
			return &UnsupportedError{
				Ident: r.ident, What: "a delete by equality",
				Way: "Another writer deletes rows so; rewrite the table's data files with it (its compaction), or let it delete by position.",
			}
		}
	}
	return nil
}

func (r *reading) file(e iceberg.ManifestEntry) (DataFile, error) {
	d := e.DataFile()
	path, err := pathOf(d.FilePath())
	if err != nil {
		return DataFile{}, fmt.Errorf("reading %s: %w", r.ident, err)
	}
	if d.FileFormat() != iceberg.ParquetFile {
		return DataFile{}, &UnsupportedError{Ident: r.ident, What: "a data file of format " + string(d.FileFormat()),
			Way: "Rewrite it as Parquet with the engine that wrote it."}
	}
	f := DataFile{
		Path: path, Location: d.FilePath(), Rows: d.Count(), Bytes: d.FileSizeBytes(), Sequence: e.SequenceNum(), SpecID: int(d.SpecID()), Nulls: d.NullValueCounts(),
		Schema: r.columns, Deletes: r.deletes.of(e), Partition: map[string]any{},
		Lower: r.bounds(d.LowerBoundValues()), Upper: r.bounds(d.UpperBoundValues()),
	}
	values := d.Partition()
	spec := r.specs[f.SpecID]
	for _, field := range spec.Fields() {
		f.Partition[field.Name] = plain(values[field.FieldID])
	}
	return f, nil
}

// bounds decodes what it can; a bound that can't be decoded is as good as none.
func (r *reading) bounds(raw map[int][]byte) map[int]any {
	bounds := make(map[int]any, len(raw))
	for id, bytes := range raw {
		if t := r.types[id]; t != nil {
			if literal, err := iceberg.LiteralFromBytes(t, bytes); err == nil {
				bounds[id] = plain(literal)
			}
		}
	}
	return bounds
}
