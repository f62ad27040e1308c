package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/delivery"
	"github.com/automic-etl/etl/providers/quantity"
)

// following is an incremental source, looked at.
type following struct {
	server   *server
	relation *relation
	column   column
	options  increment
	old      *mark // nil before the first read
}

func (s *server) following(r *relation, cursor []byte) (*following, sdk.Diagnostics) {
	c, diags := s.options.increment.check(r)
	f := &following{server: s, relation: r, column: c, options: s.options.increment}
	if len(cursor) > 0 {
		f.old = &mark{}
		diags = append(diags, decodeCursor(cursor, f.old)...)
	}
	return f, diags
}

// condition joins the user's condition and another one.
func (f *following) condition(own string) string {
	if f.server.options.where == "" {
		return own
	}
	return "(" + f.server.options.where + "\n) AND " + own
}

func (f *following) name() string { return quote(f.column.name) }

// is compares the cursor with a parameter.
func (f *following) is(operator string) string {
	return f.name() + " " + operator + " " + f.column.parameter()
}

func (f *following) scan(ctx context.Context, q querier, into any, what, condition string, args ...any) error {
	return q.QueryRowContext(ctx, "SELECT "+what+" FROM "+f.relation.from+" WHERE "+f.condition(condition), args...).Scan(into)
}

// mark is how far a read up to a bound comes: to the greatest value that there is, or that was recorded. A bound of nil
// means all there is now.
func (f *following) mark(ctx context.Context, q querier, until *mark) (mark, error) {
	m := mark{Version: cursorVersion}
	bound, args := "TRUE", []any(nil)
	if until != nil {
		if until.Value == nil {
			bound = "FALSE"
		} else {
			bound, args = f.is("<="), []any{f.column.argument(*until.Value)}
		}
	}
	if f.old != nil && f.old.Value != nil { // what is not above the recorded value doesn't move it back
		bound, args = bound+" AND "+f.is(">"), append(args, f.column.argument(*f.old.Value))
	}
	var greatest sql.NullString
	if err := f.scan(ctx, q, &greatest, "MAX("+f.name()+")", bound, args...); err != nil {
		return m, err
	}
	switch {
	case greatest.Valid:
		m.Value = &greatest.String
	case f.old != nil:
		m.Value = f.old.Value
	}
	return m, f.again(ctx, q, &m)
}

// again looks at the rows that are read again: late and changed ones are noticed though they don't move the mark.
func (f *following) again(ctx context.Context, q querier, m *mark) error {
	if m.Value != nil {
		least, wrong := f.column.before(*m.Value, f.options.lookback)
		if wrong != "" {
			least = *m.Value
		}
		tail, err := f.tally(ctx, q, f.is(">=")+" AND "+f.is("<="), f.column.argument(least), f.column.argument(*m.Value))
		if err != nil {
			return err
		}
		m.Tail, m.TailSum = tail.rows, tail.sum
	}
	if !f.column.nullable {
		return nil
	}
	nulls, err := f.tally(ctx, q, f.name()+" IS NULL")
	m.Nulls, m.NullsSum = nulls.rows, nulls.sum
	return err
}

func (f *following) plan(ctx context.Context, columns coltype.Schema) (*sdk.PlanResponse, error) {
	until, err := f.mark(ctx, f.server.db, nil)
	if err != nil {
		return nil, err
	}
	encoded, err := encodeCursor(until)
	if err != nil {
		return nil, err
	}
	response := &sdk.PlanResponse{
		Columns: columns, Resumable: true, Changed: f.changed(until), Until: encoded, Position: f.position(until), Rows: -1, Bytes: -1, Key: f.key(),
	}
	if f.old != nil {
		response.Overlap = f.overlap(columns)
	}
	if response.Changed {
		response.Rows, err = f.estimate(ctx, until)
	} else {
		response.Rows, response.Bytes = 0, 0
	}
	response.Warnings, err = f.warnings(ctx, until, err)
	return response, err
}

func (f *following) changed(now mark) bool {
	return f.old == nil || differ(f.old.Value, now.Value) || f.old.Tail != now.Tail || f.old.Nulls != now.Nulls ||
		f.old.TailSum != now.TailSum || f.old.NullsSum != now.NullsSum
}

func differ(a, b *string) bool { return (a == nil) != (b == nil) || a != nil && *a != *b }

func (f *following) position(now mark) string {
	if f.old == nil {
		return fmt.Sprintf("all rows of %s up to %s %s", f.relation.source, f.column.name, f.column.words(now.Value))
	}
	if !f.changed(now) {
		return fmt.Sprintf("%s has nothing after %s %s", f.relation.source, f.column.name, f.column.words(now.Value))
	}
	if !differ(f.old.Value, now.Value) {
		return fmt.Sprintf("%s has other rows at %s %s, or without it", f.relation.source, f.column.name, f.column.words(now.Value))
	}
	return fmt.Sprintf("%s has rows after %s %s", f.relation.source, f.column.name, f.column.words(f.old.Value))
}

// overlap says which rows are sent again.
func (f *following) overlap(columns coltype.Schema) *sdk.Overlap {
	o := &sdk.Overlap{Column: f.column.name}
	if from := f.from(); from != nil {
		field, _ := columns.Lookup(f.column.name)
		o.From = notBelow(f.column.spell(*from, field.Type), quantity.Least(field.Type))
	}
	return o
}

// notBelow is a number, or the least that the column holds, where a lookback leads below that.
func notBelow(number, least string) string {
	n, ok := new(big.Rat).SetString(number)
	if limit, known := new(big.Rat).SetString(least); ok && known && n.Cmp(limit) < 0 {
		return least
	}
	return number
}

