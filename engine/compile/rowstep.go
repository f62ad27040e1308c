package compile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/compile/ducksql"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/expr"
)

func (b *builder) filter(s *config.Filter) {
	t, diags := expr.BindBoolean(s.Where, b.scope())
	b.diags = append(b.diags, diags...)
	if t == nil {
		return
	}
	b.project(b.frame, b.frame.selects(), "WHERE "+b.renderer().Expr(t))
}

// assign puts named expressions into a frame; the SQL of each column is by its name.
func (b *builder) assign(f *frame, columns []config.Assignment, s *expr.Scope, r ducksql.Renderer) (map[string]string, []*expr.Typed) {
	sql := map[string]string{}
	var bound []*expr.Typed
	seen := map[string]string{}
	for _, a := range columns {
		text, ty, t := b.value(a.Expr, s, r)
		bound = append(bound, t)
		if other, twice := seen[strings.ToLower(a.Name)]; twice {
			b.fail(a.Range, "Duplicate column", fmt.Sprintf("The columns %q and %q have one name. Rename one of them.", other, a.Name))
			continue
		}
		seen[strings.ToLower(a.Name)] = a.Name
		if b.named(*f, a.Name, a.Range) {
			c := column{}
			c.Name, c.Type = a.Name, ty
			f.set(c)
			sql[a.Name] = text
		}
	}
	return sql, bound
}

// withColumns lists a frame's columns, those in sql computed, the others as they are.
func (b *builder) withColumns(f frame, sql map[string]string) []string {
	out := make([]string, len(f.columns))
	for i, c := range f.columns {
		text, computed := sql[c.Name]
		if !computed || c.internal {
			text = b.frame.ref(c.Name)
		}
		out[i] = text + " AS " + ducksql.Ident(c.Name)
	}
	return out
}

func (b *builder) derive(s *config.Derive) {
	next := b.frame.clone()
	sql, _ := b.assign(&next, s.Columns, b.scope(), b.renderer())
	b.refresh.replaced(names(s.Columns)...)
	b.project(next, b.withColumns(next, sql), "")
}

func names(columns []config.Assignment) []string {
	out := make([]string, len(columns))
	for i, a := range columns {
		out[i] = a.Name
	}
	return out
}

// existing finds a column that a step names.
func (b *builder) existing(name string, rng hcl.Range) (column, bool) {
	if i := b.frame.index(name); i >= 0 {
		return b.frame.columns[i], true
	}
	b.fail(rng, "Unknown column", unknownColumn("The input of this step", name, b.visible()))
	return column{}, false
}

func (b *builder) visible() []string {
	var out []string
	for _, c := range b.frame.columns {
		if !c.hidden && !c.internal {
			out = append(out, c.Name)
		}
	}
	return out
}

func unknownColumn(where, name string, names []string) string {
	text := fmt.Sprintf("%s has no column %q.", where, name)
	text += diag.Suggest(name, names)
	return text + " Its columns are: " + strings.Join(firstNames(names), ", ") + "."
}

func firstNames(names []string) []string {
	const most = 20
	if len(names) <= most {
		return names
	}
	return append(slices.Clone(names[:most]), fmt.Sprintf("and %d more", len(names)-most))
}

// selectColumns keeps hidden columns behind the visible ones: only the output leaves them out.
func (b *builder) selectColumns(s *config.Select) {
	var next frame
	if len(s.Except) > 0 {
		next = b.except(s)
	} else {
		next = b.only(s)
	}
	next.loaded, next.order = b.frame.loaded, b.frame.order
	b.refresh.kept(next)
	b.project(next, b.withColumns(next, nil), "")
}

func (b *builder) only(s *config.Select) frame {
	var next frame
	for _, ref := range s.Columns {
		c, ok := b.existing(ref.Name, ref.Range)
		if !ok {
			continue
		}
		if next.index(ref.Name) >= 0 {
			b.fail(ref.Range, "Duplicate column", fmt.Sprintf("The column %q stands twice in this list. Remove one of the two.", ref.Name))
			continue
		}
		c.hidden = false
		next.columns = append(next.columns, c)
	}
	for _, c := range b.frame.columns {
		if (c.hidden || c.internal) && next.index(c.Name) < 0 {
			next.columns = append(next.columns, c)
		}
	}
	return next
}

func (b *builder) except(s *config.Select) frame {
	drop := map[string]bool{}
	for _, ref := range s.Except {
		if _, ok := b.existing(ref.Name, ref.Range); ok {
			drop[ref.Name] = true
		}
	}
	var next frame
	for _, c := range b.frame.columns {
		if !drop[c.Name] || c.hidden || c.internal {
			next.columns = append(next.columns, c)
		}
	}
	return next
}

