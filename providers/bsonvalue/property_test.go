package bsonvalue_test

import (
	"fmt"
	"math"
	"math/big"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/bsonvalue"
)

// anyValue leaves out dates that no engine reads: those are refused whatever was inferred.
func anyValue(depth int) *rapid.Generator[any] {
	flat := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Just[any](bson.Undefined{}), rapid.Just[any](bson.MinKey{}), rapid.Just[any](math.NaN()),
		rapid.Map(rapid.Bool(), boxed[bool]), rapid.Map(rapid.Int32(), boxed[int32]), rapid.Map(rapid.Int64(), boxed[int64]),
		rapid.Map(rapid.Float64(), boxed[float64]), rapid.Map(rapid.String(), boxed[string]),
		rapid.Map(rapid.Int64Range(-62_135_596_800_000, 253_402_300_799_999), func(n int64) any { return bson.DateTime(n) }),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 12, 12), func(b []byte) any { return bson.ObjectID(b) }),
		rapid.Custom(func(t *rapid.T) any {
			return bson.Binary{Subtype: rapid.SampledFrom([]byte{0, 2, 3, 4, 128}).Draw(t, "subtype"), Data: rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "data")}
		}),
		rapid.Custom(func(t *rapid.T) any {
			n := big.NewInt(rapid.Int64().Draw(t, "coefficient"))
			d, _ := bson.ParseDecimal128FromBigInt(n, rapid.IntRange(-40, 30).Draw(t, "exponent"))
			return d
		}),
	}
	if depth == 0 {
		return rapid.OneOf(flat...)
	}
	inner := anyValue(depth - 1)
	return rapid.OneOf(append(flat,
		rapid.Map(rapid.SliceOfN(inner, 0, 3), func(list []any) any { return bson.A(list) }),
		rapid.Map(anyDocument(inner), func(d bson.D) any { return d }))...)
}

func boxed[T any](v T) any { return v }

func anyDocument(value *rapid.Generator[any]) *rapid.Generator[bson.D] {
	return rapid.Custom(func(t *rapid.T) bson.D {
		d := bson.D{}
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d.e", "ü"}), 0, 4, rapid.ID).Draw(t, "names") {
			d = append(d, bson.E{Key: name, Value: value.Draw(t, name)})
		}
		return d
	})
}

// TestWhatWasSeenFits holds for any documents: a column's inferred type holds all the values that it was inferred from,
// and nothing but null and missing becomes null.
func TestWhatWasSeenFits(t *testing.T) {
	documents := rapid.SliceOfN(anyDocument(anyValue(2)), 1, 6)
	rapid.Check(t, func(t *rapid.T) {
		drawn := documents.Draw(t, "documents")
		var raw [][]byte
		for _, d := range drawn {
			raw = append(raw, marshal(t, d))
		}
		columns := inferred(t, raw...)
		rows, problem := appended(t, columns, raw...)
		if problem != nil {
			t.Fatalf("as %s: %v", coltype.StructOf(columns...), problem)
		}
		for c, column := range columns {
			for r, d := range drawn {
				if given := present(d, column.Name); given == rows.Column(c).IsNull(r) {
					t.Fatalf("column %q of row %d: present %t, null %t", column.Name, r, given, rows.Column(c).IsNull(r))
				}
			}
		}
	})
}

func present(d bson.D, name string) bool {
	for _, e := range d {
		if e.Key == name {
			_, undefined := e.Value.(bson.Undefined)
			return e.Value != nil && !undefined
		}
	}
	return false
}

// TestMerge splits documents anywhere: the parts' shapes merge to the shape of the whole, order of fields included.
func TestMerge(t *testing.T) {
	documents := rapid.SliceOfN(anyDocument(anyValue(2)), 1, 6)
	rapid.Check(t, func(t *rapid.T) {
		var whole, first, second bsonvalue.Shape
		drawn := documents.Draw(t, "documents")
		split := rapid.IntRange(0, len(drawn)).Draw(t, "split")
		for i, d := range drawn {
			part := &first
			if i >= split {
				part = &second
			}
			for _, s := range []*bsonvalue.Shape{&whole, part} {
				if err := s.Observe(marshal(t, d)); err != nil {
					t.Fatal(err)
				}
			}
		}
		first.Merge(&second)
		if got, want := fmt.Sprint(coltype.StructOf(first.Fields()...)), fmt.Sprint(coltype.StructOf(whole.Fields()...)); got != want {
			t.Fatalf("merged: %s, at once: %s", got, want)
		}
	})
}

// FuzzDocument feeds bytes that need not be BSON: whatever they are, they are a row, or refused with a reason.
func FuzzDocument(f *testing.F) {
	for _, v := range []any{nil, "x", 1.5, bson.D{{Key: "a", Value: bson.A{1, "x"}}}, bson.Regex{Pattern: "a", Options: "i"},
		bson.CodeWithScope{Code: "c", Scope: bson.D{{Key: "x", Value: 1}}}, bson.DBPointer{DB: "a"}, bson.Binary{Subtype: 2, Data: []byte("x")},
		bson.NewDecimal128(0x3040000000000000, 15), bson.Timestamp{T: 1}} {
		f.Add(field(f, v))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		_ = bsonvalue.JSON(document)
		var shape bsonvalue.Shape
		broken := shape.Observe(document)
		columns := settled(&shape)
		_, problem := appended(t, columns, document)
		if broken != nil && problem == nil {
			t.Errorf("%v, and yet it is a row", broken)
		}
		fixed := coltype.Schema{{Name: "v", Type: coltype.Of(coltype.Decimal)}, {Name: "a", Type: coltype.Of(coltype.Timestamptz)}}
		fixed[0].Type = coltype.DecimalOf(38, 3)
		_, _ = appended(t, fixed, document)
	})
}

func marshal(t *rapid.T, d bson.D) []byte {
	raw, err := bson.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
