package proto_test

import (
	"math/big"
	"testing"

	"github.com/zclconf/go-cty/cty"

	pb "github.com/automic-etl/etl/plugins/proto"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

func TestValuesComeBack(t *testing.T) {
	huge, _, err := big.ParseFloat("12345678901234567890123456789.5", 10, 512, big.ToNearestEven)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []cty.Value{
		cty.NilVal,
		cty.NullVal(cty.String),
		cty.NullVal(cty.DynamicPseudoType),
		cty.UnknownVal(cty.List(cty.String)),
		cty.DynamicVal,
		cty.PositiveInfinity,
		cty.NumberVal(huge),
		cty.StringVal("naïve 🛫\x00"),
		cty.ObjectVal(map[string]cty.Value{
			"set": cty.SetVal([]cty.Value{cty.StringVal("b"), cty.StringVal("a")}), "none": cty.ListValEmpty(cty.Bool),
			"map":     cty.MapVal(map[string]cty.Value{"k": cty.UnknownVal(cty.Number)}),
			"tuple":   cty.TupleVal([]cty.Value{cty.True, cty.Zero, cty.NullVal(cty.EmptyObject)}),
			"unknown": cty.DynamicVal,
		}),
	} {
		encoded, err := pb.EncodeValue(want)
		if err != nil {
			t.Errorf("%#v: %v", want, err)
			continue
		}
		got, err := pb.DecodeValue(encoded)
		if err != nil || (got == cty.NilVal) != (want == cty.NilVal) || (want != cty.NilVal && !got.RawEquals(want)) {
			t.Errorf("%#v came back as %#v, %v", want, got, err)
		}
	}
	if _, err := pb.EncodeValue(cty.ObjectVal(map[string]cty.Value{"a": cty.True.Mark(1)})); err == nil {
		t.Error("a marked value was encoded")
	}
	if _, err := pb.DecodeValue(&pb.Value{Type: []byte(`"string"`), Value: []byte{0xc1}}); err == nil {
		t.Error("nonsense was decoded")
	}
}

func TestColumnsComeBack(t *testing.T) {
	want := coltype.Schema{{ID: 4, Name: "a", Type: coltype.ListOf(coltype.DecimalOf(5, 2)), Required: true, Doc: "d"}}
	text, err := pb.EncodeColumns(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pb.DecodeColumns(text)
	if err != nil || !got.Equal(want) || got[0].ID != 4 || got[0].Doc != "d" || !got[0].Required {
		t.Errorf("%s came back as %v, %v", text, got, err)
	}
}
