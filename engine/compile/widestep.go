package compile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/automic-etl/etl/engine/compile/ducksql"
	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// partition binds the expressions that rows are grouped by without making one row of them.
func (b *builder) partition(by []expr.Node) (sql []string, keys []key) {
	for _, n := range by {
		if n == nil {
			continue
		}
		text, ty, t := b.value(n, b.scope(), b.renderer())
		sql = append(sql, sortable(text, ty))
		k := key{written: n.String(), local: timestampOf(text, ty)}
		if t != nil && plain(t) && !hasMap(ty) {
			k.name = t.Name
		}
		keys = append(keys, k)
	}
	return sql, keys
}

// plain reports whether an expression is just a column of the input.
func plain(t *expr.Typed) bool {
	_, ok := t.Node.(*expr.Column)
	return ok && t.Relation == "" && len(t.Fields) == 0
}

func (b *builder) sortKeys(keys []config.SortKey) []string {
	var out []string
	for _, k := range keys {
		text, ty, _ := b.value(k.Expr, b.scope(), b.renderer())
		out = append(out, sortable(text, ty)+direction(k.Desc))
	}
	return out
}

// tied is an order within a partition that ends with all columns.
func (b *builder) tied(partition []string, keys []config.SortKey) []string {
	equal := slices.Clone(partition)
	for _, k := range keys {
		text, _, _ := b.value(k.Expr, b.scope(), b.renderer())
		equal = append(equal, text)
	}
	return append(b.sortKeys(keys), b.frame.ties(equal...)...)
}

func direction(desc bool) string {
	if desc {
		return " DESC NULLS LAST"
	}
	return " ASC NULLS LAST"
}

// dedupe keeps the first row of each key; rows that the order can't tell apart are told apart by all columns.
func (b *builder) dedupe(s *config.Dedupe) {
	sql, keys := b.partition(s.Key)
	if b.diags.HasErrors() || b.outline {
		b.sortKeys(s.Keep)
		b.frame.loaded = false
		return
	}
	b.keyed("dedupe", sql, keys)
	sql, _ = b.partition(s.Key)
	order := b.tied(sql, s.Keep)
	b.project(b.frame, b.frame.selects(), fmt.Sprintf("QUALIFY row_number() OVER (%s%s) = 1", partitionBy(sql), orderBy(order)))
}

func partitionBy(sql []string) string {
	if len(sql) == 0 {
		return ""
	}
	return "PARTITION BY " + strings.Join(sql, ", ") + " "
}

func orderBy(sql []string) string {
	if len(sql) == 0 {
		return ""
	}
	return "ORDER BY " + strings.Join(sql, ", ")
}

// window adds columns computed over partitions.
func (b *builder) window(s *config.Window) {
	sql, keys := b.partition(s.By)
	b.keyed("a window", sql, keys)
	sql, _ = b.partition(s.By)
	r := b.renderer()
	r.Over = &ducksql.Over{Partition: sql, Order: b.sortKeys(s.Order), Ties: b.tied(sql, s.Order)}
	scope := b.scope()
	scope.Windows = true
	next := b.frame.clone()
	computed, bound := b.assign(&next, s.Columns, scope, r)
	b.ordered(s, bound)
	b.refresh.replaced(names(s.Columns)...)
	b.project(next, b.withColumns(next, computed), "")
}

// ordered asks for an order where a function has no meaning without.
func (b *builder) ordered(s *config.Window, bound []*expr.Typed) {
	if len(s.Order) > 0 {
		return
	}
	for _, t := range bound {
		if name := needsOrder(t); name != "" {
			b.fail(t.Node.Range(), "Window without an order", fmt.Sprintf(
				"%s looks at rows in an order, and this window has none. Add order = [updated_at], or desc(updated_at).", name))
		}
	}
}

func needsOrder(t *expr.Typed) string {
	if t == nil || !t.Window {
		return ""
	}
	if c, ok := t.Node.(*expr.Call); ok {
		if f, _ := expr.Lookup(c.Name); f.Ordered {
			return c.Name
		}
	}
	for _, arg := range t.Args {
		if name := needsOrder(arg); name != "" {
			return name
		}
	}
	return ""
}

// aggregate makes one row of each group, or one row of everything.
func (b *builder) aggregate(s *config.Aggregate) {
	sql, keys := b.groups(s)
	b.keyed("an aggregate", sql, keys)
	var next frame
	scope := b.scope()
	group, _ := b.assign(&next, s.By, scope, b.renderer())
	b.keepMeant(&next, b.strangers(s.By))
	grouped := map[string]bool{}
	for _, by := range s.By {
		if by.Expr != nil {
			grouped[by.Expr.String()] = true
		}
	}
	scope.Aggregates = true
	out := next.clone()
	computed, columns := b.assign(&out, s.Columns, scope, b.renderer())
	b.overlap(s)
	for _, t := range columns {
		if !slices.ContainsFunc(s.By, func(by config.Assignment) bool { return !expr.Whole(by.Expr) }) { // else it may be a group
			b.aggregated(t, grouped)
		}
	}
	for name, text := range group {
		if _, twice := computed[name]; !twice {
			computed[name] = text
		}
	}
	if len(out.columns) == 0 && !out.open {
		b.unknown()
		b.fail(s.Src, "Aggregate without columns", "This aggregate has neither groups nor columns. Add by = [column], or a column such as orders = count().")
		return
	}
	b.project(out, b.withColumns(out, computed), groupBy(len(s.By)))
}

