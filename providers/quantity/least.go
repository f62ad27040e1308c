package quantity

import (
	"strings"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Least is the least number that a column of a type holds; empty where it holds no exact numbers.
func Least(t coltype.Type) string {
	switch t.Kind {
	case coltype.Int:
		return "-2147483648"
	case coltype.Long:
		return "-9223372036854775808"
	case coltype.Decimal:
		whole := max(t.Precision-t.Scale, 0)
		out := "-" + strings.Repeat("9", whole)
		if whole == 0 {
			out += "0"
		}
		if t.Scale > 0 {
			out += "." + strings.Repeat("9", t.Scale)
		}
		return out
	}
	return ""
}
