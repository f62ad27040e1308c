package state

import (
	"fmt"

	"github.com/apache/iceberg-go"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// AssignIDs gives each wanted column its field id: that of the table's column of the same name if its files can still be
// read as the wanted type, else a new one. Ids that the wanted schema carries already are ignored; they may be another table's.
func AssignIDs(base *Table, want coltype.Schema) (coltype.Schema, error) {
	if err := checkColumns(want); err != nil {
		return nil, err
	}
	if base == nil {
		return freshIDs(want)
	}
	ids := &assignment{last: base.LastColumnID}
	return ids.fields(base.Columns, want), nil
}

// checkColumns refuses what Iceberg can't store.
func checkColumns(columns []coltype.Field) error {
	seen := make(map[string]bool, len(columns))
	for _, c := range columns {
		if seen[c.Name] {
			return fmt.Errorf("column %q stands twice in the schema", c.Name)
		}
		seen[c.Name] = true
		if _, err := icebergType(c.Type); err != nil {
			return fmt.Errorf("column %q: %w", c.Name, err)
		}
		if err := checkColumns(c.Type.Fields); err != nil {
			return fmt.Errorf("in column %q: %w", c.Name, err)
		}
	}
	return nil
}

// freshIDs are those that every writer gives a new table: level by level.
func freshIDs(want coltype.Schema) (coltype.Schema, error) {
	numbered := (&assignment{}).fields(nil, want) // the library needs distinct ids to begin with
	fields, err := icebergFields(numbered)
	if err != nil {
		return nil, err
	}
	fresh, err := iceberg.AssignFreshSchemaIDs(iceberg.NewSchema(0, fields...), nil)
	if err != nil {
		return nil, fmt.Errorf("numbering the columns: %w", err)
	}
	return columnsOf(fresh.Fields()), nil
}

// assignment hands out ids above the last one that the table ever used.
type assignment struct {
	last int
}

func (a *assignment) next() int {
	a.last++
	return a.last
}

func (a *assignment) fields(base, want []coltype.Field) []coltype.Field {
	assigned := make([]coltype.Field, len(want))
	fresh := make([]bool, len(want))
	for i, w := range want {
		assigned[i] = w
		old, found := coltype.Schema(base).Lookup(w.Name)
		fresh[i] = !found || !readable(old.Type, w.Type)
		if fresh[i] {
			assigned[i].ID = a.next()
			continue
		}
		assigned[i].ID = old.ID
		assigned[i].Type = a.inside(old.Type, w.Type)
	}
	for i, w := range want { // what is inside new columns is numbered after the level they stand on
		if fresh[i] {
			assigned[i].Type = a.inside(coltype.Type{}, w.Type)
		}
	}
	return assigned
}

// inside numbers what a nested type consists of.
func (a *assignment) inside(base, want coltype.Type) coltype.Type {
	want.Key = a.element(base.Key, want.Key)
	want.Elem = a.element(base.Elem, want.Elem)
	if want.Kind == coltype.Struct {
		want.Fields = a.fields(base.Fields, want.Fields)
	}
	return want
}

func (a *assignment) element(base, want *coltype.Field) *coltype.Field {
	if want == nil {
		return nil
	}
	assigned := *want
	if base == nil {
		assigned.ID = a.next()
		assigned.Type = a.inside(coltype.Type{}, want.Type)
		return &assigned
	}
	assigned.ID = base.ID
	assigned.Type = a.inside(base.Type, want.Type)
	return &assigned
}

// readable reports whether files written as one type can be read as the other by the same field id. A struct may gain and
// lose fields, each judged on its own.
func readable(from, to coltype.Type) bool {
	switch {
	case from.Kind == coltype.Unknown || from.Kind != to.Kind:
		return from.Kind != coltype.Unknown && coltype.Promotable(from, to)
	case from.Kind == coltype.List:
		return from.Elem != nil && to.Elem != nil && readable(from.Elem.Type, to.Elem.Type)
	case from.Kind == coltype.Map:
		return from.Key != nil && to.Key != nil && from.Elem != nil && to.Elem != nil &&
			from.Key.Type.Equal(to.Key.Type) && readable(from.Elem.Type, to.Elem.Type)
	case from.Kind == coltype.Struct:
		return true
	default:
		return coltype.Promotable(from, to)
	}
}
