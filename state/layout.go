package state

import (
	"fmt"
	"strings"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

// partitionOf is a partition spec by column names; fields that were given up, or whose column is gone, are left out.
func partitionOf(spec iceberg.PartitionSpec, schema *iceberg.Schema) []PartitionField {
	var fields []PartitionField
	for _, f := range spec.Fields() {
		if _, void := f.Transform.(iceberg.VoidTransform); void {
			continue
		}
		if name, found := schema.FindColumnName(f.SourceID()); found {
			fields = append(fields, PartitionField{Column: name, Transform: f.Transform.String()})
		}
	}
	return fields
}

func sortOf(order table.SortOrder, schema *iceberg.Schema) []SortField {
	var fields []SortField
	for _, f := range order.Fields() {
		if name, found := schema.FindColumnName(f.SourceID()); found {
			fields = append(fields, SortField{Column: name, Desc: f.Direction == table.SortDESC})
		}
	}
	return fields
}

// specOf is the spec for the wanted partitioning, with the field ids of fields that the table had before.
func specOf(want []PartitionField, schema *iceberg.Schema, had []iceberg.PartitionSpec) (*iceberg.PartitionSpec, error) {
	options := make([]iceberg.PartitionOption, 0, len(want)+1)
	used := map[string]bool{}
	for _, w := range want {
		transform, err := iceberg.ParseTransform(w.Transform)
		if err != nil {
			return nil, fmt.Errorf("partitioning by %s: %w", w.Column, err)
		}
		source, found := schema.FindFieldByName(w.Column)
		if !found {
			return nil, fmt.Errorf("partitioning by %s: the table has no such column", w.Column)
		}
		if !transform.CanTransform(source.Type) {
			return nil, fmt.Errorf("partitioning by %s of %s: its type %s has no such transform", w.Transform, w.Column, source.Type)
		}
		field := iceberg.PartitionField{SourceIDs: []int{source.ID}, Transform: transform}
		name, id := recycled(field, had)
		if name == "" || taken(name, source.ID, schema, used) {
			name, err = freeName(schema, field, used)
			if err != nil {
				return nil, err
			}
		}
		used[name] = true
		options = append(options, iceberg.AddPartitionFieldBySourceID(source.ID, name, transform, schema, id))
	}
	spec, err := iceberg.NewPartitionSpecOpts(options...)
	if err != nil {
		return nil, fmt.Errorf("partitioning: %w", err)
	}
	return &spec, nil
}

// recycled finds the name and id of an equal field of an earlier spec.
func recycled(want iceberg.PartitionField, had []iceberg.PartitionSpec) (string, *int) {
	for _, spec := range had {
		for _, f := range spec.Fields() {
			if f.SourceID() == want.SourceID() && f.Transform.Equals(want.Transform) {
				return f.Name, &f.FieldID
			}
		}
	}
	return "", nil
}

// taken reports whether a partition field may not have the name: another field has it, or another column.
func taken(name string, source int, schema *iceberg.Schema, used map[string]bool) bool {
	column, found := schema.FindFieldByName(name)
	return used[name] || (found && column.ID != source)
}

func freeName(schema *iceberg.Schema, field iceberg.PartitionField, used map[string]bool) (string, error) {
	base, err := iceberg.GeneratePartitionFieldName(schema, field)
	base = strings.Map(plainRune, base)
	if err != nil {
		return "", fmt.Errorf("naming a partition field: %w", err)
	}
	name := base
	_, identity := field.Transform.(iceberg.IdentityTransform)
	source := field.SourceID()
	if !identity {
		source = -1 // only an identity field may be named as its own column
	}
	for n := 2; taken(name, source, schema, used); n++ {
		name = fmt.Sprintf("%s_%d", base, n)
	}
	return name, nil
}

// orderOf is the wanted sort order.
func orderOf(want []SortField, schema *iceberg.Schema) (table.SortOrder, error) {
	if len(want) == 0 {
		return table.UnsortedSortOrder, nil
	}
	fields := make([]table.SortField, 0, len(want))
	for _, w := range want {
		source, found := schema.FindFieldByName(w.Column)
		if !found {
			return table.SortOrder{}, fmt.Errorf("sorting by %s: the table has no such column", w.Column)
		}
		field := table.SortField{
			SourceIDs: []int{source.ID}, Transform: iceberg.IdentityTransform{}, Direction: table.SortASC, NullOrder: table.NullsFirst,
		}
		if w.Desc {
			field.Direction, field.NullOrder = table.SortDESC, table.NullsLast
		}
		fields = append(fields, field)
	}
	order, err := table.NewSortOrder(table.InitialSortOrderID, fields)
	if err != nil {
		return order, fmt.Errorf("sorting: %w", err)
	}
	return order, nil
}

// sameSpec compares what the specs do, not their ids or names.
func sameSpec(a, b *iceberg.PartitionSpec) bool {
	fields := func(s *iceberg.PartitionSpec) (list []string) {
		for _, f := range s.Fields() {
			if _, void := f.Transform.(iceberg.VoidTransform); !void {
				list = append(list, fmt.Sprint(f.SourceID(), f.Transform))
			}
		}
		return list
	}
	return fmt.Sprint(fields(a)) == fmt.Sprint(fields(b))
}

// plainRune keeps what the name of a partition field may hold: other readers make folder names of it.
func plainRune(r rune) rune {
	if r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
		return r
	}
	return '_'
}
