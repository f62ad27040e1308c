package coltype

// Promotable reports whether Iceberg can change a column from one type to the other without rewriting its files: int
// to long, float to double, decimals to more digits of the same scale; inside structs, lists and values of maps too,
// where structs may gain optional fields. Unknown, a column of nulls, becomes anything.
func Promotable(from, to Type) bool {
	switch {
	case from.Kind == Unknown || (from.Kind == Int && to.Kind == Long) || (from.Kind == Float && to.Kind == Double):
		return true
	case from.Kind != to.Kind:
		return false
	}
	switch from.Kind {
	case Decimal:
		return from.Scale == to.Scale && from.Precision <= to.Precision
	case List:
		return promotableElem(from.Elem, to.Elem)
	case Map:
		return equalElem(from.Key, to.Key) && promotableElem(from.Elem, to.Elem)
	case Struct:
		return promotableFields(from.Fields, to.Fields)
	default:
		return true
	}
}

func promotableElem(from, to *Field) bool {
	return from != nil && to != nil && promotableField(*from, *to)
}

func promotableField(from, to Field) bool {
	return (from.Required || !to.Required) && Promotable(from.Type, to.Type)
}

func promotableFields(from, to Schema) bool {
	for _, f := range from {
		next, there := to.Lookup(f.Name)
		if !there || !promotableField(f, next) {
			return false
		}
	}
	for _, f := range to {
		if f.Required && from.Index(f.Name) < 0 {
			return false
		}
	}
	return true
}
