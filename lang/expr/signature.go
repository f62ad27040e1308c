package expr

import (
	"strings"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// signature is one way to call a function.
type signature struct {
	text   string
	params []param
	result string
}

type param struct {
	name     string
	pattern  string
	optional bool
	repeated bool // the last one only
}

// parseSignature reads `substr(text string, start long, length long?) string`.
func parseSignature(text string) signature {
	open, closing := strings.Index(text, "("), strings.LastIndex(text, ") ")
	s := signature{text: text, result: text[closing+2:]}
	for _, p := range splitTop(text[open+1 : closing]) {
		name, pattern, _ := strings.Cut(p, " ")
		entry := param{name: name, pattern: pattern}
		if rest, ok := strings.CutSuffix(entry.pattern, "..."); ok {
			entry.pattern, entry.repeated = rest, true
		}
		if rest, ok := strings.CutSuffix(entry.pattern, "?"); ok {
			entry.pattern, entry.optional = rest, true
		}
		s.params = append(s.params, entry)
	}
	return s
}

// splitTop splits at commas outside of parentheses.
func splitTop(text string) []string {
	var parts []string
	depth, start := 0, 0
	for i, r := range text {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				parts = append(parts, strings.TrimSpace(text[start:i]))
				start = i + 1
			}
		}
	}
	if last := strings.TrimSpace(text[start:]); last != "" {
		parts = append(parts, last)
	}
	return parts
}

// accepts reports whether a call with n arguments could be this one.
func (s signature) accepts(n int) bool {
	least, most := 0, len(s.params)
	for _, p := range s.params {
		if !p.optional {
			least++
		}
		if p.repeated {
			most = 1 << 20
		}
	}
	return n >= least && n <= most
}

func (s signature) at(i int) param {
	if i >= len(s.params) {
		return s.params[len(s.params)-1]
	}
	return s.params[i]
}

// match finds what each letter of the signature stands for; bad is the first argument that doesn't fit, or -1.
func (s signature) match(args []*Typed) (vars map[string]coltype.Type, bad int) {
	vars = map[string]coltype.Type{}
	for i, arg := range args {
		if !matches(s.at(i).pattern, arg, vars) {
			return nil, i
		}
	}
	return vars, -1
}

func matches(pattern string, arg *Typed, vars map[string]coltype.Type) bool {
	switch pattern {
	case "unit", "literal":
		lit, ok := literalOf(arg)
		return ok && arg.Type.Kind == coltype.String && !lit.Value.IsNull()
	case "text":
		return !arg.Type.Kind.Nested() && !isInterval(arg.Type) && arg.Type.Kind != coltype.Binary
	}
	return matchType(pattern, arg.Type, vars)
}

func matchType(pattern string, t coltype.Type, vars map[string]coltype.Type) bool {
	if pattern == "any" {
		return !isInterval(t)
	}
	if isVar(pattern) {
		return matchVar(pattern, t, vars)
	}
	if inner, ok := within(pattern, "list"); ok {
		return t.Kind == coltype.Unknown || t.Kind == coltype.List && matchType(inner, t.Elem.Type, vars)
	}
	if inner, ok := within(pattern, "map"); ok {
		parts := splitTop(inner)
		return t.Kind == coltype.Unknown ||
			t.Kind == coltype.Map && matchType(parts[0], t.Key.Type, vars) && matchType(parts[1], t.Elem.Type, vars)
	}
	return Converts(t, concrete(pattern, vars))
}

func within(pattern, constructor string) (string, bool) {
	rest, ok := strings.CutPrefix(pattern, constructor+"(")
	return strings.TrimSuffix(rest, ")"), ok
}

// matchVar widens what a letter stands for so that it holds this type too.
func matchVar(letter string, t coltype.Type, vars map[string]coltype.Type) bool {
	if isInterval(t) || t.Kind != coltype.Unknown && !allowed(letter, t) {
		return false
	}
	wide, ok := coltype.Widen(vars[letter], t)
	if !ok || wide.Kind != coltype.Unknown && !allowed(letter, wide) {
		return false
	}
	vars[letter] = wide
	return true
}

// isVar recognises a letter, or a letter and a digit where a signature needs two of a sort.
func isVar(pattern string) bool {
	return len(pattern) <= 2 && pattern[0] >= 'A' && pattern[0] <= 'Z'
}

func allowed(letter string, t coltype.Type) bool {
	switch letter[:1] {
	case "N":
		return t.Kind.Numeric()
	case "I":
		return t.Kind == coltype.Int || t.Kind == coltype.Long
	case "D":
		return t.Kind == coltype.Date || t.Kind == coltype.Timestamp || t.Kind == coltype.Timestamptz
	case "O":
		return orderable(t)
	}
	return true
}

// orderable leaves out maps, whose entries have no order, wherever they are.
func orderable(t coltype.Type) bool {
	switch t.Kind {
	case coltype.Map:
		return false
	case coltype.List:
		return orderable(t.Elem.Type)
	case coltype.Struct:
		for _, f := range t.Fields {
			if !orderable(f.Type) {
				return false
			}
		}
	}
	return true
}

// concrete is the type that a pattern says once its letters are known.
func concrete(pattern string, vars map[string]coltype.Type) coltype.Type {
	if isVar(pattern) || pattern == "any" {
		return vars[pattern]
	}
	if inner, ok := within(pattern, "list"); ok {
		return coltype.ListOf(concrete(inner, vars))
	}
	if inner, ok := within(pattern, "map"); ok {
		parts := splitTop(inner)
		return coltype.MapOf(concrete(parts[0], vars), concrete(parts[1], vars))
	}
	switch pattern {
	case "unit", "literal", "text":
		return coltype.Of(coltype.String)
	case "interval":
		return coltype.Of(Interval)
	case "days":
		return coltype.Of(Days)
	}
	kind, _ := coltype.KindOf(pattern)
	return coltype.Of(kind)
}
