package state

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Table is what is recorded of a table; ErrNotFound where the catalog doesn't have it.
func (l *Lakehouse) Table(ctx context.Context, ident addr.Ident) (*Table, error) {
	current, err := l.load(ctx, ident)
	if err != nil {
		return nil, err
	}
	return describe(current)
}

// describe reads our state out of a table's metadata.
func describe(current *loaded) (*Table, error) {
	m := current.meta
	path, err := pathOf(m.Location())
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", current.ident, err)
	}
	schema := m.CurrentSchema()
	t := &Table{
		Ident: current.ident, UUID: m.TableUUID().String(), Location: m.Location(), MetadataLocation: current.location,
		FormatVersion: m.Version(),
		Columns:       columnsOf(schema.Fields()), LastColumnID: m.LastColumnID(),
		Partition: partitionOf(m.PartitionSpec(), schema), Sort: sortOf(m.SortOrder(), schema),
		Properties: ownProperties(m.Properties()),
	}
	props, err := unspill(path, m.Properties())
	if err != nil {
		return nil, fmt.Errorf("reading the state of %s: %w", current.ident, err)
	}
	t.Address, t.Project, t.MetaHash, t.Lakehouse = props[PropAddress], props[PropProject], props[PropMetaHash], props[PropLakehouse]
	line := lineageOf(m)
	t.Snapshots = len(line.byID)
	t.count(line.byID[line.main])
	t.Before = changedSince(m, line.written(), t.Columns)
	if err := t.recorded(path, line, []byte(props[PropDefinition])); err != nil {
		return nil, fmt.Errorf("reading the state of %s: %w", current.ident, err)
	}
	return t, nil
}

// changedSince are the columns as of a snapshot of ours, if they are others than now.
func changedSince(m table.Metadata, written *table.Snapshot, now coltype.Schema) coltype.Schema {
	if written == nil || written.SchemaID == nil || *written.SchemaID == m.CurrentSchema().ID {
		return nil
	}
	for _, s := range m.Schemas() {
		if s.ID == *written.SchemaID {
			if then := columnsOf(s.Fields()); !then.Equal(now) {
				return then
			}
		}
	}
	return nil
}

// count takes the totals of main.
func (t *Table) count(main *table.Snapshot) {
	if main == nil {
		return
	}
	t.Main, t.Sequence = main.SnapshotID, main.SequenceNumber
	t.Rows, t.Bytes, t.Files = -1, countOr(main.Summary, "total-files-size"), countOr(main.Summary, "total-data-files")
	if main.Summary != nil {
		t.Rows = rowsOf(main.Summary)
	}
}

// recorded reads the state of the nearest snapshot that has it.
func (t *Table) recorded(path string, line lineage, definition []byte) error {
	at, foreign := line.state()
	for _, s := range foreign {
		t.Foreign = append(t.Foreign, snapshotOf(s))
	}
	if at == nil {
		if t.Address != "" && len(definition) > 0 {
			t.Definition = definition
		}
		return nil
	}
	t.StateAt = at.SnapshotID
	props, err := unspill(path, at.Summary.Properties)
	if err != nil {
		return err
	}
	if t.Summary, err = decodeSummary(props); err != nil {
		return err
	}
	t.Definition, err = definitionOf(path, props[KeyDefinition], definition)
	return err
}

// definitionOf is the definition that a snapshot was made by: the table's own, unless a rollback went behind it.
func definitionOf(path, sum string, current []byte) (json.RawMessage, error) {
	switch {
	case sum == "":
		return nil, nil
	case sha256Of(current) == sum:
		return current, nil
	}
	return readSpilled(path, sum)
}

// ownProperties are those that neither we nor a reader's convenience put there.
func ownProperties(all iceberg.Properties) map[string]string {
	own := maps.Clone(map[string]string(all))
	defaults := defaultProperties()
	maps.DeleteFunc(own, func(key, value string) bool {
		standard, known := defaults[key]
		return strings.HasPrefix(key, "etl.") || key == table.DefaultNameMappingKey || (known && value == standard)
	})
	if len(own) == 0 {
		return nil
	}
	return own
}

// defaultProperties are those of every table that we create.
func defaultProperties() iceberg.Properties {
	return iceberg.Properties{
		table.ParquetCompressionKey:               "zstd",
		table.MetadataDeleteAfterCommitEnabledKey: "true",
		table.MetadataPreviousVersionsMaxKey:      "16",
	}
}
