package coltype

import "slices"

// Equal reports whether two types hold the same values. Field ids, docs and whether nulls are allowed play no part;
// names and order of a struct's fields do.
func (t Type) Equal(u Type) bool {
	return t.Kind == u.Kind && t.Precision == u.Precision && t.Scale == u.Scale &&
		equalElem(t.Key, u.Key) && equalElem(t.Elem, u.Elem) && slices.EqualFunc(t.Fields, u.Fields, Field.Equal)
}

// Equal compares name and type.
func (f Field) Equal(g Field) bool { return f.Name == g.Name && f.Type.Equal(g.Type) }

// equalElem ignores the names "element", "key" and "value": other writers choose others.
func equalElem(f, g *Field) bool {
	if f == nil || g == nil {
		return f == g
	}
	return f.Type.Equal(g.Type)
}

// Equal compares names, types and order.
func (s Schema) Equal(other Schema) bool { return slices.EqualFunc(s, other, Field.Equal) }

// Names are the columns' names in order.
func (s Schema) Names() []string {
	names := make([]string, len(s))
	for i, f := range s {
		names[i] = f.Name
	}
	return names
}

// Index is the position of the column with exactly this name, or -1.
func (s Schema) Index(name string) int {
	return slices.IndexFunc(s, func(f Field) bool { return f.Name == name })
}

// Lookup finds the column with exactly this name.
func (s Schema) Lookup(name string) (Field, bool) {
	if i := s.Index(name); i >= 0 {
		return s[i], true
	}
	return Field{}, false
}
