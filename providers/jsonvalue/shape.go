package jsonvalue

import (
	"bytes"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/textvalue"
)

// Shape gathers what the values of a column look like.
type Shape struct {
	numbers  textvalue.Evidence
	booleans bool
	texts    bool
	arrays   bool
	objects  bool
	element  *Shape
	names    []string
	members  map[string]*Shape
}

// Observe takes note of a member of the object that the shape describes.
func (s *Shape) Observe(d *Document, member *Value, nulls [][]byte) {
	s.member(member.Key).observe(d, member, nulls)
}

// Named takes note of a member's name alone.
func (s *Shape) Named(name []byte) { s.member(name) }

func (s *Shape) member(name []byte) *Shape {
	m, ok := s.members[string(name)]
	if !ok {
		if s.members == nil {
			s.members = map[string]*Shape{}
		}
		m = &Shape{}
		s.members[string(name)] = m
		s.names = append(s.names, string(name))
	}
	return m
}

func (s *Shape) observe(d *Document, v *Value, nulls [][]byte) {
	switch v.Kind {
	case True, False:
		s.booleans = true
	case Number:
		s.numbers |= textvalue.Classify(v.Raw)
	case String:
		s.texts = s.texts || !isNull(v, nulls)
	case Array:
		s.arrays = true
		if s.element == nil {
			s.element = &Shape{}
		}
		for child := range d.Children(v) {
			s.element.observe(d, child, nulls)
		}
	case Object:
		s.objects = true
		for child := range d.Children(v) {
			s.member(child.Key).observe(d, child, nulls)
		}
	}
}

func isNull(v *Value, nulls [][]byte) bool {
	for _, null := range nulls {
		if bytes.Equal(null, v.Text) {
			return true
		}
	}
	return false
}

// Type is the least type that holds all values; a mixture of kinds is a string, and nothing but nulls is Unknown.
func (s *Shape) Type() coltype.Type {
	kinds := 0
	for _, seen := range []bool{s.booleans, s.numbers != 0, s.texts, s.arrays, s.objects} {
		if seen {
			kinds++
		}
	}
	switch {
	case kinds == 0:
		return coltype.Of(coltype.Unknown)
	case kinds > 1 || s.texts:
		return coltype.Of(coltype.String)
	case s.booleans:
		return coltype.Of(coltype.Boolean)
	case s.arrays:
		return coltype.ListOf(s.element.Type())
	case s.objects && len(s.names) > 0:
		return coltype.StructOf(s.Fields()...)
	case s.objects: // nothing but {}, which no struct can be
		return coltype.Of(coltype.Unknown)
	}
	return s.numbers.Type()
}

// Fields are the members that were seen, in the order in which they first appeared.
func (s *Shape) Fields() []coltype.Field {
	fields := make([]coltype.Field, len(s.names))
	for i, name := range s.names {
		fields[i] = coltype.Field{Name: name, Type: s.members[name].Type()}
	}
	return fields
}
