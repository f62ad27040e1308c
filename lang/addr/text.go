package addr

import (
	"cmp"
	"strconv"
)

// String is the address as a user writes it: `table.gold.customers["eu"]`.
func (a Address) String() string {
	s := a.base()
	if a.Key != "" {
		s += "[" + strconv.Quote(a.Key) + "]"
	}
	return s
}

func (a Address) base() string {
	s := string(a.Kind)
	if a.Type != "" {
		s += "." + a.Type
	}
	return s + "." + a.Name
}

// Block is the address of the block that an instance comes from: the address without its key.
func (a Address) Block() Address {
	a.Key = ""
	return a
}

// Instance is the address of a block's instance.
func (a Address) Instance(key string) Address {
	a.Key = key
	return a
}

// Ident is the name of a table in Iceberg and SQL: `gold.customers_eu`.
func (a Address) Ident() Ident {
	name := a.Name
	if a.Key != "" {
		name += "_" + a.Key
	}
	return Ident{Namespace: a.Type, Name: name}
}

// Compare orders addresses by kind, labels and key.
func (a Address) Compare(b Address) int {
	return cmp.Or(
		cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Type, b.Type),
		cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.Key, b.Key),
	)
}

// Less says whether a stands before b.
func (a Address) Less(b Address) bool { return a.Compare(b) < 0 }
