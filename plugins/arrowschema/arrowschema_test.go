package arrowschema_test

import (
	"errors"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

func columns(t *testing.T) coltype.Schema {
	t.Helper()
	var schema coltype.Schema
	for i, text := range []string{
		"boolean", "int", "long", "float", "double", "decimal(38, 9)", "date", "time", "timestamp", "timestamptz",
		"string", "uuid", "binary", "list(uuid)", "map(string, list(int))", "object({ a = date, b = object({ c = long }) })",
	} {
		typ, err := coltype.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		schema = append(schema, coltype.Field{ID: i + 1, Name: text, Type: typ, Doc: "doc of " + text, Required: i%2 == 0})
	}
	schema[13].Type.Elem.ID = 100
	schema[14].Type.Key.ID, schema[14].Type.Elem.ID = 101, 102
	return append(schema, coltype.Field{Name: "nulls"})
}

func TestColumnsComeBack(t *testing.T) {
	want := columns(t)
	got, err := arrowschema.ToColumns(arrowschema.FromColumns(want))
	if err != nil || !got.Equal(want) {
		t.Fatalf("got %v, %v", got, err)
	}
	for i := range want {
		if got[i].ID != want[i].ID || got[i].Doc != want[i].Doc || got[i].Required != want[i].Required {
			t.Errorf("%+v came back as %+v", want[i], got[i])
		}
	}
	if got[13].Type.Elem.ID != 100 || got[14].Type.Key.ID != 101 || got[14].Type.Elem.ID != 102 {
		t.Error("the ids of elements, keys or values were lost")
	}
}

func TestOtherWriters(t *testing.T) {
	for _, c := range []struct {
		arrow arrow.DataType
		want  string
	}{
		{arrow.PrimitiveTypes.Uint16, "int"}, {arrow.PrimitiveTypes.Uint32, "long"},
		{arrow.PrimitiveTypes.Uint64, "decimal(20, 0)"}, {arrow.BinaryTypes.StringView, "string"},
		{arrow.BinaryTypes.LargeBinary, "binary"}, {&arrow.FixedSizeBinaryType{ByteWidth: 16}, "binary"},
		{&arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "Europe/Berlin"}, "timestamptz"},
		{&arrow.Decimal32Type{Precision: 4, Scale: 1}, "decimal(4, 1)"},
		{&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}, "string"},
		{arrow.LargeListOf(arrow.PrimitiveTypes.Int8), "list(int)"},
		{arrow.MapOf(arrow.BinaryTypes.LargeString, arrow.FixedWidthTypes.Date64), "map(string, date)"},
	} {
		if got, err := arrowschema.ToType(c.arrow); err != nil || got.String() != c.want {
			t.Errorf("%s is %s, %v; want %s", c.arrow, got, err, c.want)
		}
	}
}

func TestUnsupportedNamesTheColumn(t *testing.T) {
	wide := arrow.StructOf(arrow.Field{Name: "wide", Type: &arrow.Decimal256Type{Precision: 60}})
	_, err := arrowschema.ToColumns(arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.ListOf(wide)}}, nil))
	var unsupported *arrowschema.UnsupportedError
	if !errors.As(err, &unsupported) || unsupported.Column != "a.item.wide" {
		t.Errorf("got %v", err)
	}
	id := arrow.NewMetadata([]string{arrowschema.FieldIDKey}, []string{"x"})
	if _, err := arrowschema.ToField(arrow.Field{Name: "a", Type: arrow.Null, Metadata: id}); err == nil {
		t.Error("a field id that is no number was taken")
	}
}
