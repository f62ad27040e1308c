package expr

import (
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Intervals exist inside expressions only: no column has one. Days counts whole days, months or years and keeps a date
// a date; Interval has hours or less and makes it a timestamp.
const (
	Days     coltype.Kind = 200
	Interval coltype.Kind = 201
	// Invalid is the type of a column whose own expression has a mistake: what uses it is not reported again.
	Invalid coltype.Kind = 202
)

func isInterval(t coltype.Type) bool { return t.Kind == Days || t.Kind == Interval }

// typeName is how messages spell a type.
func typeName(t coltype.Type) string {
	switch {
	case t.Kind == coltype.Unknown:
		return "null"
	case isInterval(t):
		return "interval"
	}
	return t.String()
}

// Converts reports whether a value goes where another type is wanted without being asked: to wider numbers, from date
// to timestamp, null to anything.
func Converts(from, to coltype.Type) bool {
	if from.Equal(to) || from.Kind == coltype.Unknown || from.Kind == Days && to.Kind == Interval {
		return true
	}
	if to.Kind == coltype.Double && from.Kind.Numeric() {
		return true
	}
	wide, ok := coltype.Widen(from, to)
	return ok && wide.Equal(to)
}

// common is the type that holds the values of all.
func common(args []*Typed) (coltype.Type, bool) {
	var out coltype.Type
	for _, arg := range args {
		if isInterval(arg.Type) {
			return out, false
		}
		wide, ok := coltype.Widen(out, arg.Type)
		if !ok {
			return out, false
		}
		out = wide
	}
	return out, true
}

// convert wraps a node into the cast that its place needs.
func convert(t *Typed, to coltype.Type) *Typed {
	if t.Type.Equal(to) || to.Kind == coltype.Unknown || isInterval(to) {
		return t
	}
	return &Typed{
		Node: &Cast{Arg: t.Node, Type: to, Src: t.Node.Range()}, Type: to, Args: []*Typed{t},
		Aggregate: t.Aggregate, Window: t.Window,
	}
}

// digitsOf are the whole and fractional digits that an exact number needs.
func digitsOf(t coltype.Type) (whole, scale int) {
	switch t.Kind {
	case coltype.Int:
		return 10, 0
	case coltype.Long:
		return 19, 0
	default:
		return t.Precision - t.Scale, t.Scale
	}
}

func approximate(t coltype.Type) bool { return t.Kind == coltype.Float || t.Kind == coltype.Double }

func integral(t coltype.Type) bool { return t.Kind == coltype.Int || t.Kind == coltype.Long }
