package coltype

// digits are how many decimal digits the whole numbers of a kind can have.
func digits(k Kind) int {
	if k == Int {
		return 10
	}
	return 19
}

// Widen is the least type that holds the values of both without guessing: int and long give long, date and timestamp
// give timestamp, structs are merged field by field. ok is false where there is none; numbers and texts have none.
func Widen(a, b Type) (Type, bool) { return widen(a, b, false) }

// Unify is Widen for inference, which must always end with a type: what has nothing in common becomes string, inside
// structs, lists and maps as well.
func Unify(a, b Type) Type {
	t, _ := widen(a, b, true)
	return t
}

func widen(a, b Type, text bool) (Type, bool) {
	switch {
	case a.Kind == Unknown:
		return b, true
	case b.Kind == Unknown:
		return a, true
	case a.Kind.Nested() && a.Kind == b.Kind:
		if t, ok := widenNested(a, b, text); ok {
			return t, true
		}
	case a.Equal(b):
		return a, true
	case a.Kind.Numeric() && b.Kind.Numeric():
		return widenNumber(a, b), true
	case dateAndTimestamp(a.Kind, b.Kind):
		return Of(Timestamp), true
	}
	if text {
		return Of(String), true
	}
	return Type{}, false
}

// dateAndTimestamp leaves out timestamptz: a date has no zone, and choosing one would be a guess.
func dateAndTimestamp(a, b Kind) bool {
	return (a == Date && b == Timestamp) || (a == Timestamp && b == Date)
}

func widenNumber(a, b Type) Type {
	switch {
	case approximate(a.Kind) || approximate(b.Kind):
		return Of(Double) // a float can't hold every int
	case a.Kind == Decimal || b.Kind == Decimal:
		return widenDecimal(asDecimal(a), asDecimal(b))
	default:
		return Of(Long)
	}
}

func approximate(k Kind) bool { return k == Float || k == Double }

func asDecimal(t Type) Type {
	if t.Kind == Decimal {
		return t
	}
	return DecimalOf(digits(t.Kind), 0)
}

// widenDecimal falls back to double where no decimal has room for both sides of the point.
func widenDecimal(a, b Type) Type {
	scale := max(a.Scale, b.Scale)
	precision := max(a.Precision-a.Scale, b.Precision-b.Scale) + scale
	if precision > MaxPrecision {
		return Of(Double)
	}
	return DecimalOf(precision, scale)
}

func widenNested(a, b Type, text bool) (Type, bool) {
	if a.Kind == Struct {
		return widenStruct(a, b, text)
	}
	elem, ok := widenElem(a.Elem, b.Elem, text)
	if !ok || a.Kind == List {
		return Type{Kind: a.Kind, Elem: elem}, ok
	}
	key, ok := widenElem(a.Key, b.Key, text)
	return Type{Kind: Map, Key: key, Elem: elem}, ok
}

func widenElem(a, b *Field, text bool) (*Field, bool) {
	if a == nil || b == nil {
		return nil, false
	}
	f, ok := widenField(*a, *b, text)
	return &f, ok
}

func widenField(a, b Field, text bool) (Field, bool) {
	t, ok := widen(a.Type, b.Type, text)
	a.Type, a.Required = t, a.Required && b.Required
	return a, ok
}

// widenStruct keeps a's order and appends what only b has; a field that one side lacks may be null.
func widenStruct(a, b Type, text bool) (Type, bool) {
	fields := make([]Field, 0, len(a.Fields))
	for _, f := range a.Fields {
		other, there := Schema(b.Fields).Lookup(f.Name)
		if !there {
			f.Required = false
			fields = append(fields, f)
			continue
		}
		wide, ok := widenField(f, other, text)
		if !ok {
			return Type{}, false
		}
		fields = append(fields, wide)
	}
	for _, f := range b.Fields {
		if Schema(a.Fields).Index(f.Name) < 0 {
			f.Required = false
			fields = append(fields, f)
		}
	}
	return StructOf(fields...), true
}

// UnifySchema unifies two schemas column by column, in the order of the first with new columns at its end.
func UnifySchema(a, b Schema) Schema {
	t, _ := widenStruct(StructOf(a...), StructOf(b...), true)
	return t.Fields
}
