package arrowschema

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/extensions"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// UnsupportedError names a column whose Arrow type no column type can hold.
type UnsupportedError struct {
	Column string // dotted path
	Type   string
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("column %q has the Arrow type %s, which no column type can hold", e.Column, e.Type)
}

// ToColumns reads an Arrow schema of any writer: what Arrow has in several widths or encodings becomes the least
// column type that holds all of its values. Nanoseconds become microseconds.
func ToColumns(schema *arrow.Schema) (coltype.Schema, error) {
	return columns(schema.Fields(), nil)
}

func columns(in []arrow.Field, path []string) ([]coltype.Field, error) {
	out := make([]coltype.Field, len(in))
	for i, field := range in {
		column, err := toField(field, path)
		if err != nil {
			return nil, err
		}
		out[i] = column
	}
	return out, nil
}

// ToField is the column of one Arrow field.
func ToField(f arrow.Field) (coltype.Field, error) { return toField(f, nil) }

func toField(f arrow.Field, path []string) (coltype.Field, error) {
	t, err := toType(f.Type, append(path, f.Name))
	if err != nil {
		return coltype.Field{}, err
	}
	column := coltype.Field{Name: f.Name, Type: t, Required: !f.Nullable}
	if doc, ok := f.Metadata.GetValue(docKey); ok {
		column.Doc = doc
	}
	if id, ok := f.Metadata.GetValue(FieldIDKey); ok {
		if column.ID, err = strconv.Atoi(id); err != nil {
			return column, fmt.Errorf("column %q has the field id %q, which is no number", f.Name, id)
		}
	}
	return column, nil
}

// ToType is the column type of one Arrow type.
func ToType(t arrow.DataType) (coltype.Type, error) { return toType(t, nil) }

func toType(t arrow.DataType, path []string) (coltype.Type, error) {
	if kind, ok := flatKind(t.ID()); ok {
		return coltype.Of(kind), nil
	}
	switch t := t.(type) {
	case *arrow.Uint64Type:
		return coltype.DecimalOf(20, 0), nil // a long has room for half of them
	case arrow.DecimalType:
		if t.GetPrecision() <= coltype.MaxPrecision && t.GetScale() >= 0 && t.GetScale() <= t.GetPrecision() {
			return coltype.DecimalOf(int(t.GetPrecision()), int(t.GetScale())), nil
		}
	case *arrow.TimestampType:
		if t.TimeZone == "" {
			return coltype.Of(coltype.Timestamp), nil
		}
		return coltype.Of(coltype.Timestamptz), nil
	case *arrow.DictionaryType:
		return toType(t.ValueType, path)
	case *arrow.RunEndEncodedType:
		return toType(t.Encoded(), path)
	case *extensions.UUIDType:
		return coltype.Of(coltype.UUID), nil
	case arrow.ExtensionType:
		return toType(t.StorageType(), path)
	case *arrow.StructType:
		nested, err := columns(t.Fields(), path)
		return coltype.StructOf(nested...), err
	case *arrow.MapType:
		return toMap(t, path)
	case arrow.ListLikeType:
		return toList(t, path)
	}
	return coltype.Type{}, &UnsupportedError{Column: strings.Join(path, "."), Type: t.String()}
}

// flatKind covers the Arrow types that are told apart by their id alone.
func flatKind(id arrow.Type) (coltype.Kind, bool) {
	switch id {
	case arrow.NULL:
		return coltype.Unknown, true
	case arrow.BOOL:
		return coltype.Boolean, true
	case arrow.INT8, arrow.INT16, arrow.INT32, arrow.UINT8, arrow.UINT16:
		return coltype.Int, true
	case arrow.INT64, arrow.UINT32:
		return coltype.Long, true
	case arrow.FLOAT16, arrow.FLOAT32:
		return coltype.Float, true
	case arrow.FLOAT64:
		return coltype.Double, true
	case arrow.DATE32, arrow.DATE64:
		return coltype.Date, true
	case arrow.TIME32, arrow.TIME64:
		return coltype.Time, true
	case arrow.STRING, arrow.LARGE_STRING, arrow.STRING_VIEW:
		return coltype.String, true
	case arrow.BINARY, arrow.LARGE_BINARY, arrow.BINARY_VIEW, arrow.FIXED_SIZE_BINARY:
		return coltype.Binary, true
	default:
		return coltype.Unknown, false
	}
}

func toList(t arrow.ListLikeType, path []string) (coltype.Type, error) {
	elem, err := toField(t.ElemField(), path)
	elem.Name = "element"
	return coltype.Type{Kind: coltype.List, Elem: &elem}, err
}

func toMap(t *arrow.MapType, path []string) (coltype.Type, error) {
	key, err := toField(t.KeyField(), path)
	if err != nil {
		return coltype.Type{}, err
	}
	value, err := toField(t.ItemField(), path)
	key.Name, key.Required, value.Name = "key", true, "value"
	return coltype.Type{Kind: coltype.Map, Key: &key, Elem: &value}, err
}
