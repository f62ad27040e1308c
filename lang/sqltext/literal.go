package sqltext

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// Literal spells a known, unmarked value as a literal of SQL.
func Literal(v cty.Value) (string, error) {
	if v.IsNull() {
		return "NULL", nil
	}
	t := v.Type()
	switch {
	case t == cty.String:
		return String(v.AsString())
	case t == cty.Bool:
		return strings.ToUpper(fmt.Sprint(v.True())), nil
	case t == cty.Number:
		return number(v.AsBigFloat())
	case t.IsMapType() || t.IsObjectType():
		return fields(v)
	case v.CanIterateElements():
		return list(v)
	}
	return "", fmt.Errorf("a value of type %s has no literal in SQL", t.FriendlyName())
}

// String spells a text.
func String(s string) (string, error) {
	if strings.ContainsRune(s, 0) {
		return "", fmt.Errorf("a text with a zero byte has no literal in SQL")
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'", nil
}

// Name spells a table's or column's name.
func Name(parts ...string) string {
	quoted := make([]string, len(parts))
	for i, part := range parts {
		quoted[i] = `"` + strings.ReplaceAll(part, `"`, `""`) + `"`
	}
	return strings.Join(quoted, ".")
}

// number puts parentheses around a negative one, as two minus signs would begin a comment.
func number(f *big.Float) (string, error) {
	if f.IsInf() || f.MantExp(nil) > 1024 {
		return "", fmt.Errorf("the number is too large for SQL")
	}
	text := f.Text('f', -1)
	if f.IsInt() {
		text = f.Text('f', 0)
	}
	if f.Sign() < 0 {
		return "(" + text + ")", nil
	}
	return text, nil
}

func list(v cty.Value) (string, error) {
	var parts []string
	for it := v.ElementIterator(); it.Next(); {
		_, element := it.Element()
		text, err := Literal(element)
		if err != nil {
			return "", err
		}
		parts = append(parts, text)
	}
	return "[" + strings.Join(parts, ", ") + "]", nil
}

func fields(v cty.Value) (string, error) {
	var parts []string
	for it := v.ElementIterator(); it.Next(); {
		key, element := it.Element()
		name, err := String(key.AsString())
		if err != nil {
			return "", err
		}
		text, err := Literal(element)
		if err != nil {
			return "", err
		}
		parts = append(parts, name+": "+text)
	}
	if len(parts) == 0 {
		return "", fmt.Errorf("an empty object has no literal in SQL")
	}
	return "{" + strings.Join(parts, ", ") + "}", nil
}
