package catalog

import (
	"fmt"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/postgres/column"
)

// builtIn is the shape of the server's own types that are read as something else than text, and of those whose binary
// format is their text.
func builtIn(name string, typmod int32) (column.Shape, bool) {
	scalar := func(kind coltype.Kind) (column.Shape, bool) {
		return column.Shape{Kind: column.Scalar, Natural: coltype.Of(kind), Binary: true}, true
	}
	switch name {
	case "bool":
		return scalar(coltype.Boolean)
	case "int2", "int4":
		return scalar(coltype.Int)
	case "int8", "oid":
		return scalar(coltype.Long)
	case "float4":
		return scalar(coltype.Float)
	case "float8":
		return scalar(coltype.Double)
	case "date":
		return scalar(coltype.Date)
	case "time":
		return scalar(coltype.Time)
	case "timestamp":
		return scalar(coltype.Timestamp)
	case "timestamptz":
		return scalar(coltype.Timestamptz)
	case "uuid":
		return scalar(coltype.UUID)
	case "text", "varchar", "bpchar", "name":
		return scalar(coltype.String)
	case "numeric":
		return numeric(typmod), true
	case "bytea":
		return column.Shape{Kind: column.Bytes, Natural: coltype.Of(coltype.Binary), Binary: true}, true
	case "json":
		return column.Shape{Kind: column.JSON, Natural: coltype.Of(coltype.String), Binary: true}, true
	case "jsonb":
		return column.Shape{Kind: column.JSONB, Natural: coltype.Of(coltype.String), Binary: true}, true
	}
	return column.Shape{}, false
}

const (
	typmodHeader = 4
	maxPrecision = 38
)

// numeric is decimal where the column says how many digits its values have at most, and these are not too many.
func numeric(typmod int32) column.Shape {
	s := column.Shape{Kind: column.Scalar, Natural: coltype.Of(coltype.String)}
	if typmod < typmodHeader {
		s.Lossy = "numeric without precision, whose values may have any number of digits"
		return s
	}
	precision, scale := digits(typmod)
	declared := fmt.Sprintf("numeric(%d, %d)", precision, scale)
	if scale < 0 {
		precision, scale = precision-scale, 0
	}
	precision = max(precision, scale)
	if precision > maxPrecision {
		s.Lossy = declared + ", which has more than 38 digits"
		return s
	}
	s.Natural, s.Binary = coltype.DecimalOf(precision, scale), true
	return s
}

// digits are how many a numeric column has at most, and how many of them are a fraction.
func digits(typmod int32) (precision, scale int) {
	precision, scale = int((typmod-typmodHeader)>>16)&0xffff, int(typmod-typmodHeader)&0x7ff
	if scale > 0x3ff {
		scale -= 0x800 // negative: the column rounds to tens, hundreds, …
	}
	return precision, scale
}
