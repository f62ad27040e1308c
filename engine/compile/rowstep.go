package compile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/compile/ducksql"
	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

func (b *builder) filter(s *config.Filter) {
	t := b.condition(s.Where, b.scope())
	if t == nil {
		return
	}
	if b.frame.changes {
		b.keepChanges(b.frame.clone(), nil, "", b.renderer().Expr(t))
		return
	}
	b.project(b.frame, b.frame.selects(), "WHERE "+b.renderer().Expr(t))
}

// condition is bind for what must be true or false.
func (b *builder) condition(n expr.Node, s *expr.Scope) *expr.Typed {
	if n == nil {
		return nil
	}
	t, diags := expr.BindBoolean(n, s)
	b.diags = append(b.diags, diags...)
	return t
}

// assign puts named expressions into a frame; the SQL of each column is by its name. One without a name stands for columns
// that could not be read.
func (b *builder) assign(f *frame, columns []config.Assignment, s *expr.Scope, r ducksql.Renderer) (map[string]string, []*expr.Typed) {
	sql := map[string]string{}
	var bound []*expr.Typed
	seen := map[string]string{}
	for _, a := range columns {
		text, ty, t := b.value(a.Expr, s, r)
		if a.Name == "" {
			f.open = true
			continue
		}
		bound = append(bound, t)
		if other, twice := seen[strings.ToLower(a.Name)]; twice {
			b.fail(a.Range, "Duplicate column", fmt.Sprintf("The columns %q and %q have one name. Rename one of them.", other, a.Name))
			continue
		}
		seen[strings.ToLower(a.Name)] = a.Name
		if !b.named(*f, a.Name, a.Range) {
			ty = coltype.Of(expr.Invalid)
		}
		f.set(typed(a.Name, ty))
		sql[a.Name] = text
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
		out[i] = text + " AS " + dialect.Ident(c.Name)
	}
	return out
}

func (b *builder) derive(s *config.Derive) {
	next := b.frame.clone()
	sql, bound := b.assign(&next, s.Columns, b.scope(), b.renderer())
	named := slices.DeleteFunc(names(s.Columns), func(name string) bool { return name == "" })
	for i, name := range named {
		if at := next.index(name); at >= 0 {
			b.traceKey(&next.columns[at], bound[i])
		}
	}
	b.refresh.replaced(names(s.Columns)...)
	b.project(next, b.withColumns(next, sql), "")
}

// traceKey notes which of the source's key a computed column is made of, if it is made of nothing else.
func (b *builder) traceKey(c *column, t *expr.Typed) {
	var read []column
	if t == nil || !b.readColumns(t, &read) || len(read) == 0 {
		return
	}
	for _, r := range read {
		if !r.keyed {
			return
		}
	}
	c.keyed, c.plain = true, plain(t) && read[0].plain
	for _, r := range read {
		for _, k := range r.of {
			if !slices.Contains(c.of, k) {
				c.of = append(c.of, k)
			}
		}
	}
}

// readColumns lists the input's columns that an expression reads; false where it reads others too.
func (b *builder) readColumns(t *expr.Typed, read *[]column) bool {
	if _, ok := t.Node.(*expr.Column); ok && !t.Local {
		i := b.frame.index(t.Name)
		if t.Relation != "" || i < 0 {
			return false
		}
		*read = append(*read, b.frame.columns[i])
		return true
	}
	for _, arg := range t.Args {
		if !b.readColumns(arg, read) {
			return false
		}
	}
	return true
}

func names(columns []config.Assignment) []string {
	out := make([]string, len(columns))
	for i, a := range columns {
		out[i] = a.Name
	}
	return out
}

// existing finds a column that a step names. One that isn't there is reported, and has no type.
func (b *builder) existing(name string, rng hcl.Range) (column, bool) {
	if i := b.frame.index(name); i >= 0 {
		return b.frame.columns[i], true
	}
	if b.frame.open {
		return typed(name, coltype.Of(expr.Invalid)), true
	}
	b.fail(rng, "Unknown column", unknownColumn("The input of this step", name, b.visible()))
	return typed(name, coltype.Of(expr.Invalid)), false
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
	if b.halfRead(s) {
		return
	}
	if len(s.Except) > 0 {
		next = b.except(s)
	} else {
		next = b.only(s)
	}
	next.loaded, next.changes, next.order = b.frame.loaded, b.frame.changes, b.frame.order
	next.keepLoadedAt(b.frame)
	b.refresh.kept(next)
	b.project(next, b.withColumns(next, nil), "")
}

