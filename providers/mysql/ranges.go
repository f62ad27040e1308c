package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"strings"
)

// piece is a range of a key: what a connection reads at a time.
type piece struct {
	where string
	args  []any
}

const (
	// pieceBytes and pieceRows bound what one connection holds in memory.
	pieceBytes = 24 << 20
	pieceRows  = 100_000
	// sparse is how many times more values than rows a number's range may have to be cut by arithmetic alone.
	sparse = 4
)

// ranges are all pieces of a table in the order of its key.
type ranges struct {
	relation *relation
	keys     []column
	size     int64 // rows a piece
	conn     *sql.Conn
	last     []any // the key where the piece before ended
	ended    bool
	numbers  *numbers // set where the key is a number without many gaps
}

// divisible reports whether the relation has a key whose order the server's parameters keep.
func (r *relation) divisible() bool {
	for _, name := range r.key {
		if c, ok := r.column(name); !ok || !c.orders() {
			return false
		}
	}
	return r.index != ""
}

// newRanges finds out how a table is best cut, on a connection of the snapshot.
func newRanges(ctx context.Context, r *relation, conn *sql.Conn) (*ranges, error) {
	cut := &ranges{relation: r, conn: conn, size: pieceSize(r)}
	for _, name := range r.key {
		c, _ := r.column(name)
		cut.keys = append(cut.keys, c)
	}
	if len(cut.keys) > 1 || cut.keys[0].class != integer {
		return cut, nil
	}
	found, err := findNumbers(ctx, r, cut.keys[0], conn)
	if err != nil || found == nil {
		cut.ended = err == nil
		return cut, err
	}
	if span := found.last - found.first; span/sparse <= uint64(max(r.rows, 1)) || span/uint64(cut.size) < 64 {
		cut.numbers = found
	}
	return cut, nil
}

func pieceSize(r *relation) int64 {
	if r.rows <= 0 || r.bytes <= 0 {
		return pieceRows
	}
	return max(min(pieceBytes/max(r.bytes/r.rows, 1), pieceRows), 500)
}

// next is the next piece, or io.EOF.
func (r *ranges) next(ctx context.Context) (piece, error) {
	switch {
	case r.ended:
		return piece{}, io.EOF
	case r.numbers != nil:
		p, last := r.numbers.next(r.keys[0].name, uint64(r.size))
		r.ended = last
		return p, nil
	}
	upTo, err := r.boundary(ctx)
	if err != nil {
		return piece{}, err
	}
	p := r.between(r.last, upTo)
	r.last, r.ended = upTo, upTo == nil
	return p, nil
}

// boundary is the key of the last row of the next piece, or nil where fewer rows are left.
func (r *ranges) boundary(ctx context.Context) ([]any, error) {
	after := r.between(r.last, nil)
	names := quoted(r.relation.key)
	query := "SELECT " + names + " FROM " + r.relation.from + " FORCE INDEX (" + quote(r.relation.index) + ") WHERE " + after.where + " ORDER BY " + names + " LIMIT 1 OFFSET ?"
	var found []any
	err := stream(ctx, r.conn, query, append(after.args, r.size-1), func(values []driver.Value) error {
		for _, v := range values {
			if b, ok := v.([]byte); ok {
				v = append([]byte(nil), b...)
			}
			found = append(found, v)
		}
		return nil
	})
	return found, err
}

// between is the condition for keys after the one and up to the other, each of which may be missing.
func (r *ranges) between(after, upTo []any) piece {
	var p piece
	var conditions []string
	if after != nil {
		conditions = append(conditions, r.compare(&p, after[:1], ">=", ">="), r.compare(&p, after, ">", ">"))
	}
	if upTo != nil {
		conditions = append(conditions, r.compare(&p, upTo[:1], "<=", "<="), r.compare(&p, upTo, "<", "<="))
	}
	if conditions == nil {
		return piece{where: "TRUE"}
	}
	p.where = strings.Join(conditions, " AND ")
	return p
}

// compare spells a comparison of the key's columns, one after the other: the server uses no index for (a, b) > (1, 2).
func (r *ranges) compare(p *piece, key []any, operator, last string) string {
	var cases []string
	for i := range key {
		var equal []string
		for j := range i {
			equal = append(equal, quote(r.keys[j].name)+" = "+r.keys[j].parameter())
			p.args = append(p.args, key[j])
		}
		op := operator
		if i == len(key)-1 {
			op = last
		}
		p.args = append(p.args, key[i])
		cases = append(cases, strings.Join(append(equal, quote(r.keys[i].name)+" "+op+" "+r.keys[i].parameter()), " AND "))
	}
	return "(" + strings.Join(cases, " OR ") + ")"
}

// numbers is the range of a key that is a whole number. Signed ones are kept as their bits: differences come out right.
type numbers struct {
	first, last uint64
	unsigned    bool
}

// findNumbers is nil for a table without rows.
func findNumbers(ctx context.Context, r *relation, key column, conn *sql.Conn) (*numbers, error) {
	n := &numbers{unsigned: key.unsigned}
	query := "SELECT MIN(" + quote(key.name) + "), MAX(" + quote(key.name) + ") FROM " + r.from
	row := conn.QueryRowContext(ctx, query)
	if n.unsigned {
		var first, last sql.Null[uint64]
		err := row.Scan(&first, &last)
		if err != nil || !first.Valid {
			return nil, err
		}
		n.first, n.last = first.V, last.V
		return n, nil
	}
	var first, last sql.NullInt64
	err := row.Scan(&first, &last)
	if err != nil || !first.Valid {
		return nil, err
	}
	n.first, n.last = uint64(first.Int64), uint64(last.Int64)
	return n, nil
}

// next cuts off a range of so many numbers.
func (n *numbers) next(column string, size uint64) (p piece, last bool) {
	from, to := n.first, n.last
	if last = to-from < size; !last {
		to = from + size - 1
		n.first = to + 1
	}
	p.where = quote(column) + " BETWEEN ? AND ?"
	if n.unsigned {
		p.args = []any{from, to}
	} else {
		p.args = []any{int64(from), int64(to)}
	}
	return p, last
}
