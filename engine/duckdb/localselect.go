package duckdb

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// selection is one SELECT on the way.
type selection struct {
	*locality
	node node
	from *fromClause
}

// inner makes an expression over the output one over what the SELECT reads.
func (s *selection) inner(e node) (node, error) {
	key, err := rewrite(e, func(ref node) (node, error) { return s.output(columnParts(ref)[0]) })
	if err != nil {
		return nil, err
	}
	if !s.scalar(key) {
		return nil, crossing("the values of %s are computed from several rows, or can't be followed through the SQL", s.names())
	}
	for _, ref := range ofClass(key, "COLUMN_REF") {
		if _, own := s.from.plain(columnParts(ref)); !own && !s.from.joined {
			return nil, lost()
		}
	}
	return key, nil
}

// output is the expression of an output column.
func (s *selection) output(name string) (node, error) {
	for i, item := range items(s.node) {
		if item.text("class") != "STAR" {
			if outputName(item) == name || placed(i) == name {
				return s.unaliased(item, len(items(s.node)))
			}
			continue
		}
		if s.from.columns == nil || !plainStar(item, s.from) {
			break
		}
		if value := replaced(item, name); value != nil {
			return s.unaliased(value, len(items(s.node)))
		}
		if slices.Contains(s.from.columns, name) && !slices.Contains(lowNames(item["exclude_list"]), name) {
			return reference(name), nil
		}
	}
	return nil, lost()
}

// replaced is the expression that a * has in the place of a column.
func replaced(star node, name string) node {
	list, _ := star["replace_list"].([]any)
	for _, item := range list {
		entry, _ := item.(map[string]any)
		if strings.EqualFold(node(entry).text("key"), name) {
			return node(entry).child("value")
		}
	}
	return nil
}

// unaliased puts expressions in the place of the names that the same SELECT gives them: columns of what it reads win.
func (s *selection) unaliased(e node, depth int) (node, error) {
	if slices.ContainsFunc(children(e), namesParts) {
		return nil, crossing("what is named within an expression can't be followed through the SQL")
	}
	return rewrite(e, func(ref node) (node, error) {
		parts := columnParts(ref)
		if _, own := s.from.plain(parts); own || len(parts) > 1 {
			return ref, nil
		}
		i := slices.IndexFunc(items(s.node), func(item node) bool { return strings.EqualFold(item.text("alias"), parts[0]) })
		switch {
		case i < 0:
			return ref, nil
		case s.from.columns == nil || s.from.joined || depth == 0:
			return nil, crossing("whether %s is a column or another's name can't be followed through the SQL", parts[0])
		}
		return s.unaliased(items(s.node)[i], depth-1)
	})
}

// within looks for what computes rows from those of several partitions.
func (s *selection) within(keys []node) error {
	own := maps.Clone(s.node)
	delete(own, "from_table")
	delete(own, "cte_map")
	sets, _ := s.node["group_sets"].([]any)
	switch {
	case s.node.child("sample") != nil:
		return crossing("it takes a sample of the rows")
	case hasClass(own, "SUBQUERY"):
		return crossing("a subquery looks at other rows")
	case hasClass(own, "COLLATE"):
		return crossing("a collation makes values equal that are not")
	case len(sets) > 1:
		return crossing("it groups rows of several partitions together, by several sets of columns")
	}
	for _, window := range ofClass(own, "WINDOW") {
		if err := s.determined(keys, window["partitions"], "a window is not partitioned by "+s.names()); err != nil {
			return err
		}
	}
	modifiers, _ := s.node["modifiers"].([]any)
	for _, m := range modifiers {
		modifier, _ := m.(map[string]any)
		if targets, _ := modifier["distinct_on_targets"].([]any); len(targets) > 0 {
			if err := s.distinctOn(keys, targets); err != nil {
				return err
			}
		}
	}
	return nil
}

// distinctOn reads what DISTINCT ON names: outputs by number or name first, columns second.
func (s *selection) distinctOn(keys []node, targets []any) error {
	why := "DISTINCT ON picks among rows of other columns than " + s.names()
	resolved := make([]any, len(targets))
	for i, target := range targets {
		e, _ := target.(map[string]any)
		if node(e).text("class") == "CONSTANT" || node(e).text("class") == "POSITIONAL_REFERENCE" || s.ambiguous(e) {
			return crossing("%s", why)
		}
		resolved[i] = e
	}
	return s.determined(keys, resolved, why)
}

// ambiguous tells whether a name is an output's and, for something else, a column's.
func (s *selection) ambiguous(e node) bool {
	parts := columnParts(e)
	if len(parts) != 1 {
		return false
	}
	_, own := s.from.plain(parts)
	return own && slices.ContainsFunc(items(s.node), func(item node) bool { return outputName(item) == parts[0] && !same(item, e, s.from) })
}

// determined holds that rows that are the same in some expressions are the same in the keys.
func (s *selection) determined(keys []node, by any, why string) error {
	list, _ := by.([]any)
	known := make([]string, 0, len(list))
	for _, item := range list {
		e, _ := item.(map[string]any)
		plain, err := s.unaliased(e, len(items(s.node)))
		if err != nil {
			return err
		}
		known = append(known, canonical(plain, s.from))
	}
	for _, key := range keys {
		if !follows(key, known, s.from) {
			return crossing("%s", why)
		}
	}
	return nil
}

// follows tells whether an expression is made of others and constants alone.
func follows(e node, known []string, from *fromClause) bool {
	if slices.Contains(known, canonical(e, from)) {
		return true
	}
	if e.text("class") == "COLUMN_REF" {
		return false
	}
	return !slices.ContainsFunc(children(e), func(child node) bool { return !follows(child, known, from) })
}

// distinct is a SELECT of the keys over what this one reads, of its rows at least.
func (s *selection) distinct(keys []node) node {
	list := make([]any, len(keys))
	for i, key := range keys {
		key = maps.Clone(key)
		key["alias"] = "k" + strconv.Itoa(i)
		list[i] = map[string]any(key)
	}
	n := maps.Clone(s.node)
	n["select_list"] = list
	n["modifiers"] = []any{map[string]any{"type": "DISTINCT_MODIFIER", "distinct_on_targets": []any{}}}
	n["cte_map"] = map[string]any{"map": []any{}}
	n["group_expressions"], n["group_sets"], n["aggregate_handling"] = []any{}, []any{}, "STANDARD_HANDLING"
	n["having"], n["qualify"] = nil, nil
	if where := n.child("where_clause"); where != nil && !s.certain(where) {
		n["where_clause"] = nil
	}
	return n
}

// certain tells whether a condition is one over columns of the row, so that rows that it leaves out decide over nothing.
func (s *selection) certain(where node) bool {
	for _, ref := range ofClass(where, "COLUMN_REF") {
		if _, own := s.from.plain(columnParts(ref)); !own {
			return false
		}
	}
	return s.scalar(where)
}
