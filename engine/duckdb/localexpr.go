package duckdb

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// items are the expressions of a SELECT's list.
func items(n node) []node {
	list, _ := n["select_list"].([]any)
	all := make([]node, 0, len(list))
	for _, item := range list {
		if e, ok := item.(map[string]any); ok {
			all = append(all, e)
		}
	}
	return all
}

// outputName is the name of an output column in lower case, "" where the engine makes one up.
func outputName(item node) string {
	if alias := item.text("alias"); alias != "" {
		return strings.ToLower(alias)
	}
	if parts := columnParts(item); len(parts) > 0 {
		return parts[len(parts)-1]
	}
	return ""
}

// placed is what an output column is called by its place in the SELECT's list. No name of SQL has a zero byte.
func placed(i int) string { return "\x00" + strconv.Itoa(i) }

// reference is an expression that names a column.
func reference(name string) node {
	return node{"class": "COLUMN_REF", "type": "COLUMN_REF", "alias": "", "column_names": []any{name}}
}

// columnParts are the parts of a column's name, in lower case; none for another expression.
func columnParts(e node) []string {
	if e.text("class") != "COLUMN_REF" {
		return nil
	}
	return lowNames(e["column_names"])
}

// texts is a list of names, in lower case.
func lowNames(value any) []string {
	list, _ := value.([]any)
	all := make([]string, 0, len(list))
	for _, item := range list {
		text, _ := item.(string)
		all = append(all, text)
	}
	return lowered(all)
}

func lowered(names []string) []string {
	low := make([]string, len(names))
	for i, name := range names {
		low[i] = strings.ToLower(name)
	}
	return low
}

// renamed is an expression over columns that other names stand for, by their position.
func renamed(e node, from, to []string) (node, error) {
	return rewrite(e, func(ref node) (node, error) {
		name := columnParts(ref)[0]
		i := slices.Index(from, name)
		if i < 0 || i >= len(to) {
			return nil, lost()
		}
		return reference(to[i]), nil
	})
}

// rewrite copies an expression with others in the place of its columns.
func rewrite(e node, column func(ref node) (node, error)) (node, error) {
	if e.text("class") == "COLUMN_REF" {
		return column(e)
	}
	copied := maps.Clone(e)
	for key, value := range e {
		changed, err := rewriteValue(value, column)
		if err != nil {
			return nil, err
		}
		copied[key] = changed
	}
	copied["alias"] = ""
	return copied, nil
}

func rewriteValue(value any, column func(ref node) (node, error)) (any, error) {
	switch value := value.(type) {
	case map[string]any:
		if node(value).text("class") == "" {
			copied := maps.Clone(value)
			for key, inside := range value {
				changed, err := rewriteValue(inside, column)
				if err != nil {
					return nil, err
				}
				copied[key] = changed
			}
			return copied, nil
		}
		e, err := rewrite(value, column)
		return map[string]any(e), err
	case []any:
		list := make([]any, len(value))
		for i, item := range value {
			changed, err := rewriteValue(item, column)
			if err != nil {
				return nil, err
			}
			list[i] = changed
		}
		return list, nil
	}
	return value, nil
}

// namesParts tells whether there are names given within an expression, as in struct_pack(a := 1), which are part of its meaning.
func namesParts(e node) bool {
	return e.text("alias") != "" || slices.ContainsFunc(children(e), namesParts)
}

// children are the expressions right below one.
func children(e node) []node {
	var found []node
	for _, key := range e.keys() {
		found = append(found, expressions(e[key])...)
	}
	return found
}

// expressions are the topmost expressions in a value.
func expressions(value any) []node {
	var found []node
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			found = append(found, expressions(item)...)
		}
	case map[string]any:
		if node(value).text("class") != "" {
			return []node{value}
		}
		found = children(value)
	}
	return found
}

// ofClass are all expressions of a class in a node, however deep.
func ofClass(n node, class string) []node {
	var found []node
	if n.text("class") == class {
		found = append(found, n)
	}
	for _, child := range children(n) {
		found = append(found, ofClass(child, class)...)
	}
	return found
}

func hasClass(n node, class string) bool { return len(ofClass(n, class)) > 0 }

// scalar tells whether an expression is computed from one row's values alone, and gives the same every time.
func (l *locality) scalar(e node) bool {
	switch e.text("class") {
	case "COLUMN_REF", "CONSTANT", "CAST", "CASE", "COMPARISON", "CONJUNCTION", "OPERATOR", "BETWEEN":
	case "FUNCTION":
		if !l.scalars[strings.ToLower(e.text("function_name"))] {
			return false
		}
	default:
		return false
	}
	return !slices.ContainsFunc(children(e), func(child node) bool { return !l.scalar(child) })
}

// canonical spells an expression so that the same ones are equal: without places, names given, and qualifiers.
func canonical(e node, from *fromClause) string {
	text, err := json.Marshal(bare(map[string]any(e), from)) // maps are written in the order of their keys
	if err != nil {
		return ""
	}
	return string(text)
}

func bare(value any, from *fromClause) any {
	switch value := value.(type) {
	case []any:
		list := make([]any, len(value))
		for i, item := range value {
			list[i] = bare(item, from)
		}
		return list
	case map[string]any:
		if parts := columnParts(value); len(parts) > 0 {
			parts, _ = from.plain(parts)
			return parts
		}
		copied := map[string]any{}
		for key, inside := range value {
			if key != "query_location" && key != "alias" {
				copied[key] = bare(inside, from)
			}
		}
		return copied
	}
	return value
}

// same tells whether two expressions are the same.
func same(a, b node, from *fromClause) bool { return canonical(a, from) == canonical(b, from) }
