// Package coltype is the type system of columns: what a user writes in `cast` and `types`, what a provider says of
// its streams, and what the lakehouse records. The names are the language's; each maps to one Iceberg type.
package coltype

// Kind is the outermost constructor of a type.
type Kind uint8

// Kinds. Unknown is the type of a bare `null` and of columns of which only nulls were seen.
const (
	Unknown Kind = iota
	Boolean
	Int  // 32 bits
	Long // 64 bits
	Float
	Double
	Decimal // Precision up to 38, Scale
	Date
	Time        // microseconds since midnight
	Timestamp   // microseconds, no zone
	Timestamptz // microseconds, UTC
	String
	UUID
	Binary
	List
	Map
	Struct
)

// Type is a column's type. The zero value is Unknown.
type Type struct {
	Kind      Kind    `json:"kind"`
	Precision int     `json:"precision,omitempty"` // Decimal
	Scale     int     `json:"scale,omitempty"`     // Decimal
	Key       *Field  `json:"key,omitempty"`       // Map
	Elem      *Field  `json:"elem,omitempty"`      // List, and the values of Map
	Fields    []Field `json:"fields,omitempty"`    // Struct
}

// Field is a named type: a column, a struct's field, a list's element ("element"), a map's "key" or "value".
type Field struct {
	ID       int    `json:"id,omitempty"` // Iceberg field id; 0 where none is assigned yet
	Name     string `json:"name"`
	Type     Type   `json:"type"`
	Required bool   `json:"required,omitempty"`
	Doc      string `json:"doc,omitempty"`
}

// Schema is an ordered list of columns.
type Schema []Field
