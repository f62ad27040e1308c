package expr

import (
	"strings"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// sumType has room for any number of rows, or fails the run instead of wrapping around.
func sumType(args []*Typed) (coltype.Type, string) {
	t := args[0].Type
	if t.Kind == coltype.List {
		t = t.Elem.Type
	}
	switch {
	case t.Kind == coltype.Decimal:
		return coltype.DecimalOf(coltype.MaxPrecision, t.Scale), ""
	case approximate(t):
		return coltype.Of(coltype.Double), ""
	}
	return coltype.Of(coltype.Long), ""
}

// wholeType is what floor, ceil and truncate give: decimals lose their fraction and may grow by one digit.
func wholeType(args []*Typed) (coltype.Type, string) {
	t := args[0].Type
	if t.Kind != coltype.Decimal {
		return t, ""
	}
	return coltype.DecimalOf(min(coltype.MaxPrecision, t.Precision-t.Scale+1), 0), ""
}

// roundType needs the digits as a constant where the type depends on them.
func roundType(args []*Typed) (coltype.Type, string) {
	t := args[0].Type
	if t.Kind != coltype.Decimal {
		return t, ""
	}
	digits := int64(0)
	if len(args) > 1 {
		n, ok := literalInt(args[1])
		if !ok || n < 0 {
			return t, "To round a decimal, the digits are a constant from 0, since the type of the result depends on them."
		}
		digits = n
	}
	if digits >= int64(t.Scale) {
		return t, ""
	}
	scale := int(digits)
	return coltype.DecimalOf(min(coltype.MaxPrecision, t.Precision-t.Scale+scale+1), scale), ""
}

func strptimeType(args []*Typed) (coltype.Type, string) {
	format, _ := literalText(args[1])
	plain := strings.ReplaceAll(format, "%%", "")
	if strings.Contains(plain, "%z") || strings.Contains(plain, "%Z") {
		return coltype.Of(coltype.Timestamptz), ""
	}
	return coltype.Of(coltype.Timestamp), ""
}
