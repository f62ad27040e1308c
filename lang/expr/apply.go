package expr

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// function binds a call of one of the engine's functions.
func (b *binder) function(c *Call) *Typed {
	f, known := table().byName[c.Name]
	if !known {
		return b.fail(c.Op, "Unknown function", fmt.Sprintf("There is no function %q.%s", c.Name, diag.Suggest(c.Name, Names())))
	}
	if !b.placed(c, f) {
		return nil
	}
	args, ok := b.arguments(c, f)
	if !ok {
		return nil
	}
	s, vars, detail := choose(f, c, args)
	if detail != "" {
		return b.fail(c.Src, "Wrong arguments", detail+b.quotedArgument(args))
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if t := vars[name]; t.Kind == coltype.Unknown {
			return b.fail(c.Src, "Null without a type", fmt.Sprintf(
				"%s needs to know the type of %s, and a bare null has none. Write cast(null, string), or the type you mean.", c.Name, variable(s, name)))
		}
	}
	return b.result(c, f, s, vars, args)
}

func (b *binder) arguments(c *Call, f entry) ([]*Typed, bool) {
	before := b.within
	if f.Kind != Scalar {
		b.within = c.Name
	}
	args, ok := b.all(c.Args)
	b.within = before
	return args, ok
}

// placed reports aggregates and window functions where they have no meaning.
func (b *binder) placed(c *Call, f entry) bool {
	switch {
	case f.Kind == Scalar:
		return true
	case b.within != "":
		b.fail(c.Op, "Aggregate in the wrong place", fmt.Sprintf(
			"%s can't stand inside %s. Compute it in a step before.", c.Name, b.within))
		return false
	case f.Kind == AggregateKind && !b.scope.Aggregates && !b.scope.Windows:
		b.fail(c.Op, "Aggregate in the wrong place", fmt.Sprintf(
			"%s computes over many rows, and %s sees one row at a time. Use a step aggregate or window before it.", c.Name, b.where()))
		return false
	case f.Kind == WindowKind && !b.scope.Windows:
		b.fail(c.Op, "Window function in the wrong place", fmt.Sprintf(
			"%s looks at neighbouring rows, which only the columns of a step window do.", c.Name))
		return false
	}
	return true
}

func (b *binder) where() string {
	if b.scope.Where == "" {
		return "this place"
	}
	return b.scope.Where
}

// choose finds the first signature that the arguments fit.
func choose(f entry, c *Call, args []*Typed) (signature, map[string]coltype.Type, string) {
	var near *signature
	bad := -1
	for _, s := range f.signatures {
		if !s.accepts(len(args)) {
			continue
		}
		vars, at := s.match(args)
		if at < 0 {
			return s, vars, ""
		}
		if at > bad {
			near, bad = &s, at
		}
	}
	forms := strings.Join(f.Signatures, ", or ")
	if near == nil {
		return signature{}, nil, fmt.Sprintf("%s is written %s, but %s given.", c.Name, forms, given(len(args)))
	}
	p := near.at(bad)
	return signature{}, nil, fmt.Sprintf("%s is written %s, but its argument %q is %s here.%s",
		c.Name, forms, p.name, describe(args[bad], p.pattern), argumentAdvice(c.Args[bad], args[bad], p.pattern))
}

func given(n int) string {
	if n == 1 {
		return "1 argument is"
	}
	return fmt.Sprintf("%d arguments are", n)
}

func describe(t *Typed, pattern string) string {
	if pattern == "unit" || pattern == "literal" {
		return "no constant text"
	}
	return typeName(t.Type)
}

// argumentAdvice says how to cast where the wanted type is clear.
func argumentAdvice(n Node, t *Typed, pattern string) string {
	if isVar(pattern) && !isInterval(t.Type) && allowed(pattern, t.Type) {
		return " It needs one type with the arguments before it."
	}
	want := map[string]coltype.Kind{"N": coltype.Double, "I": coltype.Long, "D": coltype.Date}[pattern]
	if kind, ok := coltype.KindOf(pattern); ok {
		want = kind
	}
	if want == coltype.Unknown {
		return ""
	}
	return castAdvice(n.String(), t.Type, coltype.Of(want))
}

func (b *binder) quotedArgument(args []*Typed) string {
	for _, arg := range args {
		if hint := b.quotedColumn(arg); hint != "" {
			return hint
		}
	}
	return ""
}

// variable is the parameter that a letter of a signature types.
func variable(s signature, letter string) string {
	for _, p := range s.params {
		if strings.Contains(p.pattern, letter) {
			return p.name
		}
	}
	return "its argument"
}

func (b *binder) result(c *Call, f entry, s signature, vars map[string]coltype.Type, args []*Typed) *Typed {
	for i := range args {
		if p := s.at(i).pattern; p != "any" {
			args[i] = convert(args[i], concrete(p, vars))
		}
	}
	if f.check != nil {
		if detail := f.check(args); detail != "" {
			return b.fail(c.Src, "Wrong arguments", detail)
		}
	}
	t := concrete(s.result, vars)
	if f.own != nil {
		own, detail := f.own(args)
		if detail != "" {
			return b.fail(c.Src, "Wrong arguments", detail)
		}
		t = own
	}
	out := typed(c, t, args...)
	out.Aggregate = out.Aggregate || f.Kind == AggregateKind
	out.Window = out.Window || f.Kind == WindowKind || f.Kind == AggregateKind && b.scope.Windows
	return out
}
