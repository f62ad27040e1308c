package state

import (
	"fmt"

	"github.com/apache/iceberg-go"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// icebergFields are columns as Iceberg has them, by their ids.
func icebergFields(columns []coltype.Field) ([]iceberg.NestedField, error) {
	fields := make([]iceberg.NestedField, 0, len(columns))
	for _, c := range columns {
		t, err := icebergType(c.Type)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
		fields = append(fields, iceberg.NestedField{ID: c.ID, Name: c.Name, Type: t, Required: c.Required, Doc: c.Doc})
	}
	return fields, nil
}

func icebergType(t coltype.Type) (iceberg.Type, error) {
	switch t.Kind {
	case coltype.Decimal:
		return iceberg.DecimalTypeOf(t.Precision, t.Scale), nil
	case coltype.List:
		return icebergList(t)
	case coltype.Map:
		return icebergMap(t)
	case coltype.Struct:
		fields, err := icebergFields(t.Fields)
		return &iceberg.StructType{FieldList: fields}, err
	}
	if simple, ok := icebergPrimitives()[t.Kind]; ok {
		return simple, nil
	}
	return nil, fmt.Errorf("type %s can't be stored", t)
}

func icebergPrimitives() map[coltype.Kind]iceberg.Type {
	p := iceberg.PrimitiveTypes
	return map[coltype.Kind]iceberg.Type{
		coltype.Boolean: p.Bool, coltype.Int: p.Int32, coltype.Long: p.Int64, coltype.Float: p.Float32,
		coltype.Double: p.Float64, coltype.Date: p.Date, coltype.Time: p.Time, coltype.Timestamp: p.Timestamp,
		coltype.Timestamptz: p.TimestampTz, coltype.String: p.String, coltype.UUID: p.UUID, coltype.Binary: p.Binary,
	}
}

func icebergList(t coltype.Type) (iceberg.Type, error) {
	if t.Elem == nil {
		return nil, fmt.Errorf("type %s has no element type", t)
	}
	elem, err := icebergType(t.Elem.Type)
	return &iceberg.ListType{ElementID: t.Elem.ID, Element: elem, ElementRequired: t.Elem.Required}, err
}

func icebergMap(t coltype.Type) (iceberg.Type, error) {
	if t.Key == nil || t.Elem == nil {
		return nil, fmt.Errorf("type %s lacks the type of its keys or values", t)
	}
	key, err := icebergType(t.Key.Type)
	if err != nil {
		return nil, err
	}
	value, err := icebergType(t.Elem.Type)
	return &iceberg.MapType{
		KeyID: t.Key.ID, KeyType: key, ValueID: t.Elem.ID, ValueType: value, ValueRequired: t.Elem.Required,
	}, err
}

// columnsOf are the columns of a schema of Iceberg's. Types that only other writers use are Unknown.
func columnsOf(fields []iceberg.NestedField) coltype.Schema {
	columns := make(coltype.Schema, 0, len(fields))
	for _, f := range fields {
		columns = append(columns, coltype.Field{
			ID: f.ID, Name: f.Name, Type: columnType(f.Type), Required: f.Required, Doc: f.Doc,
		})
	}
	return columns
}

func columnType(t iceberg.Type) coltype.Type {
	switch t := t.(type) {
	case iceberg.DecimalType:
		return coltype.Type{Kind: coltype.Decimal, Precision: t.Precision(), Scale: t.Scale()}
	case iceberg.FixedType:
		return coltype.Type{Kind: coltype.Binary}
	case *iceberg.ListType:
		return coltype.Type{Kind: coltype.List, Elem: &coltype.Field{
			ID: t.ElementID, Name: "element", Type: columnType(t.Element), Required: t.ElementRequired,
		}}
	case *iceberg.MapType:
		return coltype.Type{
			Kind: coltype.Map,
			Key:  &coltype.Field{ID: t.KeyID, Name: "key", Type: columnType(t.KeyType), Required: true},
			Elem: &coltype.Field{ID: t.ValueID, Name: "value", Type: columnType(t.ValueType), Required: t.ValueRequired},
		}
	case *iceberg.StructType:
		return coltype.Type{Kind: coltype.Struct, Fields: columnsOf(t.FieldList)}
	}
	return coltype.Type{Kind: primitiveKind(t)}
}

func primitiveKind(t iceberg.Type) coltype.Kind {
	switch t.(type) {
	case iceberg.BooleanType:
		return coltype.Boolean
	case iceberg.Int32Type:
		return coltype.Int
	case iceberg.Int64Type:
		return coltype.Long
	case iceberg.Float32Type:
		return coltype.Float
	case iceberg.Float64Type:
		return coltype.Double
	case iceberg.DateType:
		return coltype.Date
	case iceberg.TimeType:
		return coltype.Time
	case iceberg.TimestampType:
		return coltype.Timestamp
	case iceberg.TimestampTzType:
		return coltype.Timestamptz
	case iceberg.StringType:
		return coltype.String
	case iceberg.UUIDType:
		return coltype.UUID
	case iceberg.BinaryType:
		return coltype.Binary
	}
	return coltype.Unknown
}
