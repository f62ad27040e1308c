package expr

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Bind resolves the columns of a node and gives every part of it a type, without any data. All mistakes are reported;
// the result is nil where there are any, and also, without a further message, where a column is Invalid or not known, or a part a Hole.
func Bind(n Node, s *Scope) (*Typed, hcl.Diagnostics) {
	b := binder{scope: s}
	t := b.bind(n)
	if b.diags.HasErrors() {
		return nil, b.diags
	}
	return t, b.diags
}

// BindBoolean is Bind for a condition.
func BindBoolean(n Node, s *Scope) (*Typed, hcl.Diagnostics) {
	t, diags := Bind(n, s)
	if t == nil || t.Type.Kind == coltype.Boolean {
		return t, diags
	}
	return nil, problem(n.Range(), "Condition expected", fmt.Sprintf(
		"%s needs a condition, which is true or false, but this is %s. Compare it with something, such as %s != null.",
		s.Where, typeName(t.Type), n))
}

// BindAs is Bind, converted to a type that the place asks for.
func BindAs(n Node, s *Scope, want coltype.Type) (*Typed, hcl.Diagnostics) {
	t, diags := Bind(n, s)
	if t == nil {
		return nil, diags
	}
	if !Converts(t.Type, want) {
		return nil, mismatch(n, t.Type, want)
	}
	return convert(t, want), nil
}

// binder collects mistakes; a nil Typed stands for a part that has one.
type binder struct {
	scope *Scope
	diags hcl.Diagnostics
	// locals are the variables of enclosing for expressions.
	locals map[string]coltype.Type
	// within is the aggregate or window call around, empty outside of one.
	within string
}

func (b *binder) fail(rng hcl.Range, summary, detail string) *Typed {
	b.diags = append(b.diags, problem(rng, summary, detail)...)
	return nil
}

func (b *binder) bind(n Node) *Typed {
	switch n := n.(type) {
	case *Hole:
		return nil
	case *Literal:
		return &Typed{Node: n, Type: literalType(n)}
	case *Column:
		return b.column(n)
	case *Cast:
		return b.cast(n)
	case *Call:
		return b.call(n)
	}
	return b.fail(hcl.Range{}, "Invalid column expression", "This expression has a part that can't be bound. This is a bug in etl.")
}

// all binds the arguments; ok is false where one has a mistake.
func (b *binder) all(nodes []Node) (args []*Typed, ok bool) {
	args, ok = make([]*Typed, len(nodes)), true
	for i, n := range nodes {
		args[i] = b.bind(n)
		ok = ok && args[i] != nil
	}
	return args, ok
}

func literalType(l *Literal) coltype.Type {
	switch {
	case l.Value.IsNull():
		return coltype.Type{}
	case l.Value.Type() == cty.String:
		return coltype.Of(coltype.String)
	case l.Value.Type() == cty.Bool:
		return coltype.Of(coltype.Boolean)
	}
	return numberType(l.Value)
}

// numberType is the least exact type of a number: int, long, decimal, and double where 38 digits don't do.
func numberType(v cty.Value) coltype.Type {
	f := v.AsBigFloat()
	if n, exact := f.Int64(); f.IsInt() && exact == 0 {
		if int64(int32(n)) == n {
			return coltype.Of(coltype.Int)
		}
		return coltype.Of(coltype.Long)
	}
	whole, fraction := digitCount(f.Text('f', -1))
	if whole+fraction > coltype.MaxPrecision {
		return coltype.Of(coltype.Double)
	}
	return coltype.DecimalOf(max(1, whole+fraction), fraction)
}

// digitCount counts the digits before the point without leading zeros, and those after.
func digitCount(text string) (whole, fraction int) {
	seen, point := false, false
	for _, r := range text {
		switch {
		case r == '.':
			point = true
		case r < '0' || r > '9':
		case point:
			fraction++
		case r != '0' || seen:
			seen = true
			whole++
		}
	}
	return whole, fraction
}

func typed(n Node, t coltype.Type, args ...*Typed) *Typed {
	out := &Typed{Node: n, Type: t, Args: args}
	for _, arg := range args {
		out.Aggregate = out.Aggregate || arg.Aggregate
		out.Window = out.Window || arg.Window
	}
	return out
}

func (b *binder) cast(n *Cast) *Typed {
	arg := b.bind(n.Arg)
	if arg == nil || n.Type.Kind == Invalid {
		return nil
	}
	if hint := castable(arg.Type, n.Type); hint != "" {
		return b.fail(n.Src, "Impossible cast", fmt.Sprintf("%s can't be cast to %s. %s", typeName(arg.Type), typeName(n.Type), hint))
	}
	return typed(n, n.Type, arg)
}

func mismatch(n Node, given, want coltype.Type) hcl.Diagnostics {
	return problem(n.Range(), "Wrong type", fmt.Sprintf("This is %s where %s is wanted.%s",
		typeName(given), typeName(want), castAdvice(n.String(), given, want)))
}
