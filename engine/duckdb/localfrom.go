package duckdb

import (
	"slices"
	"strings"
)

// fromClause is what a SELECT reads: one relation, and what each of its rows is joined with of itself or of constants.
type fromClause struct {
	alias   string   // by which columns may be qualified, in lower case
	schema  string   // of a table of the lakehouse
	columns []string // of the relation, in lower case; nil where they aren't known
	inner   []string // the same columns as the relation itself names them
	query   node     // nil: the rows of the table, or constants
	names   *ctes    // that the query may name
	joined  bool     // there are columns besides the relation's
}

// from reads a FROM clause. Joins with anything but what the row itself holds, or constants, are not followed.
func (l *locality) from(n node, names *ctes) (*fromClause, error) {
	if n.child("sample") != nil {
		return nil, crossing("it takes a sample of the rows")
	}
	aliases := lowNames(n["column_name_alias"])
	f := &fromClause{alias: strings.ToLower(n.text("alias"))}
	switch n.text("type") {
	case "EMPTY":
		f.columns = []string{}
	case "EXPRESSION_LIST", "TABLE_FUNCTION":
		if len(aliases) > 0 {
			f.columns = aliases
		}
		if hasClass(n, "SUBQUERY") {
			return nil, crossing("a subquery looks at other rows")
		}
	case "BASE_TABLE":
		return l.fromTable(n, names, f, aliases)
	case "SUBQUERY":
		f.query, f.names = n.child("subquery").child("node"), names
		f.call(l.outputs(f.query, names.of(f.query)), aliases)
	case "JOIN":
		return l.fromJoin(n, names)
	default:
		return nil, crossing("what it reads can't be followed through the SQL")
	}
	return f, nil
}

func (l *locality) fromTable(n node, names *ctes, f *fromClause, aliases []string) (*fromClause, error) {
	name := n.text("table_name")
	if f.alias == "" {
		f.alias = strings.ToLower(name)
	}
	if cte := names.find(name); cte != nil && n.text("schema_name") == "" {
		if cte.query.text("type") == "RECURSIVE_CTE_NODE" {
			return nil, recursive()
		}
		f.query, f.names = cte.query, cte.outer
		f.call(l.outputs(cte.query, cte.outer.of(cte.query)), cte.aliases)
		f.columns = calledBy(f.columns, aliases)
		return f, nil
	}
	if !strings.EqualFold(n.text("schema_name"), l.table.Namespace) || !strings.EqualFold(name, l.table.Name) {
		return nil, crossing("it reads %s besides", name)
	}
	f.schema = strings.ToLower(l.table.Namespace)
	f.call(l.columns, aliases)
	return f, nil
}

// fromJoin takes a join with what each row holds, such as unnest(tags), or with constants.
func (l *locality) fromJoin(n node, names *ctes) (*fromClause, error) {
	right, kind, how := n.child("right"), n.text("join_type"), n.text("ref_type")
	constant := right.text("type") == "TABLE_FUNCTION" || right.text("type") == "EXPRESSION_LIST"
	if !constant || kind != "INNER" && kind != "LEFT" || how != "REGULAR" && how != "CROSS" || len(lowNames(n["using_columns"])) > 0 {
		return nil, crossing("a join compares rows with others")
	}
	if hasClass(n.child("condition"), "SUBQUERY") {
		return nil, crossing("a subquery looks at other rows")
	}
	if _, err := l.from(right, names); err != nil {
		return nil, err
	}
	f, err := l.from(n.child("left"), names)
	if err == nil {
		f.joined = true
	}
	return f, err
}

// call names a relation's columns.
func (f *fromClause) call(columns, aliases []string) {
	f.inner, f.columns = columns, calledBy(columns, aliases)
}

// calledBy gives the first columns other names.
func calledBy(columns, aliases []string) []string {
	if columns == nil {
		return nil
	}
	called := slices.Clone(columns)
	copy(called, aliases)
	return called
}

// plain takes the relation's name off a column's, and says whether the column is the relation's.
func (f *fromClause) plain(parts []string) ([]string, bool) {
	switch {
	case len(parts) > 2 && parts[0] == f.schema && parts[1] == f.alias && f.schema != "":
		parts = parts[2:]
	case len(parts) > 1 && parts[0] == f.alias:
		parts = parts[1:]
	}
	return parts, slices.Contains(f.columns, parts[0])
}

// below makes an expression over the relation's columns one over its query's output.
func (f *fromClause) below(e node) (node, error) {
	return rewrite(e, func(ref node) (node, error) {
		parts, ok := f.plain(columnParts(ref))
		if !ok || len(parts) != 1 {
			return nil, lost()
		}
		return reference(f.inner[slices.Index(f.columns, parts[0])]), nil
	})
}

// outputs are the names of a query's columns, in lower case; nil where they aren't known. What has no name of its own is called
// by its place.
func (l *locality) outputs(n node, names *ctes) []string {
	switch n.text("type") {
	case "SET_OPERATION_NODE":
		if strings.HasSuffix(n.text("setop_type"), "BY_NAME") {
			return nil
		}
		left := n.child("left")
		return l.outputs(left, names.of(left))
	case "SELECT_NODE":
	default:
		return nil
	}
	from, err := l.from(n.child("from_table"), names)
	if err != nil {
		return nil
	}
	outputs := []string{}
	for i, item := range items(n) {
		if item.text("class") != "STAR" {
			name := outputName(item)
			if name == "" || slices.Contains(outputs, name) {
				name = placed(i)
			}
			outputs = append(outputs, name)
			continue
		}
		if from.columns == nil || from.joined || !plainStar(item, from) {
			return nil
		}
		for _, column := range from.columns {
			if !slices.Contains(lowNames(item["exclude_list"]), column) {
				outputs = append(outputs, column)
			}
		}
	}
	return outputs
}

// plainStar tells a * whose columns can be listed.
func plainStar(star node, from *fromClause) bool {
	renames, _ := star["rename_list"].([]any)
	excludes, _ := star["qualified_exclude_list"].([]any)
	relation := strings.ToLower(star.text("relation_name"))
	computed, _ := star["columns"].(bool)
	return len(renames)+len(excludes) == 0 && !computed && star.child("expr") == nil && (relation == "" || relation == from.alias)
}
