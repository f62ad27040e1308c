package expr

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// column resolves a path: the variable of a for, a joined table's column, or one of the step's own input; what is left
// of the path leads into structs and maps.
func (b *binder) column(c *Column) *Typed {
	if t, ok := b.locals[c.Path[0]]; ok && c.local != 0 {
		return b.into(&Typed{Node: c, Type: t, Name: c.Path[0], Local: true}, c, 1)
	}
	own := b.scope.Relations[0]
	field, isOwn := own.Columns.Lookup(c.Path[0])
	rel, isRelation := b.relation(c)
	switch {
	case isOwn && isRelation && rel.Name != own.Name && nestedWith(field.Type, c.Path[1]):
		return b.fail(c.Src, "Ambiguous column", fmt.Sprintf(
			"%q is both a column of the input and the name of the joined table, and both have %q. Give the table another name with as.", c.Path[0], c.Path[1]))
	case isOwn && (!isRelation || rel.Name == own.Name && field.Type.Kind.Nested()):
		return b.into(&Typed{Node: c, Type: field.Type, Name: field.Name}, c, 1)
	case isRelation:
		return b.qualified(c, rel)
	case own.Open:
		return nil
	}
	return b.fail(c.Src, "Unknown column", b.unknownColumn(c))
}

// relation is the table that the first name of a longer path names.
func (b *binder) relation(c *Column) (Relation, bool) {
	if len(c.Path) < 2 || c.local != 0 {
		return Relation{}, false
	}
	for _, rel := range b.scope.Relations {
		if rel.Name != "" && rel.Name == c.Path[0] {
			return rel, true
		}
	}
	return Relation{}, false
}

func nestedWith(t coltype.Type, name string) bool {
	return t.Kind == coltype.Map || t.Kind == coltype.Struct && coltype.Schema(t.Fields).Index(name) >= 0
}

func (b *binder) qualified(c *Column, rel Relation) *Typed {
	field, ok := rel.Columns.Lookup(c.Path[1])
	switch {
	case !ok && rel.Open:
		return nil
	case !ok:
		return b.fail(c.Src, "Unknown column", fmt.Sprintf("The table %q has no column %q.%s Its columns are: %s.",
			rel.Name, c.Path[1], diag.Suggest(c.Path[1], visible(rel)), listing(visible(rel))))
	}
	name := rel.Name
	if name == b.scope.Relations[0].Name {
		name = ""
	}
	return b.into(&Typed{Node: c, Type: field.Type, Relation: name, Name: field.Name}, c, 2)
}

// into follows the rest of a path into structs and maps.
func (b *binder) into(t *Typed, c *Column, from int) *Typed {
	if t.Type.Kind == Invalid {
		return nil
	}
	for _, name := range c.Path[from:] {
		next, detail := member(t.Type, name)
		if detail != "" {
			return b.fail(c.Src, "Unknown field", detail)
		}
		t.Fields = append(t.Fields, name)
		t.Type = next
	}
	return t
}

// member is the type of a struct's field or a map's value; detail says what is wrong.
func member(t coltype.Type, name string) (coltype.Type, string) {
	switch t.Kind {
	case coltype.Struct:
		fields := coltype.Schema(t.Fields)
		if f, ok := fields.Lookup(name); ok {
			return f.Type, ""
		}
		return t, fmt.Sprintf("The object has no field %q.%s Its fields are: %s.", name, diag.Suggest(name, fields.Names()), listing(fields.Names()))
	case coltype.Map:
		if t.Key.Type.Kind == coltype.String {
			return t.Elem.Type, ""
		}
		return t, fmt.Sprintf("The keys of this map are %s, so %q is none of them. Write get(map, key).", typeName(t.Key.Type), name)
	case coltype.List:
		return t, fmt.Sprintf("This is a list, which has no field %q. Take one element with [0], compute with each in [for x in list : x.%s], or unnest it.", name, name)
	}
	return t, fmt.Sprintf("This is %s, which has no field %q.", typeName(t), name)
}

func visible(rel Relation) []string {
	var names []string
	for _, f := range rel.Columns {
		if !rel.Hidden[f.Name] {
			names = append(names, f.Name)
		}
	}
	return names
}

// unknownColumn says what the name could have been: a near column, one of a joined table, a block's address.
func (b *binder) unknownColumn(c *Column) string {
	name := c.Path[0]
	own := b.scope.Relations[0]
	text := fmt.Sprintf("The input of this step has no column %q.", name)
	for _, rel := range b.scope.Relations[1:] {
		if rel.Columns.Index(name) >= 0 {
			return text + fmt.Sprintf(" The joined table %q has one: write %s.%s.", rel.Name, rel.Name, name)
		}
	}
	if len(c.Path) > 2 && strings.Contains(" table source model connection layer ", " "+name+" ") {
		return text + " Blocks can't be named in a column expression: bring another table's column in with a join."
	}
	suggestion := diag.Suggest(name, own.Columns.Names())
	if suggestion == "" && len(c.Path) > 1 {
		suggestion = diag.Suggest(name, b.relationNames())
	}
	return text + suggestion + " Its columns are: " + listing(visible(own)) + "."
}

func (b *binder) relationNames() []string {
	var names []string
	for _, rel := range b.scope.Relations {
		if rel.Name != "" {
			names = append(names, rel.Name)
		}
	}
	return names
}

// quotedColumn recognises "amount" written for amount.
func (b *binder) quotedColumn(t *Typed) string {
	text, ok := literalText(t)
	if !ok || b.scope.Relations[0].Columns.Index(text) < 0 {
		return ""
	}
	return fmt.Sprintf(" %q in quotes is a text; the column is written %s.", text, (&Column{Path: []string{text}, Src: hcl.Range{}}).String())
}
