package bsonvalue

import (
	"strconv"
	"unicode/utf8"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// kind is a set of the kinds of values that were seen at one place of the documents.
type kind uint16

const (
	booleans kind = 1 << iota
	ints          // 32 bits
	longs         // 64 bits
	doubles
	decimals
	texts
	ids
	dates
	uuids
	binaries
	arrays
	objects
	others // what only JSON text can hold
)

const numbers = ints | longs | doubles | decimals

// maxNested is how deep types nest; what lies deeper is JSON text.
const maxNested = 30

// largestExact is the largest whole number up to which a double holds all of them.
const largestExact = 1 << 53

// Shape gathers what the values at one place look like. The shapes of two parts of a collection can be merged: what comes
// out depends on their order in nothing but the order of fields.
type Shape struct {
	kinds   kind
	digits  int  // of whole numbers, at most
	large   bool // a whole number that a double doesn't hold
	whole   int  // digits before the point of decimals, at most
	scale   int  // digits after it
	special bool // NaN or an infinity among the decimals
	element *Shape
	names   []string
	members map[string]*Shape
}

// Observe takes note of a document. Of one that can't be read it says so, and keeps what came before the fault.
func (s *Shape) Observe(document []byte) error { return s.document(document, 0) }

func (s *Shape) document(document []byte, depth int) error {
	if depth > maxDepth {
		return ErrTooDeep
	}
	elements := Open(document)
	for element, ok := elements.Next(); ok; element, ok = elements.Next() {
		m, there := s.members[string(element.Name)]
		if !there {
			if !utf8.Valid(element.Name) {
				return errNameNotUTF8
			}
			m = s.member(string(element.Name))
		}
		if err := m.value(element.Value, depth+1); err != nil {
			return err
		}
	}
	return elements.Err()
}

func (s *Shape) member(name string) *Shape {
	m, there := s.members[name]
	if !there {
		if s.members == nil {
			s.members = map[string]*Shape{}
		}
		m = &Shape{}
		s.members[name] = m
		s.names = append(s.names, name)
	}
	return m
}

func (s *Shape) value(v Value, depth int) error {
	s.kinds |= kindOf(v)
	switch v.Type {
	case Int32, Int64:
		s.integer(v.long())
	case Decimal128:
		s.decimal(v)
	case Document:
		if depth >= maxNested {
			s.kinds |= others
			return nil
		}
		return s.document(v.Data, depth)
	case Array:
		return s.array(v, depth)
	}
	return nil
}

func (s *Shape) array(v Value, depth int) error {
	if depth >= maxNested {
		s.kinds |= others
		return nil
	}
	if s.element == nil {
		s.element = &Shape{}
	}
	elements := Open(v.Data)
	for element, ok := elements.Next(); ok; element, ok = elements.Next() {
		if err := s.element.value(element.Value, depth+1); err != nil {
			return err
		}
	}
	return elements.Err()
}

func kindOf(v Value) kind {
	switch v.Type {
	case Boolean:
		return booleans
	case Int32:
		return ints
	case Int64:
		return longs
	case Double:
		return doubles
	case Decimal128:
		return decimals
	case String, Symbol:
		return texts
	case ObjectID:
		return ids
	case DateTime:
		return dates
	case Array:
		return arrays
	case Document:
		return objects
	case Binary:
		if v.uuid() {
			return uuids
		}
		return binaries
	case Null, Undefined, 0:
		return 0
	}
	return others
}

func (s *Shape) integer(n int64) {
	text := strconv.FormatInt(n, 10)
	if n < 0 {
		text = text[1:]
	}
	s.digits = max(s.digits, len(text))
	s.large = s.large || n > largestExact || n < -largestExact
}

func (s *Shape) decimal(v Value) {
	coefficient, exponent, err := v.decimal().BigInt()
	if err != nil {
		s.special = true
		return
	}
	d := digitsOf(coefficient.String(), exponent)
	s.whole, s.scale = max(s.whole, d.whole()), max(s.scale, d.scale())
}

// Merge adds what another shape saw. Its new fields come after the ones that are there.
func (s *Shape) Merge(other *Shape) {
	s.kinds |= other.kinds
	s.digits, s.whole, s.scale = max(s.digits, other.digits), max(s.whole, other.whole), max(s.scale, other.scale)
	s.large, s.special = s.large || other.large, s.special || other.special
	if other.element != nil {
		if s.element == nil {
			s.element = &Shape{}
		}
		s.element.Merge(other.element)
	}
	for _, name := range other.names {
		s.member(name).Merge(other.members[name])
	}
}

// Fields are the members that were seen, in the order in which they first appeared, each with the least type that holds
// all of its values exactly. Of nothing but nulls the type is Unknown.
func (s *Shape) Fields() []coltype.Field {
	fields := make([]coltype.Field, len(s.names))
	for i, name := range s.names {
		fields[i] = coltype.Field{Name: name, Type: s.members[name].Type()}
	}
	return fields
}

// Type is the least type that holds all values exactly; a mixture of kinds is a string.
func (s *Shape) Type() coltype.Type {
	switch s.kinds {
	case 0:
		return coltype.Of(coltype.Unknown)
	case booleans:
		return coltype.Of(coltype.Boolean)
	case dates:
		return coltype.Of(coltype.Timestamptz)
	case uuids:
		return coltype.Of(coltype.UUID)
	case binaries:
		return coltype.Of(coltype.Binary)
	case arrays:
		return coltype.ListOf(s.element.Type())
	case objects:
		if len(s.names) == 0 { // nothing but {}, which no struct can be
			return coltype.Of(coltype.Unknown)
		}
		return coltype.StructOf(s.Fields()...)
	}
	if s.kinds&^numbers == 0 {
		return s.number()
	}
	return coltype.Of(coltype.String)
}

func (s *Shape) number() coltype.Type {
	switch {
	case s.kinds == ints:
		return coltype.Of(coltype.Int)
	case s.kinds&^(ints|longs) == 0:
		return coltype.Of(coltype.Long)
	case s.kinds&decimals == 0 && !s.large:
		return coltype.Of(coltype.Double)
	case s.kinds&doubles != 0 || s.special || max(s.whole, s.digits)+s.scale > coltype.MaxPrecision:
		return coltype.Of(coltype.String)
	}
	return coltype.DecimalOf(coltype.MaxPrecision, s.scale)
}
