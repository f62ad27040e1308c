// Package schema describes the blocks that a provider adds to the language: one description drives decoding,
// validation, documentation, completion and `etl fmt`.
package schema

import "github.com/zclconf/go-cty/cty"

// AttributeKind says how the host reads an attribute.
type AttributeKind string

// Attribute kinds: Value is configuration, evaluated by the host to a cty value of the attribute's Type; the others are
// references to columns, which reach the provider as strings (Column, Expression) or lists of strings (Columns).
const (
	Value      AttributeKind = "value"
	Column     AttributeKind = "column"
	Columns    AttributeKind = "columns"
	Expression AttributeKind = "expression"
	// Types is a map from column name to column type, written { zip = string, price = decimal(12, 2) }; it reaches
	// the provider as a map of strings in the language's spelling.
	Types AttributeKind = "types"
)

// Attribute is one argument of a block.
type Attribute struct {
	Name       string
	Kind       AttributeKind // empty means Value
	Type       cty.Type      // for Value
	Required   bool
	Sensitive  bool
	Cosmetic   bool      // does not change rows: a changed value is metadata only
	Deprecated string    // what to write instead; empty if not deprecated
	Default    cty.Value // cty.NilVal where there is none
	OneOf      []string  // the allowed values of a string; empty means any
	Doc        string
}

// NestedBlock is a block inside a block.
type NestedBlock struct {
	Name   string
	Labels []string // names of the labels, for documentation
	Block  Block
	Min    int
	Max    int // 0 means any number
}

// Block is the body of a block.
type Block struct {
	Doc        string
	Attributes []Attribute
	Blocks     []NestedBlock
}

// Extract modes of a source.
const (
	Batch       = "batch"
	Incremental = "incremental"
	Delta       = "delta"
)

// Provider is everything that the language needs to know of one provider.
type Provider struct {
	Name       string // the first label of its blocks
	Version    string
	Connection *Block // nil where its sources need no connection
	Source     Block
	// Extract maps each supported mode to the attributes of its block.
	Extract map[string]Block
}
