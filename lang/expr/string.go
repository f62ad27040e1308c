package expr

import (
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Range is where the column is named.
func (c *Column) Range() hcl.Range { return c.Src }

// Range is where the value stands, or the reference it came from.
func (l *Literal) Range() hcl.Range { return l.Src }

// Range is the whole call.
func (c *Call) Range() hcl.Range { return c.Src }

// Range is the whole call.
func (c *Cast) Range() hcl.Range { return c.Src }

// String spells the column so that Parse reads it as a column again.
func (c *Column) String() string {
	var b strings.Builder
	for i, name := range c.Path {
		switch {
		case i == 0 && bare(name) && !reserved(name):
			b.WriteString(name)
		case i == 0 && bare(name):
			b.WriteString("col." + name)
		case i == 0:
			b.WriteString("col[" + quote(name) + "]")
		default:
			b.WriteString(step(name))
		}
	}
	return b.String()
}

func step(name string) string {
	if bare(name) {
		return "." + name
	}
	return "[" + quote(name) + "]"
}

// bare reports whether a name can stand without col["…"]. A byte order mark is skipped by HCL, as at the start of a file.
func bare(name string) bool {
	return hclsyntax.ValidIdentifier(name) && !strings.ContainsAny(name, "-\ufeff")
}

// reserved names mean something else at the start of an expression.
func reserved(name string) bool {
	return isConfigRoot(name) || slices.Contains([]string{"col", "null", "true", "false", "for"}, name)
}

// String is the value in HCL's syntax.
func (l *Literal) String() string {
	if l.Value.IsNull() {
		return "null"
	}
	switch l.Value.Type() {
	case cty.String:
		return quote(l.Value.AsString())
	case cty.Number:
		return numberText(l.Value)
	case cty.Bool:
		return strconv.FormatBool(l.Value.True())
	}
	return l.Value.GoString()
}

// numberText is the shortest exact spelling; very large and very small numbers have an exponent.
func numberText(v cty.Value) string {
	f := v.AsBigFloat()
	text := f.Text('f', -1)
	if len(text) > 60 {
		text = f.Text('e', -1)
	}
	if text == "-0" {
		return "0"
	}
	return text
}

func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString("\\" + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case (r == '$' || r == '%') && strings.HasPrefix(s[i+1:], "{"):
			b.WriteString(string(r) + string(r))
		case r < ' ' || r == 0x7f || r == 0xfeff:
			b.WriteString(`\u` + hex4(r))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func hex4(r rune) string {
	text := strconv.FormatInt(int64(r), 16)
	return strings.Repeat("0", 4-len(text)) + text
}

// String is cast(x, type) or try_cast(x, type).
func (c *Cast) String() string {
	name := "cast"
	if c.Try {
		name = "try_cast"
	}
	return name + "(" + c.Arg.String() + ", " + c.Type.String() + ")"
}

// String is the call with one space around operators and no more parentheses than needed.
func (c *Call) String() string {
	switch c.Name {
	case "?:":
		return wrap(c.Args[0], 1) + " ? " + wrap(c.Args[1], 1) + " : " + wrap(c.Args[2], 1)
	case "[...]":
		return "[" + join(c.Args) + "]"
	case "{...}":
		return c.objectString()
	case "[]":
		return wrap(c.Args[0], 9) + "[" + c.Args[1].String() + "]"
	case ".":
		return wrap(c.Args[0], 9) + step(c.Args[1].(*Literal).Value.AsString())
	case "for":
		return c.forString()
	case "!":
		return "!" + wrap(c.Args[0], 8)
	}
	level := precedence(c.Name)
	switch {
	case level > 0 && len(c.Args) == 1:
		return c.Name + wrap(c.Args[0], 8)
	case level > 0:
		return wrap(c.Args[0], level) + " " + c.Name + " " + wrap(c.Args[1], level+1)
	}
	return c.Name + "(" + join(c.Args) + ")"
}

func (c *Call) objectString() string {
	var parts []string
	for i := 0; i+1 < len(c.Args); i += 2 {
		name := c.Args[i].(*Literal).Value.AsString()
		if !bare(name) || name == "for" {
			name = quote(name)
		}
		parts = append(parts, name+" = "+c.Args[i+1].String())
	}
	if len(parts) == 0 {
		return "{}"
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

func (c *Call) forString() string {
	name := c.Args[0].(*Literal).Value.AsString()
	text := "[for " + name + " in " + c.Args[1].String() + " : " + c.Args[2].String()
	if len(c.Args) > 3 {
		text += " if " + c.Args[3].String()
	}
	return text + "]"
}

func join(nodes []Node) string {
	parts := make([]string, len(nodes))
	for i, n := range nodes {
		parts[i] = n.String()
	}
	return strings.Join(parts, ", ")
}

// precedence is HCL's; 0 for what isn't a binary operator.
func precedence(name string) int {
	switch name {
	case "||":
		return 2
	case "&&":
		return 3
	case "==", "!=":
		return 4
	case "<", "<=", ">", ">=":
		return 5
	case "+", "-":
		return 6
	case "*", "/", "%":
		return 7
	}
	return 0
}

// wrap puts parentheses around what binds less tightly than its place asks for.
func wrap(n Node, level int) string {
	if tightness(n) < level {
		return "(" + n.String() + ")"
	}
	return n.String()
}

func tightness(n Node) int {
	switch n := n.(type) {
	case *Call:
		switch {
		case n.Name == "?:":
			return 0
		case n.Name == "!" || n.Name == "-" && len(n.Args) == 1:
			return 8
		case precedence(n.Name) > 0:
			return precedence(n.Name)
		}
	case *Literal:
		if !n.Value.IsNull() && n.Value.Type() == cty.Number && n.Value.AsBigFloat().Sign() < 0 {
			return 8
		}
		return 8 // "text".x is no traversal
	}
	return 10
}
