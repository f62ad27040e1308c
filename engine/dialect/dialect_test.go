package dialect

import (
	"testing"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

func TestNamesAndTexts(t *testing.T) {
	for name, want := range map[string]string{"id": `"id"`, `a "b"`: `"a ""b"""`, "": `""`} {
		if got := Ident(name); got != want {
			t.Errorf("%q is %s", name, got)
		}
	}
	for text, want := range map[string]string{"": "''", "it's": "'it''s'", "a\x00b": "('a' || chr(0) || 'b')", "\x00": "('' || chr(0) || '')"} {
		if got := Text(text); got != want {
			t.Errorf("%q is %s", text, got)
		}
	}
	if got := Idents([]string{"a", `b"`}); got != `"a", "b"""` {
		t.Errorf("the list is %s", got)
	}
}

func TestTypes(t *testing.T) {
	elem := func(t coltype.Type) *coltype.Field { return &coltype.Field{Name: "element", Type: t} }
	for want, kind := range map[string]coltype.Type{
		"BIGINT": coltype.Of(coltype.Long), "VARCHAR": {}, "DECIMAL(12,2)": {Kind: coltype.Decimal, Precision: 12, Scale: 2},
		"TIMESTAMP WITH TIME ZONE[]": {Kind: coltype.List, Elem: elem(coltype.Of(coltype.Timestamptz))}, "VARCHAR[]": {Kind: coltype.List},
		"MAP(VARCHAR, BLOB)": {Kind: coltype.Map, Key: elem(coltype.Of(coltype.String)), Elem: elem(coltype.Of(coltype.Binary))},
		`STRUCT("a b" INTEGER, "q""" DATE)`: {Kind: coltype.Struct, Fields: []coltype.Field{
			{Name: "a b", Type: coltype.Of(coltype.Int)}, {Name: `q"`, Type: coltype.Of(coltype.Date)},
		}},
	} {
		if got := Type(kind); got != want {
			t.Errorf("%v is %s instead of %s", kind, got, want)
		}
	}
	if got := Cast("x", coltype.Of(coltype.Date)); got != "CAST(x AS DATE)" {
		t.Error(got)
	}
}
