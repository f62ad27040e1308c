package config

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// record adds an item that changes rows.
func (t *Table) record(path, value string, at hcl.Range) {
	t.Definition.Data = append(t.Definition.Data, Item{Path: path, Value: value})
	t.Attributes[path] = at
}

// recordMeta adds an item that doesn't.
func (t *Table) recordMeta(path, value string, at hcl.Range) {
	t.Definition.Meta = append(t.Definition.Meta, Item{Path: path, Value: value})
	t.Attributes[path] = at
}

// spell is a text in quotes, on one line.
func spell(text string) string {
	return string(hclwrite.TokensForValue(cty.StringVal(text)).Bytes())
}

// list spells what has been spelled as a list.
func list(values []string) string { return "[" + strings.Join(values, ", ") + "]" }

// columnName spells a column: bare where the language reads it so.
func columnName(name string) string {
	if blockName.MatchString(name) && !reservedRoot(name) {
		return name
	}
	return "col[" + spell(name) + "]"
}

func columnNames(names []string) string {
	spelled := make([]string, len(names))
	for i, name := range names {
		spelled[i] = columnName(name)
	}
	return list(spelled)
}
