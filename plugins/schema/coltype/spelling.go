package coltype

import (
	"fmt"
	"strconv"
	"strings"
)

// String spells the type as the language does: `decimal(12, 2)`, `list(string)`, `object({ a = long })`.
func (t Type) String() string {
	var b strings.Builder
	t.spell(&b)
	return b.String()
}

func (t Type) spell(b *strings.Builder) {
	switch t.Kind {
	case Decimal:
		fmt.Fprintf(b, "decimal(%d, %d)", t.Precision, t.Scale)
	case List:
		spellCall(b, "list", t.Elem)
	case Map:
		spellCall(b, "map", t.Key, t.Elem)
	case Struct:
		spellObject(b, t.Fields)
	default:
		b.WriteString(t.Kind.String())
	}
}

func spellCall(b *strings.Builder, name string, args ...*Field) {
	b.WriteString(name + "(")
	for i, arg := range args {
		if i > 0 {
			b.WriteString(", ")
		}
		if arg == nil { // malformed: only a type built by hand can be
			b.WriteString(Unknown.String())
			continue
		}
		arg.Type.spell(b)
	}
	b.WriteString(")")
}

func spellObject(b *strings.Builder, fields []Field) {
	if len(fields) == 0 {
		b.WriteString("object({})")
		return
	}
	b.WriteString("object({ ")
	for i, f := range fields {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(spellName(f.Name) + " = ")
		f.Type.spell(b)
	}
	b.WriteString(" })")
}

// spellName quotes a name that isn't an identifier, so that Parse reads every spelling back.
func spellName(name string) string {
	for i, r := range name {
		if !identifierRune(r, i == 0) {
			return strconv.Quote(name)
		}
	}
	if name == "" {
		return `""`
	}
	return name
}
