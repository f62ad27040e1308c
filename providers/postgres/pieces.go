package postgres

import (
	"context"
	"fmt"
	"runtime"

	"github.com/automic-etl/etl/providers/postgres/catalog"
	"github.com/automic-etl/etl/providers/postgres/session"
)

// piece is a part of the source's rows that one connection reads. The empty one is all of it.
type piece struct {
	from      string // in place of the source's own
	condition string
}

const (
	// rangesVersion is the first server that finds rows by a range of ctid without reading the whole table.
	rangesVersion = 14
	// A piece is large enough to be worth a query, and small enough that connections end at about the same time.
	leastPages, mostPages = 512, 16 << 10
	piecesAConnection     = 4
	defaultParallelism    = 4
)

// connections is how many read at once.
func (o options) connections() int {
	if o.parallelism > 0 {
		return o.parallelism
	}
	return min(runtime.GOMAXPROCS(0), defaultParallelism)
}

// pieces splits the source. A view, a query, a table of another kind and one whose rows are filtered for the role are one
// piece each.
func (s *source) pieces(ctx context.Context, c *session.Conn) ([]piece, error) {
	r := s.relation
	whole := []piece{{}}
	if r == nil || r.Filtered || c.Version() < rangesVersion || s.connections() == 1 {
		return whole, nil
	}
	if r.Kind == catalog.Partitioned {
		leaves, err := catalog.Leaves(ctx, c, r.OID)
		if err != nil || leaves == nil {
			return whole, err
		}
		return s.split(leaves), nil
	}
	if !r.Heap || r.Children {
		return whole, nil
	}
	pages, err := catalog.Pages(ctx, c, r.OID)
	if err != nil {
		return nil, err
	}
	return s.split([]catalog.Leaf{{Name: r.Quoted(), Pages: pages, Heap: true}}), nil
}

// split cuts tables into ranges of pages. The last range has no end: rows that the snapshot sees can't be beyond the
// table's end, but nothing depends on that.
func (s *source) split(leaves []catalog.Leaf) []piece {
	var all int64
	for _, leaf := range leaves {
		all += leaf.Pages
	}
	size := min(max(all/int64(s.connections()*piecesAConnection), leastPages), mostPages)
	var pieces []piece
	for _, leaf := range leaves {
		if !leaf.Heap || leaf.Pages <= size {
			pieces = append(pieces, piece{from: s.only(leaf)})
			continue
		}
		for from := int64(0); from < leaf.Pages; from += size {
			condition := fmt.Sprintf("ctid >= '(%d,0)'", from)
			if from+size < leaf.Pages {
				condition += fmt.Sprintf(" AND ctid < '(%d,0)'", from+size)
			}
			pieces = append(pieces, piece{from: s.only(leaf), condition: condition})
		}
	}
	return pieces
}

// only is a table without those that inherit from it, under the name by which a condition may call it.
func (s *source) only(leaf catalog.Leaf) string {
	return "ONLY " + leaf.Name + " AS " + session.Ident(s.relation.Name)
}
