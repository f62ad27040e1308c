package state

import (
	"errors"
	"fmt"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// evolve brings schema, partitioning and sort order of a table to what the change says.
func evolve(builder *table.MetadataBuilder, base table.Metadata, c Change) error {
	if err := evolveSchema(builder, base, c); err != nil {
		return err
	}
	schema := builder.CurrentSchema()
	current := base.PartitionSpec()
	spec, err := specOf(c.Partition, schema, base.PartitionSpecs())
	if err != nil {
		return err
	}
	if !sameSpec(&current, spec) {
		if err := errors.Join(builder.AddPartitionSpec(spec, false), builder.SetDefaultSpecID(-1)); err != nil {
			return fmt.Errorf("partitioning: %w", err)
		}
	}
	order, err := orderOf(c.Sort, schema)
	if err != nil {
		return err
	}
	if fmt.Sprint(sortOf(base.SortOrder(), base.CurrentSchema())) == fmt.Sprint(c.Sort) && !sortBroken(base.SortOrder(), schema) {
		return nil
	}
	if err := errors.Join(builder.AddSortOrder(&order), builder.SetDefaultSortOrderID(-1)); err != nil {
		return fmt.Errorf("sorting: %w", err)
	}
	return nil
}

// sortBroken reports whether the order sorts by a column that is gone.
func sortBroken(order table.SortOrder, schema *iceberg.Schema) bool {
	for _, f := range order.Fields() {
		if _, found := schema.FindFieldByID(f.SourceID()); !found {
			return true
		}
	}
	return false
}

func evolveSchema(builder *table.MetadataBuilder, base table.Metadata, c Change) error {
	fields, err := icebergFields(c.Columns)
	if err != nil {
		return err
	}
	current := base.CurrentSchema()
	next := iceberg.NewSchema(current.ID+1, fields...)
	if current.Equals(next) {
		return nil
	}
	old := index(columnsOf(current.Fields()), map[int]coltype.Field{})
	hasRows := c.Operation != Replace && base.CurrentSnapshot() != nil && rowsOf(base.CurrentSnapshot().Summary) != 0
	check := evolution{old: old, hasRows: hasRows, seen: map[int]bool{}}
	if err := check.columns(c.Columns, true); err != nil {
		return err
	}
	return errors.Join(builder.AddSchema(next), builder.SetCurrentSchemaID(-1))
}

// index finds columns, and what is inside them, by field id.
func index(columns []coltype.Field, into map[int]coltype.Field) map[int]coltype.Field {
	for _, c := range columns {
		into[c.ID] = c
		index(c.Type.Fields, into)
		for _, inner := range []*coltype.Field{c.Type.Key, c.Type.Elem} {
			if inner != nil {
				index([]coltype.Field{*inner}, into)
			}
		}
	}
	return into
}

// evolution checks that existing files can still be read by a new schema.
type evolution struct {
	old     map[int]coltype.Field
	hasRows bool
	seen    map[int]bool
}

func (e evolution) columns(columns []coltype.Field, rows bool) error {
	for _, c := range columns {
		if err := e.column(c, rows); err != nil {
			return err
		}
	}
	return nil
}

// column checks one column; rows says whether there is a value of what it stands in.
func (e evolution) column(c coltype.Field, rows bool) error {
	if c.ID <= 0 || e.seen[c.ID] {
		return fmt.Errorf("column %q has no field id of its own (%d); use AssignIDs", c.Name, c.ID)
	}
	e.seen[c.ID] = true
	old, there := e.old[c.ID]
	if there && !readable(old.Type, c.Type) {
		return fmt.Errorf("column %q can't become %s: files hold it as %s under the same field id", c.Name, c.Type, old.Type)
	}
	if e.hasRows && rows && c.Required && (!there || !old.Required) {
		return fmt.Errorf("column %q can't be required: existing rows may hold no value of it", c.Name)
	}
	if err := e.columns(c.Type.Fields, rows && there); err != nil {
		return err
	}
	for _, inner := range []*coltype.Field{c.Type.Key, c.Type.Elem} {
		if inner == nil {
			continue
		}
		if err := e.column(*inner, rows && there); err != nil {
			return err
		}
	}
	return nil
}
