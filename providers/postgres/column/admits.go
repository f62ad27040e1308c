package column

import (
	"slices"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Admits reports whether a value of the shape can be read as the wanted type: false only where none can, whatever it is.
func (s *Shape) Admits(want coltype.Type) bool {
	switch {
	case want.Kind == coltype.String || s.Kind == JSON || s.Kind == JSONB:
		return true
	case s.Kind == Array:
		return want.Kind == coltype.List && s.Elem.Admits(want.Elem.Type)
	case s.Kind == Composite:
		return want.Kind == coltype.Struct && !slices.ContainsFunc(want.Fields, func(f coltype.Field) bool {
			at := slices.IndexFunc(s.Fields, func(own Field) bool { return own.Name == f.Name })
			return at >= 0 && !s.Fields[at].Shape.Admits(f.Type)
		})
	case want.Kind.Nested():
		return false
	}
	only, known := kinds(s.Base)
	return !known || slices.Contains(only, want.Kind)
}

// kinds are those besides texts that values of one of the server's own types can be read as, where not any value may be.
func kinds(base string) (only []coltype.Kind, known bool) {
	switch base {
	case "bool":
		return []coltype.Kind{coltype.Boolean}, true
	case "int2", "int4", "int8", "oid", "float4", "float8", "numeric":
		return []coltype.Kind{coltype.Int, coltype.Long, coltype.Float, coltype.Double, coltype.Decimal, coltype.UUID, coltype.Binary}, true
	case "date":
		return []coltype.Kind{coltype.Date}, true
	case "time":
		return []coltype.Kind{coltype.Time}, true
	case "timestamp":
		return []coltype.Kind{coltype.Timestamp, coltype.Timestamptz}, true
	case "timestamptz":
		return []coltype.Kind{coltype.Timestamptz}, true
	case "uuid":
		return []coltype.Kind{coltype.UUID}, true
	case "bytea":
		return []coltype.Kind{coltype.Binary}, true
	case "timetz", "interval", "money":
		return nil, true
	}
	return nil, false
}
