package column

import "github.com/automic-etl/etl/plugins/schema/coltype"

// Kind groups the server's types by how their values are spelled.
type Kind uint8

// Kinds. Plain is every type that is read by its text alone.
const (
	Plain Kind = iota
	Scalar
	JSON
	JSONB
	Bytes // bytea
	Geometry
	Array
	Composite
)

// Shape is a type of the server: what its values look like, and as which type they are read unless another one is
// wanted.
type Shape struct {
	Kind    Kind
	Base    string // the name of one of the server's own types, below domains
	Natural coltype.Type
	// Binary says that the natural type can be read from the binary format.
	Binary    bool
	Elem      *Shape  // Array
	Delimiter byte    // Array
	Fields    []Field // Composite
	// Unchecked says that texts may not be UTF-8: the database's encoding is SQL_ASCII.
	Unchecked bool
	// Lossy says why the natural type is not what one would expect; for a warning.
	Lossy string
}

// Field is a field of a composite type.
type Field struct {
	Name  string
	Shape *Shape
}

// Reads reports in which format a column of the wanted type is read best.
func (s *Shape) Reads(want coltype.Type) Format {
	if s.Binary && s.Natural.Equal(want) {
		return Binary
	}
	return Text
}
