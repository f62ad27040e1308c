// Package arrowschema maps the language's column types to Arrow and back. One mapping serves the plugins' data plane,
// the engine and the lakehouse, so that a column can't change its type on its way.
package arrowschema

import (
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/extensions"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// FieldIDKey is the metadata under which Parquet and Iceberg keep a field's id.
const FieldIDKey = "PARQUET:field_id"

// docKey is where a field's doc travels.
const docKey = "doc"

// FromColumns is the Arrow schema of columns; ids travel as metadata where they are assigned.
func FromColumns(columns coltype.Schema) *arrow.Schema {
	return arrow.NewSchema(fields(columns), nil)
}

func fields(columns []coltype.Field) []arrow.Field {
	out := make([]arrow.Field, len(columns))
	for i, column := range columns {
		out[i] = FromField(column)
	}
	return out
}

// FromField is the Arrow field of one column.
func FromField(f coltype.Field) arrow.Field {
	field := arrow.Field{Name: f.Name, Type: FromType(f.Type), Nullable: !f.Required}
	var keys, values []string
	if f.ID != 0 {
		keys, values = append(keys, FieldIDKey), append(values, strconv.Itoa(f.ID))
	}
	if f.Doc != "" {
		keys, values = append(keys, docKey), append(values, f.Doc)
	}
	if len(keys) > 0 {
		field.Metadata = arrow.NewMetadata(keys, values)
	}
	return field
}

// FromType is the Arrow type of a column type.
func FromType(t coltype.Type) arrow.DataType {
	switch t.Kind {
	case coltype.Decimal:
		return &arrow.Decimal128Type{Precision: int32(t.Precision), Scale: int32(t.Scale)}
	case coltype.List:
		return arrow.ListOfField(element(t.Elem, "element"))
	case coltype.Map:
		return arrow.MapOfFields(mapKey(t.Key), element(t.Elem, "value"))
	case coltype.Struct:
		return arrow.StructOf(fields(t.Fields)...)
	default:
		return flat(t.Kind)
	}
}

func flat(k coltype.Kind) arrow.DataType {
	switch k {
	case coltype.Boolean:
		return arrow.FixedWidthTypes.Boolean
	case coltype.Int:
		return arrow.PrimitiveTypes.Int32
	case coltype.Long:
		return arrow.PrimitiveTypes.Int64
	case coltype.Float:
		return arrow.PrimitiveTypes.Float32
	case coltype.Double:
		return arrow.PrimitiveTypes.Float64
	case coltype.Date:
		return arrow.FixedWidthTypes.Date32
	case coltype.Time:
		return arrow.FixedWidthTypes.Time64us
	case coltype.Timestamp:
		return &arrow.TimestampType{Unit: arrow.Microsecond}
	case coltype.Timestamptz:
		return arrow.FixedWidthTypes.Timestamp_us
	case coltype.String:
		return arrow.BinaryTypes.String
	case coltype.UUID:
		return extensions.NewUUIDType()
	case coltype.Binary:
		return arrow.BinaryTypes.Binary
	default:
		return arrow.Null
	}
}

// element names the field as Arrow's own map and list types do, whatever another writer called it.
func element(f *coltype.Field, name string) arrow.Field {
	if f == nil {
		return arrow.Field{Name: name, Type: arrow.Null, Nullable: true}
	}
	field := FromField(*f)
	field.Name = name
	return field
}

func mapKey(f *coltype.Field) arrow.Field {
	field := element(f, "key")
	field.Nullable = false
	return field
}
