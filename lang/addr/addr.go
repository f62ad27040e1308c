// Package addr is the addresses of blocks, as types that are parsed once.
package addr

// Kind is a block type that has an address.
type Kind string

// Kinds of addressable blocks.
const (
	Connection Kind = "connection"
	Source     Kind = "source"
	Table      Kind = "table"
	Model      Kind = "model"
	Variable   Kind = "var"
	Local      Kind = "local"
	Layer      Kind = "layer"
	Output     Kind = "output"
	Function   Kind = "function"
)

// Address is a block's kind and labels, and the key of its instance if it has for_each. It is comparable: use it as a map key.
type Address struct {
	Kind Kind
	Type string // first label: provider, layer; empty for kinds with one label
	Name string // last label
	Key  string // instance key; empty where the block has no for_each
}

// Ident is a table's name in Iceberg and SQL: namespace (the layer) and table.
type Ident struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// String is `silver.orders`.
func (i Ident) String() string { return i.Namespace + "." + i.Name }
