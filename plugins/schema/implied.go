package schema

import (
	"slices"

	"github.com/zclconf/go-cty/cty"
)

// ImpliedType is the type of an attribute's value: its own for configuration, strings for what refers to columns.
func (a Attribute) ImpliedType() cty.Type {
	switch a.Kind {
	case Column, Expression:
		return cty.String
	case Columns:
		return cty.List(cty.String)
	case Types:
		return cty.Map(cty.String)
	default:
		if a.Type == cty.NilType {
			return cty.DynamicPseudoType
		}
		return a.Type
	}
}

// Single reports whether the block stands at most once and has no label: its value is one object, or null. All other
// nested blocks are lists of objects.
func (n NestedBlock) Single() bool { return n.Max == 1 && len(n.Labels) == 0 }

// ImpliedType is the type of a nested block's value. Labels are attributes of its objects.
func (n NestedBlock) ImpliedType() cty.Type {
	types := n.Block.attributeTypes()
	for _, label := range n.Labels {
		types[label] = cty.String
	}
	if n.Single() {
		return cty.Object(types)
	}
	return cty.List(cty.Object(types))
}

// ImpliedType is the type of the object that a block's body decodes to.
func (b Block) ImpliedType() cty.Type { return cty.Object(b.attributeTypes()) }

func (b Block) attributeTypes() map[string]cty.Type {
	types := make(map[string]cty.Type, len(b.Attributes)+len(b.Blocks))
	for _, a := range b.Attributes {
		types[a.Name] = a.ImpliedType()
	}
	for _, n := range b.Blocks {
		types[n.Name] = n.ImpliedType()
	}
	return types
}

// Empty is the value of a body that says nothing: defaults where there are any, else nulls and empty lists.
func (b Block) Empty() cty.Value {
	values := make(map[string]cty.Value, len(b.Attributes)+len(b.Blocks))
	for _, a := range b.Attributes {
		values[a.Name] = a.Empty()
	}
	for _, n := range b.Blocks {
		values[n.Name] = n.empty()
	}
	return cty.ObjectVal(values)
}

// Empty is the value of an attribute that isn't written.
func (a Attribute) Empty() cty.Value {
	if a.Default != cty.NilVal {
		return a.Default
	}
	return cty.NullVal(a.ImpliedType())
}

func (n NestedBlock) empty() cty.Value {
	if n.Single() {
		return cty.NullVal(n.ImpliedType())
	}
	return cty.ListValEmpty(n.ImpliedType().ElementType())
}

// Attribute finds an attribute by its name.
func (b Block) Attribute(name string) (Attribute, bool) {
	i := slices.IndexFunc(b.Attributes, func(a Attribute) bool { return a.Name == name })
	if i < 0 {
		return Attribute{}, false
	}
	return b.Attributes[i], true
}

// Nested finds a nested block by its name.
func (b Block) Nested(name string) (NestedBlock, bool) {
	i := slices.IndexFunc(b.Blocks, func(n NestedBlock) bool { return n.Name == name })
	if i < 0 {
		return NestedBlock{}, false
	}
	return b.Blocks[i], true
}

// Names are the names of all attributes and nested blocks, in written order: what a near miss is compared with.
func (b Block) Names() []string {
	names := make([]string, 0, len(b.Attributes)+len(b.Blocks))
	for _, a := range b.Attributes {
		names = append(names, a.Name)
	}
	for _, n := range b.Blocks {
		names = append(names, n.Name)
	}
	return names
}
