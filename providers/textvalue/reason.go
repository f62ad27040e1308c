package textvalue

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// maxQuoted bounds how much of a value is repeated in a reason; the quarantine holds the whole row anyway.
const maxQuoted = 80

// Reason says in words why a text is no value of a column's type.
func Reason(column string, text []byte, t coltype.Type) string {
	said := NoValue(column, text, t)
	if hint := hint(text, t); hint != "" {
		return said + ": " + hint
	}
	return said
}

// NoValue says no more than that a text is no value of a column's type.
func NoValue(column string, text []byte, t coltype.Type) string {
	return fmt.Sprintf("column %s: %s is not a valid %s", QuoteName(column), Quote(text), t)
}

// QuoteName quotes a column's name for a message.
func QuoteName(name string) string { return strconv.Quote(name) }

// Quote shortens and quotes a value for a message.
func Quote(text []byte) string {
	if len(text) <= maxQuoted {
		return strconv.Quote(string(text))
	}
	cut := maxQuoted
	for cut > maxQuoted-utf8.UTFMax && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return strconv.Quote(string(text[:cut])) + "…"
}

func hint(text []byte, t coltype.Type) string {
	switch t.Kind {
	case coltype.Int, coltype.Long:
		return integerHint(text, t)
	case coltype.Decimal:
		return decimalHint(text, t)
	case coltype.Float, coltype.Double:
		if isNumber(text) {
			return "the number is too large"
		}
	case coltype.Timestamptz:
		if _, ok := Timestamp(text); ok {
			return "it has no zone (Z or an offset such as +02:00)"
		}
		return fractionHint(text)
	case coltype.Timestamp:
		if _, ok := Timestamptz(text); ok {
			return "it has a zone; declare the column as timestamptz"
		}
		return fractionHint(text)
	case coltype.Date:
		if _, ok := Timestamp(text); ok {
			return "it has a time of day"
		}
	}
	return ""
}

func integerHint(text []byte, t coltype.Type) string {
	n, rest, ok := splitNumber(text)
	switch {
	case !ok || len(rest) > 0:
		return ""
	case n.fraction != nil || n.hasExponent:
		return "it is not a whole number"
	}
	return "it does not fit into " + map[coltype.Kind]string{coltype.Int: "32", coltype.Long: "64"}[t.Kind] + " bits"
}

func decimalHint(text []byte, t coltype.Type) string {
	n, rest, ok := splitNumber(text)
	if !ok || len(rest) > 0 {
		return ""
	}
	_, shift := significant(append(append([]byte(nil), n.whole...), n.fraction...), n.exponent-len(n.fraction)+t.Scale)
	if shift < 0 {
		return fmt.Sprintf("it has more than %d digits after the point", t.Scale)
	}
	return fmt.Sprintf("it has more than %d digits before the point", t.Precision-t.Scale)
}

func fractionHint(text []byte) string {
	_, rest, ok := takeDate(text)
	if !ok || len(rest) < 9 {
		return ""
	}
	if point := rest[9:]; len(point) > 7 && point[0] == '.' {
		return "its fraction of a second is finer than a microsecond"
	}
	return ""
}
