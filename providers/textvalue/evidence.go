package textvalue

import "github.com/automic-etl/etl/plugins/schema/coltype"

// Evidence is the set of kinds that the values of a column were recognised as. The zero value means that only nulls
// were seen.
type Evidence uint16

// Kinds of value that inference tells apart. Decimals, times, UUIDs and 32-bit numbers are never guessed.
const (
	SeenBoolean Evidence = 1 << iota
	SeenLong
	SeenWideLong // an integer beyond 2^53, which a double can't hold
	SeenHuge     // an integer beyond 64 bits, up to 38 digits
	SeenDouble
	SeenDate
	SeenTimestamp
	SeenTimestamptz
	SeenString
)

// Type is the least type that holds all values seen, exactly. Columns of nulls are Unknown.
func (e Evidence) Type() coltype.Type {
	switch {
	case e == 0:
		return coltype.Of(coltype.Unknown)
	case e == SeenBoolean:
		return coltype.Of(coltype.Boolean)
	case e&^(SeenLong|SeenWideLong) == 0:
		return coltype.Of(coltype.Long)
	case e&^(SeenLong|SeenWideLong|SeenHuge) == 0:
		return coltype.DecimalOf(coltype.MaxPrecision, 0)
	case e&^(SeenLong|SeenDouble) == 0:
		return coltype.Of(coltype.Double)
	case e == SeenDate:
		return coltype.Of(coltype.Date)
	case e&^(SeenDate|SeenTimestamp) == 0:
		return coltype.Of(coltype.Timestamp)
	case e == SeenTimestamptz:
		return coltype.Of(coltype.Timestamptz)
	}
	return coltype.Of(coltype.String)
}

// Classify recognises one value. It accepts less than the declared types do: what would come back changed (007, +5,
// NaN) is a string until somebody declares otherwise.
func Classify(b []byte) Evidence {
	if len(b) == 0 {
		return SeenString
	}
	switch c := b[0]; {
	case c >= '0' && c <= '9', c == '-', c == '.':
		if e := classifyNumber(b); e != SeenString {
			return e
		}
		return classifyClock(b)
	case foldEqual(b, "true"), foldEqual(b, "false"):
		return SeenBoolean
	}
	return SeenString
}

func classifyNumber(b []byte) Evidence {
	n, rest, ok := splitNumber(b)
	switch {
	case !ok || len(rest) > 0 || leadingZero(n.whole):
		return SeenString
	case n.fraction == nil && !n.hasExponent && b[len(b)-1] != '.':
		return classifyInteger(b, n.whole)
	}
	if _, ok := Double(b); !ok {
		return SeenString
	}
	return SeenDouble
}

func leadingZero(whole []byte) bool { return len(whole) > 1 && whole[0] == '0' }

func classifyInteger(b, digits []byte) Evidence {
	n, ok := Long(b)
	switch {
	case ok && n >= -1<<53 && n <= 1<<53:
		return SeenLong
	case ok:
		return SeenWideLong
	case len(digits) <= coltype.MaxPrecision:
		return SeenHuge
	}
	return SeenString
}

func classifyClock(b []byte) Evidence {
	if len(b) < 10 || b[4] != '-' {
		return SeenString
	}
	if _, ok := Date(b); ok {
		return SeenDate
	}
	if _, ok := Timestamp(b); ok {
		return SeenTimestamp
	}
	if _, ok := Timestamptz(b); ok {
		return SeenTimestamptz
	}
	return SeenString
}