// from is the least value that is read: the recorded one less the lookback.
func (f *following) from() *string {
	if f.old == nil || f.old.Value == nil {
		return nil
	}
	value, wrong := f.column.before(*f.old.Value, f.options.lookback)
	if wrong != "" { // check has tried it
		return f.old.Value
	}
	return &value
}

// conditions select the rows of a read up to a mark: one of those with a value, one of those without.
func (f *following) conditions(until mark) []piece {
	var out []piece
	if until.Value != nil {
		p := piece{where: f.is("<="), args: []any{f.column.argument(*until.Value)}}
		if from := f.from(); from != nil {
			p = piece{where: f.is(">=") + " AND " + p.where, args: append([]any{f.column.argument(*from)}, p.args...)}
		}
		out = append(out, p)
	}
	if f.column.nullable {
		out = append(out, piece{where: f.name() + " IS NULL"})
	}
	return out
}

// estimate asks the server's planner; -1 where it doesn't say.
func (f *following) estimate(ctx context.Context, until mark) (int64, error) {
	total := int64(0)
	for _, p := range f.conditions(until) {
		n, err := explained(ctx, f.server.db, "SELECT * FROM "+f.relation.from+" WHERE "+f.condition(p.where), p.args)
		if err != nil || n < 0 || f.relation.query != "" {
			return -1, err
		}
		total += n
	}
	return total, nil
}

// explained is how many rows the server expects to look at.
func explained(ctx context.Context, q querier, query string, args []any) (n int64, err error) {
	rows, err := q.QueryContext(ctx, "EXPLAIN "+query, args...)
	if err != nil {
		return -1, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	names, err := rows.Columns()
	if err != nil {
		return -1, err
	}
	values, n := make([]any, len(names)), int64(-1)
	var expected sql.NullInt64
	for i, name := range names {
		if values[i] = new(any); name == "rows" {
			values[i] = &expected
		}
	}
	for rows.Next() {
		if err := rows.Scan(values...); err != nil {
			return -1, err
		}
		if n < 0 && expected.Valid {
			n = expected.Int64
		}
	}
	return n, rows.Err()
}

func (f *following) warnings(ctx context.Context, until mark, err error) (sdk.Diagnostics, error) {
	if err != nil {
		return nil, err
	}
	var diags sdk.Diagnostics
	r, c := f.relation, f.column
	if until.Nulls > 0 {
		diags = append(diags, warning("Rows without a cursor", fmt.Sprintf("%s of %s %s no %s. They are read every time, and stored once.", quantity.Of(until.Nulls, "row"), r.source,
			quantity.Have(until.Nulls), c.name), "extract", "cursor")...)
	}
	if r.query != "" || r.engine == "" {
		return diags, nil
	}
	if len(r.key) == 0 && len(f.options.key) == 0 {
		diags = append(diags, warning("No key", fmt.Sprintf("%s has no primary key, so that equal rows can't be told apart from rows that are read twice: of equal rows, as many are "+
			"stored as were there at once. Name a key = [column].", r.source), "extract")...)
	}
	indexed, err := f.server.indexed(ctx)
	if err == nil && !slices.Contains(indexed, c.name) {
		diags = append(diags, warning("Cursor without an index", fmt.Sprintf("The column %q of %s has no index, and each read looks at all rows: CREATE INDEX %s ON %s (%s).",
			c.name, r.source, quote(c.name), r.from, quote(c.name)), "extract", "cursor")...)
	}
	return diags, err
}

// readIncrement reads in one snapshot what the plan saw, and how far that is. A first read of a large table is divided.
func (p *Provider) readIncrement(ctx context.Context, s *server, req sdk.ReadRequest, out sdk.Output) (err error) {
	r, diags := s.describe(ctx, s.db)
	if diags.HasErrors() {
		return diags
	}
	f, diags := s.following(r, req.Cursor[req.Partition])
	until, more := f.until(req)
	if diags = append(diags, more...); diags.HasErrors() {
		return diags
	}
	if f.options.batchSize > 0 {
		req.BatchSize = f.options.batchSize
	}
	d := delivery.New(out, req, max(r.bytes, 0))
	defer d.Abandon()
	read := newReading(s, r, req, d)
	connections := 1
	if f.old == nil {
		connections = read.connections()
	}
	snap, err := s.snapshot(ctx, r, connections)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, snap.close()) }()
	reached, err := f.mark(ctx, snap.conns[0], until)
	if err != nil {
		return err
	}
	if err := f.read(ctx, read, snap, reached); err != nil {
		return err
	}
	cursor, err := encodeCursor(reached)
	if err != nil {
		return err
	}
	return d.Checkpoint(ctx, cursor)
}

// until is the plan's bound; nil where there is none.
func (f *following) until(req sdk.ReadRequest) (*mark, sdk.Diagnostics) {
	if req.Until == nil {
		return nil, nil
	}
	m := &mark{}
	return m, decodeCursor(req.Until, m)
}

func (f *following) read(ctx context.Context, read *reading, snap *snapshot, reached mark) error {
	conditions := f.conditions(reached)
	if len(snap.conns) > 1 { // both conditions at once: the ranges are the key's
		all := piece{where: "FALSE"}
		for _, p := range conditions {
			all = piece{where: all.where + " OR " + p.where, args: append(all.args, p.args...)}
		}
		conditions = []piece{{where: "(" + all.where + ")", args: all.args}}
	}
	where := read.where
	for _, p := range conditions {
		read.where, read.args = append(append([]string(nil), where...), p.where), p.args
		if err := read.rows(ctx, snap); err != nil {
			return err
		}
	}
	return nil
}