func (b *builder) groups(s *config.Aggregate) (sql []string, keys []key) {
	for _, a := range s.By {
		if a.Expr == nil {
			continue
		}
		text, ty, t := b.value(a.Expr, b.scope(), b.renderer())
		if t != nil && hasMap(ty) {
			b.fail(a.Expr.Range(), "Group by a map", fmt.Sprintf("%s is %s, and rows can't be grouped by maps. Group by to_json(%s), or by one of its values.", a.Expr, ty, a.Expr))
		}
		sql, keys = append(sql, text), append(keys, key{name: a.Name, written: a.Name})
	}
	return sql, keys
}

// strangers are groups that are named by columns that aren't there.
func (b *builder) strangers(by []config.Assignment) []string {
	var names []string
	for _, a := range by {
		c, ok := a.Expr.(*expr.Column)
		if ok && c.Path[0] == a.Name && b.frame.index(a.Name) < 0 && !b.frame.open {
			names = append(names, a.Name)
		}
	}
	return names
}

func groupBy(n int) string {
	if n == 0 {
		return ""
	}
	ordinals := make([]string, n)
	for i := range ordinals {
		ordinals[i] = fmt.Sprint(i + 1)
	}
	return "GROUP BY " + strings.Join(ordinals, ", ")
}

// overlap reports columns that have a group's name.
func (b *builder) overlap(s *config.Aggregate) {
	for _, by := range s.By {
		for _, c := range s.Columns {
			if by.Name != "" && strings.EqualFold(by.Name, c.Name) {
				b.fail(c.Range, "Duplicate column", fmt.Sprintf("%q is a group of this aggregate already. Give the column another name.", c.Name))
			}
		}
	}
}

// aggregated reports columns that have many values in a group.
func (b *builder) aggregated(t *expr.Typed, grouped map[string]bool) {
	if t == nil || grouped[t.Node.String()] {
		return
	}
	switch n := t.Node.(type) {
	case *expr.Column:
		if !t.Local {
			b.fail(n.Src, "Column is not aggregated", fmt.Sprintf(
				"%s has many values in a group. Say which one you mean, such as max(%s), or add it to by.", n, n))
		}
		return
	case *expr.Call:
		if f, ok := expr.Lookup(n.Name); ok && f.Kind == expr.AggregateKind {
			return
		}
	}
	for _, arg := range t.Args {
		b.aggregated(arg, grouped)
	}
}

// session numbers runs of rows: a row starts one where the row before is further away than the gap.
func (b *builder) session(s *config.Session) {
	gap, err := duration(s.Gap)
	if err != "" && s.Gap != "" {
		b.fail(s.Src, "Invalid duration", err)
	}
	_, at, bound := b.value(s.At, b.scope(), b.renderer())
	if at.Kind != coltype.Timestamp && at.Kind != coltype.Timestamptz && at.Kind != coltype.Date && at.Kind != expr.Invalid {
		b.fail(s.At.Range(), "Wrong type", fmt.Sprintf("A session is made of times, but this is %s. Convert it with timestamp(…) or from_epoch(…).", at))
	}
	sql, keys := b.partition(s.By)
	if s.As == "" || !b.named(b.frame, s.As, s.Src) || bound == nil || b.outline || b.diags.HasErrors() {
		b.sessionUnread(s)
		return
	}
	b.keyed("a session", sql, keys)
	b.sessionSteps(s, gap)
}

// sessionUnread is for a session that can't be computed: only its column is known, if its name is.
func (b *builder) sessionUnread(s *config.Session) {
	next := b.frame.clone()
	if next.open = next.open || s.As == ""; s.As != "" {
		next.set(typed(s.As, coltype.Of(coltype.String)))
	}
	next.loaded = false
	b.frame = next
}

// sessionSteps are two SELECTs: where a session starts, then which start a row belongs to.
func (b *builder) sessionSteps(s *config.Session, gap int64) {
	sql, _ := b.partition(s.By)
	at, ty, _ := b.value(s.At, b.scope(), b.renderer())
	micros := "epoch_us(" + timestampOf(at, ty) + ")"
	over := "OVER (" + partitionBy(sql) + "ORDER BY " + at + " ASC NULLS LAST)"
	flagged := b.frame.clone()
	start := column{internal: true}
	start.Name, start.Type = reservedPrefix+"start", coltype.Of(coltype.Long)
	flagged.columns = append(flagged.columns, start)
	first := fmt.Sprintf("CASE WHEN (%s - lag(%s) %s) > %d IS NOT FALSE THEN %s END AS %s", micros, micros, over, gap, micros, dialect.Ident(start.Name))
	b.project(flagged, append(b.frame.selects(), first), "")

	sql, keys := b.partition(s.By)
	at, _, _ = b.value(s.At, b.scope(), b.renderer())
	over = "OVER (" + partitionBy(sql) + "ORDER BY " + at + " ASC NULLS LAST)"
	var parts []string
	for _, k := range keys {
		parts = append(parts, k.local)
	}
	parts = append(parts, "max("+b.frame.ref(start.Name)+") "+over)
	id := fmt.Sprintf("CASE WHEN %s IS NOT NULL THEN %s END", at, ducksql.Fingerprint(parts))
	next := b.frame.clone()
	next.columns = next.columns[:len(next.columns)-1]
	c := column{}
	c.Name, c.Type = s.As, coltype.Of(coltype.String)
	next.set(c)
	b.refresh.replaced(s.As)
	b.project(next, b.withColumns(next, map[string]string{s.As: id}), "")
}

func timestampOf(sql string, t coltype.Type) string {
	switch t.Kind {
	case coltype.Timestamptz:
		return "(" + sql + " AT TIME ZONE 'UTC')"
	case coltype.Date:
		return "CAST(" + sql + " AS TIMESTAMP)"
	}
	return sql
}
