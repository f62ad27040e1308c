package expr

import (
	"fmt"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

func (b *binder) call(c *Call) *Typed {
	switch c.Name {
	case "for":
		return b.comprehension(c)
	case "{...}":
		return b.object(c)
	case ".":
		return b.member(c)
	}
	if precedence(c.Name) == 0 && c.Name != "!" && c.Name != "?:" && c.Name != "[...]" && c.Name != "[]" {
		return b.function(c)
	}
	args, ok := b.all(c.Args)
	switch {
	case c.Name == "&&", c.Name == "||", c.Name == "!":
		return b.logical(c, args)
	case !ok:
		return nil
	}
	switch c.Name {
	case "==", "!=", "<", "<=", ">", ">=":
		return b.compare(c, args)
	case "?:":
		return b.conditional(c, args)
	case "[...]":
		return b.list(c, args)
	case "[]":
		return b.index(c, args)
	}
	return b.arithmetic(c, args)
}

// logical asks each part for itself whether it is a condition.
func (b *binder) logical(c *Call, args []*Typed) *Typed {
	ok := true
	for i, arg := range args {
		switch {
		case arg == nil:
			ok = false
		case arg.Type.Kind == coltype.Unknown:
			args[i] = convert(arg, coltype.Of(coltype.Boolean))
		case arg.Type.Kind != coltype.Boolean:
			ok = false
			b.fail(c.Args[i].Range(), "Wrong type", fmt.Sprintf(
				"%s combines conditions, but this is %s. Compare it with something first.%s", c.Name, typeName(arg.Type), b.quotedColumn(arg)))
		}
	}
	if !ok {
		return nil
	}
	return typed(c, coltype.Of(coltype.Boolean), args...)
}

// compare knows `x == null`, and refuses to guess between texts and other types.
func (b *binder) compare(c *Call, args []*Typed) *Typed {
	boolean := coltype.Of(coltype.Boolean)
	for i, arg := range args {
		if arg.Type.Kind != coltype.Unknown {
			continue
		}
		if c.Name == "==" || c.Name == "!=" {
			name := map[string]string{"==": "is null", "!=": "is not null"}[c.Name]
			other := args[1-i]
			return typed(&Call{Name: name, Args: []Node{other.Node}, Src: c.Src, Op: c.Op}, boolean, other)
		}
		return b.fail(c.Src, "Comparison with null", fmt.Sprintf(
			"x %s null is never true. To ask whether a value is missing, write x == null or x != null.", c.Name))
	}
	wide, ok := common(args)
	if !ok {
		return b.fail(c.Src, "Types can't be compared", b.incomparable(c, args))
	}
	if c.Name != "==" && c.Name != "!=" && !orderable(wide) {
		return b.fail(c.Src, "Types can't be compared", fmt.Sprintf("%s has no order, so %s has no meaning. Compare its parts.", typeName(wide), c.Name))
	}
	return typed(c, boolean, convert(args[0], wide), convert(args[1], wide))
}

func (b *binder) incomparable(c *Call, args []*Typed) string {
	left, right := args[0].Type, args[1].Type
	text := fmt.Sprintf("%s %s %s compares %s with %s.", c.Args[0], c.Name, c.Args[1], typeName(left), typeName(right))
	if hint := b.quotedColumn(args[0]) + b.quotedColumn(args[1]); hint != "" {
		return text + hint
	}
	if isInterval(left) || isInterval(right) {
		return text + " To compare durations, count units: date_diff(\"day\", a, b) > 2."
	}
	if left.Kind == coltype.Timestamptz && right.Kind != coltype.String {
		return text + castAdvice(c.Args[1].String(), right, left)
	}
	if right.Kind == coltype.Timestamptz && left.Kind != coltype.String {
		return text + castAdvice(c.Args[0].String(), left, right)
	}
	if left.Kind == coltype.String && right.Kind != coltype.String {
		return text + castAdvice(c.Args[0].String(), left, right)
	}
	return text + castAdvice(c.Args[1].String(), right, left)
}

func (b *binder) conditional(c *Call, args []*Typed) *Typed {
	if args[0].Type.Kind != coltype.Boolean {
		return b.fail(c.Args[0].Range(), "Condition expected", fmt.Sprintf(
			"What stands before ? is a condition, but this is %s.%s", typeName(args[0].Type), b.quotedColumn(args[0])))
	}
	wide, ok := common(args[1:])
	if !ok {
		return b.fail(c.Src, "Different types", fmt.Sprintf(
			"Both results of a condition need one type, but these are %s and %s.%s", typeName(args[1].Type), typeName(args[2].Type),
			castAdvice(c.Args[2].String(), args[2].Type, args[1].Type)))
	}
	return typed(c, wide, args[0], convert(args[1], wide), convert(args[2], wide))
}

func (b *binder) list(c *Call, args []*Typed) *Typed {
	wide, ok := common(args)
	if !ok {
		return b.fail(c.Src, "Different types", fmt.Sprintf(
			"The elements of a list need one type, but these are %s.", typeNames(args)))
	}
	for i := range args {
		args[i] = convert(args[i], wide)
	}
	return typed(c, coltype.ListOf(wide), args...)
}

func (b *binder) index(c *Call, args []*Typed) *Typed {
	switch args[0].Type.Kind {
	case coltype.List:
		if !integral(args[1].Type) {
			return b.fail(c.Args[1].Range(), "Wrong type", fmt.Sprintf("The index of a list is a whole number from 0, but this is %s.", typeName(args[1].Type)))
		}
		return typed(c, args[0].Type.Elem.Type, args[0], convert(args[1], coltype.Of(coltype.Long)))
	case coltype.Map:
		key := args[0].Type.Key.Type
		if !Converts(args[1].Type, key) {
			return b.fail(c.Args[1].Range(), "Wrong type", fmt.Sprintf("The keys of this map are %s, but this is %s.", typeName(key), typeName(args[1].Type)))
		}
		return typed(c, args[0].Type.Elem.Type, args[0], convert(args[1], key))
	}
	return b.fail(c.Src, "Wrong type", fmt.Sprintf("[] takes an element of a list or map, but this is %s.", typeName(args[0].Type)))
}

func (b *binder) member(c *Call) *Typed {
	arg := b.bind(c.Args[0])
	if arg == nil {
		return nil
	}
	name, _ := literalText(&Typed{Node: c.Args[1]})
	t, detail := member(arg.Type, name)
	if detail != "" {
		return b.fail(c.Op, "Unknown field", detail)
	}
	return typed(c, t, arg, &Typed{Node: c.Args[1], Type: coltype.Of(coltype.String)})
}

func (b *binder) object(c *Call) *Typed {
	var fields []coltype.Field
	var args []*Typed
	for i := 0; i+1 < len(c.Args); i += 2 {
		name := c.Args[i].(*Literal).Value.AsString()
		value := b.bind(c.Args[i+1])
		if value == nil {
			continue
		}
		if value.Type.Kind == coltype.Unknown || isInterval(value.Type) {
			b.fail(c.Args[i+1].Range(), "Field without a type", fmt.Sprintf("The field %q is %s. A field needs a type: write cast(null, string).", name, typeName(value.Type)))
			continue
		}
		fields = append(fields, coltype.Field{Name: name, Type: value.Type})
		args = append(args, value)
	}
	if len(args)*2 != len(c.Args) {
		return nil
	}
	if len(fields) == 0 {
		return b.fail(c.Src, "Empty object", "An object over columns needs at least one field: { item = name, price = amount }.")
	}
	return typed(c, coltype.StructOf(fields...), args...)
}

// comprehension binds [for x in list : result if condition], where x is an element.
func (b *binder) comprehension(c *Call) *Typed {
	name := c.Args[0].(*Literal).Value.AsString()
	list := b.bind(c.Args[1])
	if list == nil {
		return nil
	}
	if list.Type.Kind != coltype.List || list.Type.Elem.Type.Kind == coltype.Unknown {
		return b.fail(c.Args[1].Range(), "Wrong type", fmt.Sprintf("for goes through a list, but this is %s.", typeName(list.Type)))
	}
	inner := *b
	inner.diags, inner.within = nil, "for"
	inner.locals = map[string]coltype.Type{name: list.Type.Elem.Type}
	for k, v := range b.locals {
		if k != name {
			inner.locals[k] = v
		}
	}
	rest, ok := inner.all(c.Args[2:])
	b.diags = append(b.diags, inner.diags...)
	if !ok {
		return nil
	}
	if len(rest) == 2 && rest[1].Type.Kind != coltype.Boolean {
		return b.fail(c.Args[3].Range(), "Condition expected", fmt.Sprintf("What stands after if is a condition, but this is %s.", typeName(rest[1].Type)))
	}
	args := append([]*Typed{{Node: &Literal{Value: cty.StringVal(name)}, Type: coltype.Of(coltype.String)}, list}, rest...)
	return typed(c, coltype.ListOf(rest[0].Type), args...)
}

func typeNames(args []*Typed) string {
	names := make([]string, len(args))
	for i, arg := range args {
		names[i] = typeName(arg.Type)
	}
	return listing(names)
}
