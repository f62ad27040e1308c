package compile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// sideAlias is the joined table in the statement; the user's name for it could be that of a step.
const sideAlias = "side"

func (b *builder) join(s *config.Join) {
	in, ok := b.input(s.With, s.Src)
	if !ok {
		return
	}
	as := s.As
	scope := b.scope()
	if as == b.driverName() {
		b.fail(s.Src, "Two tables with one name", fmt.Sprintf("Both the input and the joined table are called %q here. Name the joined one with as.", as))
		as = ""
	}
	b.side(s.With)
	if s.How == "full" {
		b.unfollow("a full join")
	}
	scope.Relations = append(scope.Relations, sideRelation(as, in))
	r := b.renderer()
	if as == "" { // then any name can be that of the joined table
		scope.Relations[0].Open = true
	} else {
		r.Names[as] = sideAlias
	}
	on := b.condition(s.On, scope)
	next := b.frame.clone()
	sql, _ := b.assign(&next, s.Columns, scope, r)
	if !b.joinColumns(s) || on == nil {
		b.frame.columns, b.frame.open = next.columns, next.open
		return
	}
	b.joined(s, next, sql, in, r.Expr(on))
}

func (b *builder) joined(s *config.Join, next frame, sql map[string]string, in Input, on string) {
	if s.How == "full" {
		next.loaded, b.refresh.mixed = false, true
		b.refresh.fully("a full join, whose unmatched rows depend on all rows")
	}
	b.refresh.replaced(names(s.Columns)...)
	if b.frame.changes && s.How != "left" {
		b.joinChanges(s.How, next, sql, relation(in.Ident.Namespace, in.Ident.Name), on)
		return
	}
	clause := fmt.Sprintf("%s JOIN %s AS %s ON %s", strings.ToUpper(s.How), relation(in.Ident.Namespace, in.Ident.Name), dialect.Ident(sideAlias), on)
	b.project(next, b.withColumns(next, sql), clause)
}

// joinColumns checks that what a join adds is said where it can add something.
func (b *builder) joinColumns(s *config.Join) bool {
	filters := s.How == "semi" || s.How == "anti"
	switch {
	case filters && len(s.Columns) > 0:
		b.fail(s.Columns[0].Range, "Columns of a join that adds none", fmt.Sprintf(
			"A %s join only keeps or drops rows, so it has no columns to add. Use \"left\" or \"inner\", or remove columns.", s.How))
		return false
	case !filters && len(s.Columns) == 0:
		b.fail(s.Src, "Join without columns", "This join adds no column. Say which it brings: columns = { name = o.name }. To only keep rows that have a match, use a \"semi\" join.")
		return false
	}
	return true
}

func (b *builder) side(a addr.Address) {
	if !slices.Contains(b.sides, a) {
		b.sides = append(b.sides, a)
	}
}

func sideRelation(name string, in Input) expr.Relation {
	rel := expr.Relation{Name: name, Hidden: map[string]bool{}, Open: in.Open}
	for _, f := range in.Columns {
		rel.Columns = append(rel.Columns, bare(f))
		rel.Hidden[f.Name] = strings.HasPrefix(f.Name, reservedPrefix)
	}
	return rel
}

// union appends other tables' rows by column name; what one side lacks is null.
func (b *builder) union(s *config.Union) {
	if len(b.refresh.keys) > 0 {
		b.refresh.fully("a union after " + b.refresh.step)
	}
	b.unfollow("a union")
	parts := []frame{b.frame}
	for _, with := range s.With {
		in, ok := b.input(with, s.Src)
		if !ok {
			return
		}
		if parts = append(parts, inputFrame(in)); in.Changes && b.unfollowed == "" {
			b.unfollowed = "a union"
		}
		if !slices.Contains(b.drivers, with) {
			b.drivers = append(b.drivers, with)
		}
	}
	next, ok := b.unified(parts, s)
	if !ok || b.outline {
		next.name, b.frame = b.frame.name, next
		return
	}
	sql, fresh := b.unionBranches(parts, next, s)
	b.push(next, cte{sql: sql, fresh: fresh})
}

func (b *builder) unionBranches(parts []frame, next frame, s *config.Union) (sql, fresh string) {
	all, recent := make([]string, len(parts)), make([]string, len(parts))
	for i, part := range parts {
		columns := "SELECT " + strings.Join(branch(part, next), ", ") + " FROM "
		all[i] = columns + dialect.Ident(b.frame.name)
		recent[i] = all[i]
		if i > 0 {
			ident := b.inputs[s.With[i-1]].Ident
			all[i] = columns + relation(ident.Namespace, ident.Name)
			recent[i] = columns + relation(NewSchema, ident.Name)
		}
	}
	return strings.Join(all, " UNION ALL "), strings.Join(recent, " UNION ALL ")
}

// branch lists the columns of one input in the order and the types of the union.
func branch(part, next frame) []string {
	out := make([]string, len(next.columns))
	for i, c := range next.columns {
		text := "NULL"
		if part.index(c.Name) >= 0 {
			text = dialect.Ident(c.Name)
		}
		out[i] = dialect.Cast(text, c.Type) + " AS " + dialect.Ident(c.Name)
	}
	return out
}

// unified are the columns of all inputs; visible ones come first.
func (b *builder) unified(parts []frame, s *config.Union) (frame, bool) {
	next := frame{loaded: true}
	ok := true
	for _, part := range parts {
		next.loaded, next.open, next.surplus = next.loaded && part.loaded, next.open || part.open, next.surplus || part.surplus
		for _, c := range part.columns {
			if c.internal {
				continue
			}
			ok = b.unify(&next, c, s.Src) && ok
		}
	}
	return next, ok
}

func (b *builder) unify(next *frame, c column, rng hcl.Range) bool {
	if other, clash := next.sameButCase(c.Name); clash {
		b.fail(rng, "Names that differ by case alone", fmt.Sprintf(
			"The tables of this union have the columns %q and %q, and engines that read the table don't tell them apart. Rename one of them before.", other, c.Name))
		return false
	}
	i := next.index(c.Name)
	if i < 0 {
		if c.hidden {
			next.columns = append(next.columns, c)
		} else {
			next.set(c)
		}
		return true
	}
	if c.Type.Kind == expr.Invalid || next.columns[i].Type.Kind == expr.Invalid {
		next.columns[i].Type = coltype.Of(expr.Invalid)
		return true
	}
	wide, ok := coltype.Widen(next.columns[i].Type, c.Type)
	if !ok {
		b.fail(rng, "Types can't be united", fmt.Sprintf(
			"The column %q is %s in one table of this union and %s in another. Cast one of them before.", c.Name, next.columns[i].Type, c.Type))
		next.columns[i].Type = coltype.Of(expr.Invalid)
		return false
	}
	next.columns[i].Type, next.columns[i].hidden = wide, next.columns[i].hidden && c.hidden
	return true
}
