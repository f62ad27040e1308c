package eval

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// Canonical spells a value so that equal values have equal spellings, on one line, in the language's own syntax. It is
// recorded and hashed, so sensitive values must have been refused or replaced before.
func Canonical(v cty.Value) string {
	var b strings.Builder
	write(&b, v)
	return b.String()
}

func write(b *strings.Builder, v cty.Value) {
	switch {
	case v == cty.NilVal:
		b.WriteString("null")
	case v.IsMarked():
		b.WriteString("(sensitive)")
	case !v.IsKnown():
		b.WriteString("(unknown)")
	case v.IsNull():
		b.WriteString("null")
	case v.Type() == cty.String:
		b.Write(hclwrite.TokensForValue(v).Bytes())
	case v.Type() == cty.Number:
		b.WriteString(number(v.AsBigFloat()))
	case v.Type() == cty.Bool:
		b.WriteString(map[bool]string{true: "true", false: "false"}[v.True()])
	case v.Type().IsMapType() || v.Type().IsObjectType():
		writeMap(b, v)
	case v.CanIterateElements():
		writeList(b, v)
	default:
		b.WriteString(v.GoString())
	}
}

func writeList(b *strings.Builder, v cty.Value) {
	b.WriteByte('[')
	first := true
	for it := v.ElementIterator(); it.Next(); first = false {
		if !first {
			b.WriteString(", ")
		}
		_, element := it.Element()
		write(b, element)
	}
	b.WriteByte(']')
}

// writeMap relies on cty iterating over maps and objects in the order of their keys.
func writeMap(b *strings.Builder, v cty.Value) {
	b.WriteByte('{')
	first := true
	for it := v.ElementIterator(); it.Next(); first = false {
		if !first {
			b.WriteByte(',')
		}
		key, element := it.Element()
		b.WriteByte(' ')
		write(b, key)
		b.WriteString(" = ")
		write(b, element)
	}
	if !first {
		b.WriteByte(' ')
	}
	b.WriteByte('}')
}

// number spells without an exponent and without trailing zeros, unless that would take thousands of digits.
func number(f *big.Float) string {
	if n, accuracy := f.Int64(); accuracy == big.Exact {
		return strconv.FormatInt(n, 10)
	}
	if f.MantExp(nil) > 4096 {
		return f.Text('g', -1)
	}
	if f.IsInt() {
		return f.Text('f', 0)
	}
	return f.Text('f', -1)
}
