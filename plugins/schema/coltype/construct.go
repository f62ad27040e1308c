package coltype

// Of is the type of a kind that takes no arguments.
func Of(k Kind) Type { return Type{Kind: k} }

// DecimalOf is decimal(precision, scale).
func DecimalOf(precision, scale int) Type {
	return Type{Kind: Decimal, Precision: precision, Scale: scale}
}

// ListOf is list(elem), whose elements may be null.
func ListOf(elem Type) Type {
	return Type{Kind: List, Elem: &Field{Name: "element", Type: elem}}
}

// MapOf is map(key, value). Keys are never null, values may be.
func MapOf(key, value Type) Type {
	return Type{
		Kind: Map,
		Key:  &Field{Name: "key", Type: key, Required: true},
		Elem: &Field{Name: "value", Type: value},
	}
}

// StructOf is object({…}).
func StructOf(fields ...Field) Type { return Type{Kind: Struct, Fields: fields} }
