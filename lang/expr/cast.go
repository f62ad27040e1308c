package expr

import (
	"fmt"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// castable says in a sentence why a cast is impossible and what to do instead, empty where it is possible.
func castable(from, to coltype.Type) string {
	switch {
	case from.Equal(to) || from.Kind == coltype.Unknown:
		return ""
	case isInterval(from):
		return "Intervals can only be added to dates and timestamps; date_diff counts what lies between two."
	case from.Kind.Numeric() && to.Kind.Numeric():
		return ""
	case from.Kind == coltype.String && to.Kind != coltype.Map:
		return ""
	case from.Kind.Nested() || to.Kind.Nested():
		return castableNested(from, to)
	case to.Kind == coltype.String:
		return ""
	}
	return castableScalar(from.Kind, to.Kind)
}

func castableScalar(from, to coltype.Kind) string {
	possible := map[coltype.Kind][]coltype.Kind{
		coltype.Boolean:     {coltype.Int, coltype.Long},
		coltype.Int:         {coltype.Boolean},
		coltype.Long:        {coltype.Boolean},
		coltype.Date:        {coltype.Timestamp},
		coltype.Timestamp:   {coltype.Date, coltype.Time},
		coltype.Timestamptz: {coltype.Date, coltype.Time, coltype.Timestamp},
	}
	for _, kind := range possible[from] {
		if kind == to {
			return ""
		}
	}
	switch {
	case to == coltype.Timestamptz && (from == coltype.Timestamp || from == coltype.Date):
		return "An instant needs the zone that the local time is in: timestamptz(x, \"America/New_York\")."
	case to == coltype.Date && from.Numeric(), to == coltype.Timestamp && from.Numeric(), to == coltype.Timestamptz && from.Numeric():
		return "For seconds since 1970 write from_epoch(x), for milliseconds from_epoch_ms(x)."
	case from.Numeric() && to == coltype.Boolean:
		return "Compare it instead: x != 0."
	}
	return "Cast it to string first if that is what you mean."
}

func castableNested(from, to coltype.Type) string {
	switch {
	case to.Kind == coltype.String:
		return "Write to_json(x) to get it as text, or join(x, \", \") for a list."
	case from.Kind != to.Kind:
		return "Unnest the list, or name a field, and cast that."
	case from.Kind == coltype.List:
		return castable(from.Elem.Type, to.Elem.Type)
	case from.Kind == coltype.Map:
		if hint := castable(from.Key.Type, to.Key.Type); hint != "" {
			return hint
		}
		return castable(from.Elem.Type, to.Elem.Type)
	}
	return castableFields(from.Fields, to.Fields)
}

func castableFields(from, to coltype.Schema) string {
	if len(from) != len(to) {
		return fmt.Sprintf("An object is cast field by field, so both need the same fields: it has %s.", listing(from.Names()))
	}
	for i, f := range from {
		if to[i].Name != f.Name {
			return fmt.Sprintf("An object is cast field by field, so both need the same fields in the same order: it has %s.", listing(from.Names()))
		}
		if hint := castable(f.Type, to[i].Type); hint != "" {
			return hint
		}
	}
	return ""
}

// castAdvice says how to get from one type to another, as a sentence with a leading space.
func castAdvice(text string, given, want coltype.Type) string {
	switch {
	case given.Kind == coltype.Unknown:
		return fmt.Sprintf(" A bare null has no type: write cast(null, %s).", typeName(want))
	case isInterval(given) || isInterval(want):
		return " Intervals such as days(2) are added to or subtracted from dates and timestamps."
	case given.Kind == coltype.String && (want.Kind == coltype.Date || want.Kind == coltype.Timestamp || want.Kind == coltype.Timestamptz || want.Kind == coltype.Time):
		return fmt.Sprintf(" Write %s(%s).", want.Kind, text)
	case castable(given, want) == "":
		return fmt.Sprintf(" Write cast(%s, %s) if that is what you mean.", text, typeName(want))
	}
	return " " + castable(given, want)
}
