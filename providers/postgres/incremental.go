package postgres

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/delivery"
	"github.com/automic-etl/etl/providers/postgres/catalog"
	"github.com/automic-etl/etl/providers/postgres/session"
	"github.com/automic-etl/etl/providers/quantity"
)

// growing is an incremental source, looked at in one snapshot.
type growing struct {
	*source
	conn   *session.Conn
	column cursorColumn
	old    *mark // nil before the first read
}

func (s *source) growing(c *session.Conn, cursor []byte) (*growing, sdk.Diagnostics) {
	column, diags := s.cursor()
	g := &growing{source: s, conn: c, column: column}
	if len(cursor) > 0 {
		g.old = &mark{}
		diags = append(diags, decodeCursor(cursor, g.old)...)
	}
	return g, diags
}

// ask runs a query of one value over the rows that meet a condition; no row is nil.
func (g *growing) ask(ctx context.Context, what, condition, after string) (*string, error) {
	rows, err := g.conn.Rows(ctx, "SELECT "+what+" FROM "+g.from()+" WHERE "+g.meets(condition)+after)
	if err != nil || len(rows) == 0 || rows[0][0] == nil {
		return nil, err
	}
	text := string(rows[0][0])
	return &text, nil
}

// meets joins the block's condition and another one.
func (s *source) meets(condition string) string {
	if s.where == "" {
		return condition
	}
	return "(" + s.where + "\n) AND " + condition
}

func (g *growing) count(ctx context.Context, condition string) (int64, error) {
	text, err := g.ask(ctx, "count(*)", condition, "")
	if err != nil || text == nil {
		return 0, err
	}
	return strconv.ParseInt(*text, 10, 64)
}

// mark is how far a read up to a bound comes: to the greatest value there is, but never behind the recorded one. Without
// a bound that is all there is now.
func (g *growing) mark(ctx context.Context, until *mark) (mark, error) {
	m := mark{Version: cursorVersion}
	if g.old != nil {
		m.Value = g.old.Value
	}
	condition := g.column.finite()
	if until != nil {
		if until.Value == nil {
			condition = "false"
		} else {
			condition += " AND " + g.upTo(*until.Value)
		}
	}
	if m.Value != nil {
		condition += " AND " + g.column.sql() + " > " + g.column.literal(*m.Value)
	}
	text := "pg_catalog.format('%s', " + session.Ident(g.column.name) + ")"
	greatest, err := g.ask(ctx, text, condition, " ORDER BY "+g.column.sql()+" DESC LIMIT 1")
	if err != nil {
		return m, err
	}
	if greatest != nil {
		m.Value = greatest
	}
	if m.Value != nil {
		tail, err := g.tally(ctx, g.column.finite()+" AND "+g.fromOn(*m.Value)+" AND "+g.upTo(*m.Value))
		if err != nil {
			return m, err
		}
		m.Tail, m.TailSum = tail.rows, tail.sum
	}
	if g.column.nullable {
		nulls, err := g.tally(ctx, g.null())
		if err != nil {
			return m, err
		}
		m.Nulls, m.NullsSum = nulls.rows, nulls.sum
	}
	return m, nil
}

func (g *growing) null() string { return session.Ident(g.column.name) + " IS NULL" }

// fromOn are the rows from a value less the lookback on.
func (g *growing) fromOn(value string) string {
	return g.column.sql() + " >= (" + g.column.literal(value) + g.column.lookback + ")"
}

func (g *growing) upTo(value string) string { return g.column.sql() + " <= " + g.column.literal(value) }

// conditions select the rows of a read up to a mark: those with a cursor, and those without.
func (g *growing) conditions(reached mark) []string {
	var out []string
	if reached.Value != nil {
		condition := g.column.finite() + " AND " + g.upTo(*reached.Value)
		if g.old != nil && g.old.Value != nil {
			condition += " AND " + g.fromOn(*g.old.Value)
		}
		out = append(out, condition)
	}
	if g.column.nullable && reached.Nulls > 0 {
		out = append(out, g.null())
	}
	return out
}

func (g *growing) plan(ctx context.Context) (*sdk.PlanResponse, error) {
	until, err := g.mark(ctx, nil)
	if err != nil {
		return nil, err
	}
	encoded, err := encodeCursor(until)
	if err != nil {
		return nil, err
	}
	response := &sdk.PlanResponse{
		Columns: g.natural(), Resumable: true, Changed: g.old == nil || !g.old.same(until), Until: encoded, Position: g.position(until), Key: g.key(),
	}
	if response.Changed {
		for _, condition := range g.conditions(until) {
			rows, width, err := g.estimate(ctx, g.conn, condition)
			if err != nil {
				return nil, err
			}
			response.Rows, response.Bytes = response.Rows+rows, response.Bytes+rows*width
		}
	}
	if response.Overlap, err = g.overlap(ctx); err != nil {
		return nil, err
	}
	response.Warnings, err = g.warnings(ctx, until)
	return response, err
}

// key is what identifies a row.
func (g *growing) key() []string {
	if len(g.increment.key) > 0 || g.relation == nil {
		return g.increment.key
	}
	for _, name := range g.relation.Key {
		if !slices.ContainsFunc(g.fields, func(f sourceField) bool { return f.name == name }) {
			return nil
		}
	}
	return g.relation.Key
}

