package jsonvalue

import (
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/textvalue"
)

// Append appends a value to a builder of a column's type. It always appends one value: null where the value doesn't
// fit, and then it returns the reason, with the path from the column to what doesn't fit. Strings among nulls are null.
func (d *Document) Append(builder array.Builder, v *Value, t coltype.Type, path string, nulls [][]byte) error {
	a := appender{document: d, nulls: nulls}
	a.append(builder, v, t, path)
	return a.err
}

// AppendText parses a text and appends it, or null with the reason.
func AppendText(builder array.Builder, text []byte, t coltype.Type, path string) error {
	var d Document
	v, err := d.Parse(text)
	if err != nil {
		builder.AppendNull()
		return fmt.Errorf("column %s: %s is not a valid %s: %w", textvalue.QuoteName(path), textvalue.Quote(text), t, err)
	}
	return d.Append(builder, v, t, path, nil)
}

// appender keeps builders aligned even where a value doesn't fit, so that a row can be refused after the fact.
type appender struct {
	document *Document
	nulls    [][]byte
	err      error
}

func (a *appender) refuse(builder array.Builder, v *Value, t coltype.Type, path string) {
	builder.AppendNull()
	if a.err == nil {
		text := v.Raw
		if v.Kind == String {
			text = v.Text
		}
		a.err = errors.New(textvalue.Reason(path, text, t))
	}
}

func (a *appender) append(builder array.Builder, v *Value, t coltype.Type, path string) {
	if v == nil || v.Kind == Null || v.Kind == String && isNull(v, a.nulls) {
		builder.AppendNull()
		return
	}
	var ok bool
	switch b := builder.(type) {
	case *array.ListBuilder:
		ok = a.list(b, v, t, path)
	case *array.MapBuilder:
		ok = a.mapping(b, v, t, path)
	case *array.StructBuilder:
		ok = a.object(b, v, t, path)
	case *array.StringBuilder:
		b.BinaryBuilder.Append(textOf(v))
		ok = true
	default:
		ok = scalar(builder, v, t)
	}
	if !ok {
		a.refuse(builder, v, t, path)
	}
}

// textOf is a string's text; any other value is its JSON text, exactly as it stands.
func textOf(v *Value) []byte {
	if v.Kind == String {
		return v.Text
	}
	return v.Raw
}

func (a *appender) list(b *array.ListBuilder, v *Value, t coltype.Type, path string) bool {
	if v.Kind != Array {
		return false
	}
	b.Append(true)
	i := 0
	for child := range a.document.Children(v) {
		a.append(b.ValueBuilder(), child, t.Elem.Type, fmt.Sprintf("%s[%d]", path, i))
		i++
	}
	return true
}

func (a *appender) mapping(b *array.MapBuilder, v *Value, t coltype.Type, path string) bool {
	if v.Kind != Object {
		return false
	}
	b.Append(true)
	for child := range a.document.Children(v) {
		key := Value{Kind: String, Text: child.Key, Raw: child.Key}
		a.append(b.KeyBuilder(), &key, t.Key.Type, path+"[key]")
		a.append(b.ItemBuilder(), child, t.Elem.Type, path+"."+string(child.Key))
	}
	return true
}

func (a *appender) object(b *array.StructBuilder, v *Value, t coltype.Type, path string) bool {
	if v.Kind != Object {
		return false
	}
	b.Append(true)
	for i, f := range t.Fields {
		a.append(b.FieldBuilder(i), a.document.Member(v, f.Name), f.Type, path+"."+f.Name)
	}
	return true
}

// scalar appends a value of a flat type. Numbers may stand in strings, as they must where JSON has none: NaN.
func scalar(builder array.Builder, v *Value, t coltype.Type) bool {
	if v.Kind == Array || v.Kind == Object {
		return false
	}
	text, numeric := textOf(v), v.Kind == Number || v.Kind == String
	switch b := builder.(type) {
	case *array.BooleanBuilder:
		return v.Kind != Number && textvalue.Append(builder, text, t)
	case *array.Int64Builder:
		value, ok := whole(text)
		return numeric && put(ok, b.Append, value)
	case *array.Int32Builder:
		value, ok := whole(text)
		return numeric && put(ok && value == int64(int32(value)), b.Append, int32(value))
	case *array.Float64Builder, *array.Float32Builder, *array.Decimal128Builder:
		return numeric && textvalue.Append(builder, text, t)
	}
	return v.Kind == String && textvalue.Append(builder, text, t)
}

// whole reads an integer, also in the spellings 1.0 and 1e3 that other programs write.
func whole(text []byte) (int64, bool) {
	if n, ok := textvalue.Long(text); ok {
		return n, true
	}
	n, ok := textvalue.Decimal(text, 19, 0)
	if !ok || n != decimal128.FromI64(int64(n.LowBits())) {
		return 0, false
	}
	return int64(n.LowBits()), true
}

func put[T any](ok bool, to func(T), value T) bool {
	if ok {
		to(value)
	}
	return ok
}