// rename keeps the order of columns; all names are read before any is given.
func (b *builder) rename(s *config.Rename) {
	next, sql := b.frame.clone(), map[string]string{}
	renamed := map[string]string{}
	for _, a := range s.Columns {
		col, ok := a.Expr.(*expr.Column)
		if !ok || len(col.Path) != 1 {
			b.fail(a.Expr.Range(), "Column name expected", "A column is renamed as new = old, where old is a column's name. To compute something, use derive.")
			continue
		}
		old := col.Path[0]
		c, ok := b.existing(old, col.Src)
		if !ok {
			continue
		}
		if given, twice := renamed[old]; twice {
			b.fail(a.Range, "Column renamed twice", fmt.Sprintf("The column %q is already renamed to %q. To have it twice, use derive.", old, given))
			continue
		}
		renamed[old] = a.Name
		c.Name, c.hidden = a.Name, false
		next.loaded = next.loaded && old != loadedAt
		next.columns[b.frame.index(old)] = c
		sql[a.Name] = b.frame.ref(old)
	}
	b.unique(next, s)
	b.refresh.renamed(renamed)
	b.project(next, b.withColumns(next, sql), "")
}

// unique reports names that a rename made equal.
func (b *builder) unique(next frame, s *config.Rename) {
	count := map[string]int{}
	for _, c := range next.columns {
		count[strings.ToLower(c.Name)]++
	}
	for _, a := range s.Columns {
		switch {
		case strings.HasPrefix(a.Name, reservedPrefix) || a.Name == "":
			b.named(b.frame, a.Name, a.Range)
		case count[strings.ToLower(a.Name)] > 1:
			b.fail(a.Range, "Duplicate column", fmt.Sprintf("There would be two columns %q. Rename or remove the other one first.", a.Name))
		}
	}
}

func (b *builder) castTo(s *config.CastTo) {
	next, sql := b.frame.clone(), map[string]string{}
	for _, ct := range s.Columns {
		c, ok := b.existing(ct.Name, ct.Range)
		if !ok {
			continue
		}
		node := &expr.Cast{Arg: &expr.Column{Path: []string{ct.Name}, Src: ct.Range}, Type: ct.Type, Src: ct.Range}
		text, ty, _ := b.value(node, b.scope(), b.renderer())
		if !ty.Equal(c.Type) {
			b.refresh.replaced(ct.Name)
		}
		c.Type = ty
		next.loaded = next.loaded && ct.Name != loadedAt
		next.columns[b.frame.index(ct.Name)] = c
		sql[ct.Name] = text
	}
	b.project(next, b.withColumns(next, sql), "")
}

// unnest gives a row for each element; rows whose list is empty or null give none.
func (b *builder) unnest(s *config.Unnest) {
	c, ok := b.existing(s.Column.Name, s.Column.Range)
	if !ok || c.Type.Kind == expr.Invalid {
		return
	}
	if c.Type.Elem == nil || c.Type.Key != nil {
		b.fail(s.Column.Range, "List expected", fmt.Sprintf("unnest makes rows of the elements of a list, but the column %q is %s.", s.Column.Name, c.Type))
		return
	}
	as := s.As
	if as == "" {
		as = s.Column.Name
	}
	if !b.named(b.frame, as, s.Src) {
		return
	}
	next := b.frame.clone()
	elem := column{}
	elem.Name, elem.Type = as, c.Type.Elem.Type
	next.set(elem)
	b.refresh.replaced(as)
	b.project(next, b.withColumns(next, map[string]string{as: "unnest(" + b.frame.ref(s.Column.Name) + ")"}), "")
}

// sortBy computes the keys where the step stands and sorts the output by them.
func (b *builder) sortBy(s *config.SortBy) {
	next, sql := b.frame.clone(), map[string]string{}
	next.columns = slices.DeleteFunc(next.columns, func(c column) bool { return c.internal })
	next.order = nil
	for i, key := range s.Keys {
		text, ty, _ := b.value(key.Expr, b.scope(), b.renderer())
		c := column{internal: true}
		c.Name, c.Type = fmt.Sprintf("%sorder_%d", reservedPrefix, i), ty
		sql[c.Name] = sortable(text, ty) + " AS " + ducksql.Ident(c.Name)
		next.columns = append(next.columns, c)
		next.order = append(next.order, config.SortKey{Expr: &expr.Column{Path: []string{c.Name}}, Desc: key.Desc})
	}
	var selects []string
	for _, c := range next.columns {
		if c.internal {
			selects = append(selects, sql[c.Name])
			continue
		}
		selects = append(selects, b.frame.ref(c.Name))
	}
	b.project(next, selects, "")
}