func (g *growing) position(now mark) string {
	name := g.column.name
	switch {
	case g.old == nil:
		return fmt.Sprintf("all rows of %s up to %s %s", g.label(), name, g.column.words(now.Value))
	case g.old.same(now):
		return fmt.Sprintf("%s has nothing after %s %s", g.label(), name, g.column.words(now.Value))
	case sameValue(g.old.Value, now.Value):
		return fmt.Sprintf("%s has other rows about %s %s, or without it", g.label(), name, g.column.words(now.Value))
	}
	return fmt.Sprintf("%s has rows after %s %s", g.label(), name, g.column.words(g.old.Value))
}

// overlap says which rows are sent again.
func (g *growing) overlap(ctx context.Context) (*sdk.Overlap, error) {
	if g.old == nil {
		return nil, nil
	}
	o := &sdk.Overlap{Column: g.column.name}
	if g.old.Value == nil {
		return o, nil
	}
	// Cast back to the column's type: a date less 12 hours is the day before. Nothing lies below the least number that a column holds.
	from, base := "("+g.column.literal(*g.old.Value)+g.column.lookback+")", g.column.shape.Base
	natural := g.natural()
	if least := quantity.Least(natural[natural.Index(g.column.name)].Type); least != "" {
		from = "GREATEST(" + from + ", " + least + "::pg_catalog.numeric)"
		if base != "numeric" {
			base = "int8"
		}
	}
	text, err := g.conn.Value(ctx, "SELECT pg_catalog.format('%s', "+from+"::pg_catalog."+session.Ident(base)+")")
	if err != nil {
		return nil, err
	}
	o.From = g.column.spelled(text)
	return o, nil
}

func (g *growing) warnings(ctx context.Context, now mark) (sdk.Diagnostics, error) {
	var diags sdk.Diagnostics
	name := g.column.name
	if now.Nulls > 0 {
		diags = append(diags, sdk.Warning("Rows without a cursor", fmt.Sprintf("%s of %s %s no %s. They are read every time, and stored once.",
			quantity.Of(now.Nulls, "row"), g.label(), quantity.Have(now.Nulls), name), "extract", "cursor"))
	}
	infinite, err := g.count(ctx, "NOT ("+g.column.finite()+") AND "+session.Ident(name)+" IS NOT NULL")
	if err != nil {
		return nil, err
	}
	if infinite > 0 {
		diags = append(diags, sdk.Warning("Rows with an infinite cursor", fmt.Sprintf("%s of %s %s an infinite %s. They are not read: no column can hold it, and nothing comes "+
			"after it. Give them another %s.", quantity.Of(infinite, "row"), g.label(), quantity.Have(infinite), name, name), "extract", "cursor"))
	}
	if g.key() == nil {
		diags = append(diags, sdk.Warning("No key", fmt.Sprintf("%s has no primary key, and the block names no key. Of equal rows as many are stored as were there at once. Name a "+
			"key: key = [column].", g.label()), "extract"))
	}
	if r := g.relation; r != nil && (r.Kind == catalog.Table || r.Kind == catalog.Partitioned) && !slices.Contains(r.Indexed, name) {
		diags = append(diags, sdk.Warning("Cursor without an index", fmt.Sprintf("The column %q of %s has no index, so that each read looks at all rows. Have its owner run:\n"+
			"  CREATE INDEX ON %s (%s);", name, r.Spelled(), r.Quoted(), session.Ident(name)), "extract", "cursor"))
	}
	return diags, nil
}

// readIncrement sends what the plan saw and how far that is, in one snapshot.
func (s *source) readIncrement(ctx context.Context, c *session.Conn, req sdk.ReadRequest, out sdk.Output) error {
	g, diags := s.growing(c, req.Cursor[req.Partition])
	var until *mark
	if req.Until != nil {
		until = &mark{}
		diags = append(diags, decodeCursor(req.Until, until)...)
	}
	if diags.HasErrors() {
		return diags
	}
	reached, err := g.mark(ctx, until)
	if err != nil {
		return s.unlessLost(err)
	}
	pieces, err := g.increments(ctx, reached)
	if err != nil {
		return s.unlessLost(err)
	}
	if s.increment.batchSize > 0 {
		req.BatchSize = s.increment.batchSize
	}
	return s.readPieces(ctx, c, pieces, req, out, func(d *delivery.Delivery) error {
		cursor, err := encodeCursor(reached)
		if err != nil {
			return err
		}
		return d.Checkpoint(ctx, cursor)
	})
}

// increments are the pieces of a read. A first read is that of the whole table, in ranges.
func (g *growing) increments(ctx context.Context, reached mark) ([]piece, error) {
	conditions := g.conditions(reached)
	if len(conditions) == 0 {
		return nil, nil
	}
	if g.old != nil {
		pieces := make([]piece, len(conditions))
		for i, condition := range conditions {
			pieces[i] = piece{condition: condition}
		}
		return pieces, nil
	}
	pieces, err := g.pieces(ctx, g.conn)
	for i := range pieces {
		condition := "(" + strings.Join(conditions, " OR ") + ")"
		if pieces[i].condition != "" {
			condition += " AND " + pieces[i].condition
		}
		pieces[i].condition = condition
	}
	return pieces, err
}
