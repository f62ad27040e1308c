package expr

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Name is a column that is named, not computed.
type Name struct {
	Name  string
	Range hcl.Range
}

// SortKey is an expression to order by.
type SortKey struct {
	Expr Node
	Desc bool
}

// Assignment is a named expression.
type Assignment struct {
	Name  string
	Expr  Node
	Range hcl.Range // of the name
}

// ParseName reads a column's bare name, or col["odd name"].
func ParseName(e hcl.Expression) (Name, hcl.Diagnostics) {
	n, diags := Parse(e, Env{})
	if col, ok := n.(*Column); ok && len(col.Path) == 1 {
		return Name{Name: col.Path[0], Range: col.Src}, nil
	}
	if diags.HasErrors() && namesColumn(e) {
		return Name{}, diags
	}
	return Name{}, problem(e.Range(), "Column name expected",
		"A column is named here, by its bare name or as col[\"odd name\"], without quotes around it and without a computation.")
}

// namesColumn tells a name with a mistake in it from what is no name at all.
func namesColumn(e hcl.Expression) bool {
	t, ok := syntax(e).(*hclsyntax.ScopeTraversalExpr)
	return ok && !isConfigRoot(t.Traversal.RootName())
}

// ParseNames reads a list of columns: [a, b, col["odd name"]].
func ParseNames(e hcl.Expression) ([]Name, hcl.Diagnostics) {
	return each(e, "Each element names a column.", ParseName)
}

// ParseNodes reads a list of expressions.
func ParseNodes(e hcl.Expression, env Env) ([]Node, hcl.Diagnostics) {
	return each(e, "Each element is a column or an expression over columns.",
		func(e hcl.Expression) (Node, hcl.Diagnostics) { return Parse(e, env) })
}

// ParseSortKeys reads the keys of an order: expressions, asc(x) or desc(x), in a list or alone.
func ParseSortKeys(e hcl.Expression, env Env) ([]SortKey, hcl.Diagnostics) {
	return sortKeys(e, env, "asc", "desc")
}

// ParseKeep reads what dedupe keeps: latest(x), earliest(x), or a list of them.
func ParseKeep(e hcl.Expression, env Env) ([]SortKey, hcl.Diagnostics) {
	return sortKeys(e, env, "earliest", "latest")
}

func sortKeys(e hcl.Expression, env Env, up, down string) ([]SortKey, hcl.Diagnostics) {
	one := func(e hcl.Expression) (SortKey, hcl.Diagnostics) { return sortKey(e, env, up, down) }
	if _, ok := syntax(e).(*hclsyntax.TupleConsExpr); ok {
		return each(e, "", one)
	}
	key, diags := one(e)
	return []SortKey{key}, diags
}

func sortKey(e hcl.Expression, env Env, up, down string) (SortKey, hcl.Diagnostics) {
	call, ok := syntax(e).(*hclsyntax.FunctionCallExpr)
	if !ok || (call.Name != up && call.Name != down) {
		if up == "earliest" {
			return SortKey{}, problem(e.Range(), "Invalid keep",
				"The row that dedupe keeps is chosen by latest(column) or earliest(column), or by a list of those.")
		}
		n, diags := Parse(e, env)
		return SortKey{Expr: n}, diags
	}
	if len(call.Args) != 1 {
		return SortKey{}, problem(e.Range(), "Wrong number of arguments",
			call.Name+" takes one expression, such as "+call.Name+"(updated_at).")
	}
	n, diags := Parse(call.Args[0], env)
	return SortKey{Expr: n, Desc: call.Name == down}, diags
}

// ParseAssignments reads { name = expression, … } in the written order. A name with a mistake is empty.
func ParseAssignments(e hcl.Expression, env Env) ([]Assignment, hcl.Diagnostics) {
	object, ok := syntax(e).(*hclsyntax.ObjectConsExpr)
	if !ok {
		return nil, problem(e.Range(), "Columns expected",
			"Columns are written here as { name = expression, other = expression }.")
	}
	var out []Assignment
	var diags hcl.Diagnostics
	seen := map[string]bool{}
	for _, item := range object.Items {
		name, more := keyName(item.KeyExpr)
		diags = append(diags, more...)
		n, more := Parse(item.ValueExpr, env)
		diags = append(diags, more...)
		if seen[name] && name != "" {
			diags = append(diags, problem(item.KeyExpr.Range(), "Duplicate column",
				"The column \""+name+"\" is set twice in this object. Remove one of the two.")...)
			continue
		}
		seen[name] = true
		out = append(out, Assignment{Name: name, Expr: n, Range: item.KeyExpr.Range()})
	}
	return out, diags
}

// ParseBy reads the groups of an aggregate: a list of columns, each named as itself, or { name = expression, … }.
func ParseBy(e hcl.Expression, env Env) ([]Assignment, hcl.Diagnostics) {
	if _, ok := syntax(e).(*hclsyntax.ObjectConsExpr); ok {
		return ParseAssignments(e, env)
	}
	return each(e, "Each element names a column.", func(e hcl.Expression) (Assignment, hcl.Diagnostics) {
		n, diags := Parse(e, env)
		if diags.HasErrors() {
			return Assignment{}, diags
		}
		col, ok := n.(*Column)
		if !ok {
			return Assignment{}, problem(e.Range(), "Group without a name",
				"A computed group needs a name for its column: write by = { month = date_trunc(\"month\", at) }.")
		}
		return Assignment{Name: col.Path[len(col.Path)-1], Expr: n, Range: e.Range()}, nil
	})
}

func keyName(e hcl.Expression) (string, hcl.Diagnostics) {
	if key, ok := e.(*hclsyntax.ObjectConsKeyExpr); ok {
		e = key.Wrapped
	}
	if name := hcl.ExprAsKeyword(e); name != "" {
		return name, nil
	}
	if lit, ok := literalString(e); ok && lit != "" {
		return lit, nil
	}
	return "", problem(e.Range(), "Invalid column name",
		"The name to the left of = is a column's: a bare name, or one in quotes where it has odd characters.")
}

// each reads the elements of a list; of one with a mistake there is what could be read.
func each[T any](e hcl.Expression, what string, one func(hcl.Expression) (T, hcl.Diagnostics)) ([]T, hcl.Diagnostics) {
	tuple, ok := syntax(e).(*hclsyntax.TupleConsExpr)
	if !ok {
		return nil, problem(e.Range(), "List expected",
			"A list in square brackets is expected here, even for one element: [a] or [a, b]. "+what)
	}
	var out []T
	var diags hcl.Diagnostics
	for _, x := range tuple.Exprs {
		v, more := one(x)
		diags = append(diags, more...)
		out = append(out, v)
	}
	return out, diags
}