// keepLoadedAt keeps the column, which belongs to the row whatever is selected, behind the others.
func (f *frame) keepLoadedAt(from frame) {
	if at := from.index(loadedAt); f.loaded && at >= 0 && f.index(loadedAt) < 0 {
		c := from.columns[at]
		c.hidden = true
		f.columns = append(f.columns, c)
	}
}

// halfRead is for a selection of which not all could be read: the columns of its input stay, since any of them may be meant.
func (b *builder) halfRead(s *config.Select) bool {
	named := append(slices.Clone(s.Columns), s.Except...)
	if !slices.ContainsFunc(named, func(ref config.ColumnRef) bool { return ref.Name == "" }) {
		return false
	}
	next := b.frame.clone()
	for _, ref := range named {
		if ref.Name != "" {
			c, _ := b.existing(ref.Name, ref.Range)
			next.set(c)
		}
	}
	b.frame.columns, b.frame.surplus = next.columns, true
	return true
}

func (b *builder) only(s *config.Select) frame {
	var next frame
	var meant []string
	for _, ref := range s.Columns {
		c, ok := b.existing(ref.Name, ref.Range)
		if !ok {
			meant = append(meant, ref.Name)
		}
		if next.index(ref.Name) >= 0 {
			b.fail(ref.Range, "Duplicate column", fmt.Sprintf("The column %q stands twice in this list. Remove one of the two.", ref.Name))
			continue
		}
		c.hidden = false
		next.columns = append(next.columns, c)
	}
	b.keepMeant(&next, meant)
	for _, c := range b.frame.columns {
		if (c.hidden || c.internal) && next.index(c.Name) < 0 {
			next.columns = append(next.columns, c)
		}
	}
	return next
}

// keepMeant adds to a frame the columns that unknown names may mean, so that their use further on isn't reported.
func (b *builder) keepMeant(next *frame, unknown []string) {
	for _, name := range unknown {
		near := diag.Nearest(name, b.visible())
		switch {
		case near == "":
			next.open = true
		case next.index(near) < 0:
			next.surplus = true
			next.set(b.frame.columns[b.frame.index(near)])
		}
	}
}

func (b *builder) except(s *config.Select) frame {
	drop := map[string]bool{}
	for _, ref := range s.Except {
		b.existing(ref.Name, ref.Range)
		drop[ref.Name] = true
	}
	next := frame{open: b.frame.open, surplus: b.frame.surplus}
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
		if a.Expr == nil {
			b.renamedUnread(&next, a)
			continue
		}
		col, ok := a.Expr.(*expr.Column)
		if !ok || len(col.Path) != 1 {
			b.fail(a.Expr.Range(), "Column name expected", "A column is renamed as new = old, where old is a column's name. To compute something, use derive.")
			continue
		}
		old := col.Path[0]
		c, ok := b.existing(old, col.Src)
		if !ok {
			b.renamedUnread(&next, a)
			continue
		}
		if b.fixed(old, col.Src) {
			continue
		}
		if given, twice := renamed[old]; twice {
			b.fail(a.Range, "Column renamed twice", fmt.Sprintf("The column %q is already renamed to %q. To have it twice, use derive.", old, given))
			continue
		}
		renamed[old] = a.Name
		c.Name, c.hidden = a.Name, false
		next.loaded = next.loaded && old != loadedAt
		next.put(b.frame.index(old), c)
		sql[a.Name] = b.frame.ref(old)
	}
	b.unique(next, s)
	b.refresh.renamed(renamed)
	b.project(next, b.withColumns(next, sql), "")
}

// renamedUnread is for a column of which the old name, or both, could not be read.
func (b *builder) renamedUnread(next *frame, a config.Assignment) {
	if next.surplus = true; a.Name == "" { // one column is no longer there
		next.open = true
		return
	}
	next.set(typed(a.Name, coltype.Of(expr.Invalid)))
}

