package column

import (
	"encoding/binary"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// newBinary makes a column of a shape's natural type for values in the binary format.
func newBinary(t arrow.DataType, want coltype.Type, from *Shape) Column {
	switch want.Kind {
	case coltype.Boolean:
		return &booleans{parse: binaryBoolean}
	case coltype.Int:
		return newFixed(t, 4, arrow.Int32Traits.CastToBytes, binaryInt)
	case coltype.Long:
		return newFixed(t, 8, arrow.Int64Traits.CastToBytes, binaryLong)
	case coltype.Float:
		return newFixed(t, 4, arrow.Float32Traits.CastToBytes, binaryFloat)
	case coltype.Double:
		return newFixed(t, 8, arrow.Float64Traits.CastToBytes, binaryDouble)
	case coltype.Decimal:
		return newFixed(t, 16, arrow.Decimal128Traits.CastToBytes, func(b []byte) (decimal128.Num, error) {
			return binaryDecimal(b, want.Precision, want.Scale)
		})
	case coltype.Date:
		return newFixed(t, 4, arrow.Int32Traits.CastToBytes, binaryDate)
	case coltype.Time:
		return newFixed(t, 8, arrow.Int64Traits.CastToBytes, binaryTime)
	case coltype.Timestamp, coltype.Timestamptz:
		return newFixed(t, 8, arrow.Int64Traits.CastToBytes, binaryTimestamp)
	case coltype.UUID:
		return newFixed(t, 16, uuidBytes, binaryUUID)
	case coltype.List:
		elem := newBinary(arrowElem(t), want.Elem.Type, from.Elem)
		return &list{t: t, elem: elem, each: eachOfArray}
	case coltype.Struct:
		return newStructs(t, want, from, Binary, eachOfComposite)
	}
	c := &texts{t: t, checked: from.Unchecked && want.Kind == coltype.String}
	if from.Kind == JSONB {
		c.convert = withoutVersion
	}
	return c
}

func arrowElem(t arrow.DataType) arrow.DataType { return t.(*arrow.ListType).Elem() }

// newStructs matches the wanted fields with those of the composite type by name.
func newStructs(
	t arrow.DataType, want coltype.Type, from *Shape, format Format, each func([]byte, func(int, []byte, bool) error) error,
) Column {
	c := &structs{t: t, each: each, filled: make([]bool, len(want.Fields))}
	c.places = make([]int, len(from.Fields))
	for i := range c.places {
		c.places[i] = -1
	}
	for i, wanted := range want.Fields {
		field := Absent(wanted.Type)
		for place, there := range from.Fields {
			if there.Name == wanted.Name {
				c.places[place] = i
				field = New(wanted.Type, there.Shape, format)
			}
		}
		c.fields = append(c.fields, field)
	}
	return c
}

func binaryBoolean(b []byte) (bool, error) {
	if len(b) != 1 {
		return false, errMalformed
	}
	return b[0] != 0, nil
}

func binaryInt(b []byte) (int32, error) {
	switch len(b) {
	case 4:
		return int32(binary.BigEndian.Uint32(b)), nil
	case 2: // smallint
		return int32(int16(binary.BigEndian.Uint16(b))), nil
	}
	return 0, errMalformed
}

// binaryLong takes oid as well, which is 32 bits without sign.
func binaryLong(b []byte) (int64, error) {
	switch len(b) {
	case 8:
		return int64(binary.BigEndian.Uint64(b)), nil
	case 4:
		return int64(binary.BigEndian.Uint32(b)), nil
	}
	return 0, errMalformed
}

func binaryFloat(b []byte) (float32, error) {
	if len(b) != 4 {
		return 0, errMalformed
	}
	return math.Float32frombits(binary.BigEndian.Uint32(b)), nil
}

func binaryDouble(b []byte) (float64, error) {
	if len(b) != 8 {
		return 0, errMalformed
	}
	return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
}

func uuidBytes(values [][16]byte) []byte {
	out := make([]byte, 0, 16*len(values))
	for i := range values {
		out = append(out, values[i][:]...)
	}
	return out
}

func binaryUUID(b []byte) (id [16]byte, err error) {
	if len(b) != len(id) {
		return id, errMalformed
	}
	copy(id[:], b)
	return id, nil
}

// withoutVersion strips the byte before the text of jsonb.
func withoutVersion(to, value []byte) ([]byte, error) {
	if len(value) == 0 || value[0] != 1 {
		return to, errMalformed
	}
	return append(to, value[1:]...), nil
}

// eachOfArray walks over the elements of an array of at most one dimension.
func eachOfArray(b []byte, element func([]byte, bool) error) error {
	if len(b) < 12 {
		return errMalformed
	}
	dimensions := binary.BigEndian.Uint32(b)
	b = b[12:] // the flag for nulls and the elements' type are of no interest
	switch {
	case dimensions == 0:
		return nil
	case dimensions > 1:
		return errDimensions
	case len(b) < 8:
		return errMalformed
	}
	n := int32(binary.BigEndian.Uint32(b))
	b = b[8:] // with the lower bound
	for range n {
		value, rest, null, err := field(b)
		if err != nil {
			return err
		}
		if err := element(value, null); err != nil {
			return err
		}
		b = rest
	}
	return nil
}

// eachOfComposite walks over the fields of a composite value.
func eachOfComposite(b []byte, each func(int, []byte, bool) error) error {
	if len(b) < 4 {
		return errMalformed
	}
	n := int(int32(binary.BigEndian.Uint32(b)))
	b = b[4:]
	for i := range n {
		if len(b) < 4 {
			return errMalformed
		}
		value, rest, null, err := field(b[4:]) // after the field's type
		if err != nil {
			return err
		}
		if err := each(i, value, null); err != nil {
			return err
		}
		b = rest
	}
	return nil
}

// field takes a value that follows its length; a negative length is null.
func field(b []byte) (value, rest []byte, null bool, err error) {
	if len(b) < 4 {
		return nil, nil, false, errMalformed
	}
	length := int32(binary.BigEndian.Uint32(b))
	b = b[4:]
	if length < 0 {
		return nil, b, true, nil
	}
	if int(length) > len(b) {
		return nil, nil, false, errMalformed
	}
	return b[:length], b[length:], false, nil
}
