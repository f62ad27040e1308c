package config

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/expr"
)

// data records an attribute of the step.
func (s *stepReader) data(name, value string, at hcl.Range) {
	s.table.record(s.path+"."+name, value, at)
}

// take reports mistakes of an expression and remembers whether a value is missing.
func (r *tableReader) take(diags hcl.Diagnostics) bool {
	if r.reportKnown(diags) {
		r.open = true
	}
	return !diags.HasErrors()
}

func (s *stepReader) expression(name string) expr.Node {
	attr := s.body.Attributes[name]
	if attr == nil {
		return nil
	}
	return s.node(attr)
}

func (s *stepReader) node(attr *hclsyntax.Attribute) expr.Node {
	n, diags := expr.Parse(attr.Expr, s.env)
	s.take(diags)
	s.data(attr.Name, n.String(), attr.SrcRange)
	return n
}

func (s *stepReader) expressions(name string) []expr.Node {
	attr := s.body.Attributes[name]
	if attr == nil {
		return nil
	}
	nodes, diags := expr.ParseNodes(attr.Expr, s.env)
	if !s.take(diags) && len(nodes) == 0 {
		return nil
	}
	texts := make([]string, len(nodes))
	for i, n := range nodes {
		texts[i] = n.String()
	}
	if len(nodes) == 0 {
		s.report(diag.Error(attr.Expr.Range(), "Empty list", "%s needs at least one expression. Leave the attribute out if there is none.", name))
	}
	s.data(name, list(texts), attr.SrcRange)
	return nodes
}

func (s *stepReader) columnRefs(name string) []ColumnRef {
	attr := s.body.Attributes[name]
	if attr == nil {
		return nil
	}
	refs, names := s.columnList(attr)
	if len(names) > 0 {
		s.data(name, columnNames(names), attr.SrcRange)
	}
	return refs
}

// columnList reads [a, b] and refuses a column that stands twice. The names are those that could be read.
func (r *tableReader) columnList(attr *hclsyntax.Attribute) ([]ColumnRef, []string) {
	found, diags := expr.ParseNames(attr.Expr)
	r.take(diags)
	var refs []ColumnRef
	var names []string
	seen := map[string]bool{}
	for _, column := range found {
		if column.Name == "" {
			refs = append(refs, ColumnRef{})
			continue
		}
		if seen[column.Name] {
			r.report(diag.Error(column.Range, "Duplicate column", "The column %q stands twice in this list. Remove one.", column.Name))
			continue
		}
		seen[column.Name] = true
		refs = append(refs, ColumnRef(column))
		names = append(names, column.Name)
	}
	if len(refs) == 0 && diags.HasErrors() {
		refs = []ColumnRef{{}}
	}
	return refs, names
}

// free reads the attributes that are columns, in written order. One without a name stands for those that could not be read.
func (s *stepReader) free() []Assignment {
	var columns []Assignment
	for _, attr := range s.body.Free {
		n := s.node(attr)
		column := Assignment{Name: attr.Name, Expr: n, Range: attr.NameRange}
		if !s.newColumn(attr.Name, attr.NameRange) {
			column = Assignment{}
		}
		columns = append(columns, column)
	}
	if s.body.Lost {
		columns = append(columns, Assignment{})
	}
	return columns
}

// newColumn refuses names that etl keeps for itself.
func (s *stepReader) newColumn(name string, at hcl.Range) bool {
	if !strings.HasPrefix(name, provenance) {
		return true
	}
	s.report(diag.Error(at, "Reserved name", "Columns that begin with %s hold where a row came from. Choose another name.", provenance))
	return false
}

// provenance begins the names of the columns that bronze adds.
const provenance = "_etl_"

func (s *stepReader) assignments(name string) []Assignment {
	attr := s.body.Attributes[name]
	switch {
	case attr == nil && s.body.Lost:
		return []Assignment{{}}
	case attr == nil:
		return nil
	}
	found, diags := expr.ParseAssignments(attr.Expr, s.env)
	s.take(diags)
	return s.named(name, found, diags)
}

func (s *stepReader) groups(attr *hclsyntax.Attribute) []Assignment {
	found, diags := expr.ParseBy(attr.Expr, s.env)
	s.take(diags)
	return s.named(attr.Name, found, diags)
}

// named are columns of a step. Where none could be read, one without a name stands for them.
func (s *stepReader) named(name string, found []expr.Assignment, mistakes hcl.Diagnostics) []Assignment {
	var columns []Assignment
	for _, a := range found {
		if !s.newColumn(a.Name, a.Range) {
			a = expr.Assignment{}
		}
		columns = append(columns, Assignment(a))
		if a.Expr != nil {
			s.data(name+"."+columnName(a.Name), a.Expr.String(), a.Range)
		}
	}
	if len(found) == 0 && mistakes.HasErrors() {
		columns = []Assignment{{}}
	}
	return columns
}

func (s *stepReader) sortKeys(name string) []SortKey {
	attr := s.body.Attributes[name]
	if attr == nil {
		return nil
	}
	found, diags := expr.ParseSortKeys(attr.Expr, s.env)
	s.take(diags)
	keys, text := sorting(found, "desc(")
	s.data(name, text, attr.SrcRange)
	return keys
}

func (s *stepReader) keep(name string) []SortKey {
	attr := s.body.Attributes[name]
	if attr == nil {
		return nil
	}
	found, diags := expr.ParseKeep(attr.Expr, s.env)
	s.take(diags)
	keys, text := sorting(found, "latest(")
	s.data(name, text, attr.SrcRange)
	return keys
}

// sorting converts sort keys and spells them.
func sorting(found []expr.SortKey, down string) ([]SortKey, string) {
	keys := make([]SortKey, len(found))
	texts := make([]string, len(found))
	for i, key := range found {
		keys[i] = SortKey(key)
		if key.Expr == nil {
			continue
		}
		texts[i] = key.Expr.String()
		switch {
		case key.Desc:
			texts[i] = down + texts[i] + ")"
		case down == "latest(":
			texts[i] = "earliest(" + texts[i] + ")"
		}
	}
	return keys, list(texts)
}

// name reads a new name, written bare.
func (s *stepReader) name(attribute string) (string, hcl.Range, bool) {
	attr := s.body.Attributes[attribute]
	if attr == nil {
		return "", hcl.Range{}, false
	}
	found, diags := expr.ParseName(attr.Expr)
	if diags.HasErrors() {
		s.report(diag.Error(attr.Expr.Range(), "Name expected", "%s takes a new name, written without quotes, as in %s = item.", attribute, attribute))
		return "", attr.Expr.Range(), false
	}
	return found.Name, attr.Expr.Range(), s.newColumn(found.Name, found.Range)
}