// unique reports names that a rename made equal.
func (b *builder) unique(next frame, s *config.Rename) {
	count := map[string]int{}
	for _, c := range next.columns {
		count[strings.ToLower(c.Name)]++
	}
	for _, a := range s.Columns {
		switch {
		case a.Name == "" && a.Expr == nil:
		case strings.HasPrefix(a.Name, reservedPrefix) || a.Name == "":
			b.named(b.frame, a.Name, a.Range)
		case count[strings.ToLower(a.Name)] > 1 && !next.surplus:
			b.fail(a.Range, "Duplicate column", fmt.Sprintf("There would be two columns %q. Rename or remove the other one first.", a.Name))
		}
	}
}

func (b *builder) castTo(s *config.CastTo) {
	next, sql := b.frame.clone(), map[string]string{}
	for _, ct := range s.Columns {
		if ct.Name == "" {
			next.untyped()
			continue
		}
		c, ok := b.existing(ct.Name, ct.Range)
		if !ok || b.fixed(ct.Name, ct.Range) {
			continue
		}
		text, ty := b.castOne(ct)
		if !ty.Equal(c.Type) {
			b.refresh.replaced(ct.Name)
			c.plain = false
		}
		c.Type = ty
		next.loaded = next.loaded && ct.Name != loadedAt
		next.put(b.frame.index(ct.Name), c)
		sql[ct.Name] = text
	}
	b.project(next, b.withColumns(next, sql), "")
}

// castOne casts a column; what isn't known of either side makes the result unknown, or just what it is cast to.
func (b *builder) castOne(ct config.ColumnType) (string, coltype.Type) {
	if ct.Type.Kind == coltype.Unknown {
		return "NULL", coltype.Of(expr.Invalid)
	}
	node := &expr.Cast{Arg: &expr.Column{Path: []string{ct.Name}, Src: ct.Range}, Type: ct.Type, Src: ct.Range}
	before := len(b.diags)
	text, ty, t := b.value(node, b.scope(), b.renderer())
	if t == nil && len(b.diags) == before {
		return text, ct.Type
	}
	return text, ty
}

// unnest gives a row for each element; rows whose list is empty or null give none.
func (b *builder) unnest(s *config.Unnest) {
	if s.Column.Name == "" {
		b.unnestUnread(s)
		return
	}
	c, ok := b.existing(s.Column.Name, s.Column.Range)
	if !ok || s.As == "" || c.Type.Kind == expr.Invalid {
		b.unnestUnread(s)
		return
	}
	if c.Type.Elem == nil || c.Type.Key != nil {
		b.fail(s.Column.Range, "List expected", fmt.Sprintf("unnest makes rows of the elements of a list, but the column %q is %s.", s.Column.Name, c.Type))
		b.unnestUnread(s)
		return
	}
	as := s.As
	if !b.named(b.frame, as, s.Src) {
		b.unnestUnread(s)
		return
	}
	b.unfollow("unnest")
	next := b.frame.clone()
	next.set(typed(as, c.Type.Elem.Type))
	b.refresh.replaced(as)
	b.project(next, b.withColumns(next, map[string]string{as: "unnest(" + b.frame.ref(s.Column.Name) + ")"}), "")
}

// unnestUnread is for a list or a name of its elements that isn't known.
func (b *builder) unnestUnread(s *config.Unnest) {
	next := b.frame.clone()
	if s.As == "" {
		b.unknown() // any list may have become its elements
		return
	}
	next.set(typed(s.As, coltype.Of(expr.Invalid)))
	b.frame.columns = next.columns
}

// sortBy computes the keys where the step stands and sorts the output by them.
func (b *builder) sortBy(s *config.SortBy) {
	next, sql := b.frame.clone(), map[string]string{}
	next.columns = slices.DeleteFunc(next.columns, func(c column) bool { return c.internal })
	next.order = nil
	for i, key := range s.Keys {
		if key.Expr == nil {
			continue
		}
		text, ty, _ := b.value(key.Expr, b.scope(), b.renderer())
		c := column{internal: true}
		c.Name, c.Type = fmt.Sprintf("%sorder_%d", reservedPrefix, i), ty
		sql[c.Name] = sortable(text, ty) + " AS " + dialect.Ident(c.Name)
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
