package dataplane

import (
	"github.com/apache/arrow-go/v18/arrow"
)

// Fits reports, as an error that names the column, whether batches of the schema got can stand for the schema want: the
// same columns in the same order, stored alike. Metadata, the names of elements and whether nulls are allowed may differ.
func Fits(want, got *arrow.Schema) error {
	for i, field := range got.Fields() {
		if i >= want.NumFields() {
			return violation("column %d of the batch is %q, which was not asked for", i+1, field.Name)
		}
		expected := want.Field(i)
		if field.Name != expected.Name {
			return violation("column %d of the batch is %q where %q was asked for", i+1, field.Name, expected.Name)
		}
		if !alike(expected.Type, field.Type) {
			return violation("column %q of the batch is %s where %s was asked for", field.Name, field.Type, expected.Type)
		}
	}
	if got.NumFields() < want.NumFields() {
		return violation("the batch lacks the column %q", want.Field(got.NumFields()).Name)
	}
	return nil
}

func alike(want, got arrow.DataType) bool {
	if want.ID() != got.ID() {
		return false
	}
	switch want := want.(type) {
	case *arrow.MapType:
		other, ok := got.(*arrow.MapType)
		return ok && alike(want.KeyType(), other.KeyType()) && alike(want.ItemType(), other.ItemType())
	case *arrow.ListType:
		other, ok := got.(*arrow.ListType)
		return ok && alike(want.Elem(), other.Elem())
	case *arrow.StructType:
		other, ok := got.(*arrow.StructType)
		return ok && alikeFields(want.Fields(), other.Fields())
	default:
		return arrow.TypeEqual(want, got)
	}
}

func alikeFields(want, got []arrow.Field) bool {
	if len(want) != len(got) {
		return false
	}
	for i, field := range want {
		if field.Name != got[i].Name || !alike(field.Type, got[i].Type) {
			return false
		}
	}
	return true
}
