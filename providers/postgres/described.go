package postgres

import (
	"fmt"
	"maps"
	"slices"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/postgres/catalog"
)

// window is what is known of a table's columns around some of its changes: what was recorded before them, and what the catalog
// holds after them. In between names may have passed on and back; the log describes the table before changes that need it,
// with names alone, in the order of the columns' numbers.
type window struct {
	before numbers // nil where nothing was recorded
	last   int     // the greatest number then
	now    *catalog.Attributes
	wanted coltype.Schema
	sure   map[string]bool // new columns that were told under their names beyond doubt
}

// newWindow looks at a table's columns, of which nothing or a place before is recorded.
func newWindow(before place, now *catalog.Attributes, wanted coltype.Schema) *window {
	return &window{before: before.Columns, last: before.Last, now: now, wanted: wanted, sure: map[string]bool{}}
}

// misnames says in words which names of a description are not of the columns that have them now.
func (w *window) misnames(told []string, transaction uint32) []string {
	out := append(w.absent(told), w.disordered(told)...)
	if w.before == nil {
		return out
	}
	return append(append(out, w.renamed(told, transaction)...), w.replaced(told, transaction)...)
}

// absent are columns that are there before and after, and not in between.
func (w *window) absent(told []string) []string {
	var out []string
	now := numbersOf(w.now)
	for _, c := range w.wanted {
		if number := w.before[c.Name]; number != gone && now[c.Name] == number && !slices.Contains(told, c.Name) {
			out = append(out, fmt.Sprintf("%q had another name for a while", c.Name))
		}
	}
	return out
}

// disordered are columns that stand in another order than their numbers.
func (w *window) disordered(told []string) []string {
	var out []string
	now, before, highest := numbersOf(w.now), "", 0
	for _, name := range told {
		number, there := now[name]
		if !there || w.wanted.Index(name) < 0 {
			continue
		}
		if number < highest {
			out = append(out, fmt.Sprintf("%q and %q had other names for a while", before, name))
		}
		before, highest = name, max(highest, number)
	}
	return out
}

// renamed are columns that came, were told of, and then got the name that they have. Whether a name that is gone was such a
// column's is known where fewer columns were dropped than names are gone.
func (w *window) renamed(told []string, transaction uint32) []string {
	if w.former(told) <= len(w.since(w.now.Dropped, transaction)) {
		return nil
	}
	for _, n := range w.newSince(transaction) {
		if !slices.Contains(told, n.Name) {
			return []string{fmt.Sprintf("%q was called otherwise while rows changed", n.Name)}
		}
	}
	return nil
}

// former counts names of columns that came after what is recorded, and are dropped now, or called otherwise.
func (w *window) former(told []string) int {
	now, count := numbersOf(w.now), 0
	for _, name := range told {
		_, recorded := w.before[name]
		_, there := now[name]
		if !recorded && !there {
			count++
		}
	}
	return count
}

// replaced are columns that may have been dropped since, whereupon others got their names: columns with lower numbers were
// dropped before those with the names were added or renamed, more than names that are gone stand before theirs.
func (w *window) replaced(told []string, transaction uint32) []string {
	var out []string
	for _, n := range w.newSince(transaction) {
		at := slices.Index(told, n.Name)
		if at < 0 || w.sure[n.Name] {
			continue
		}
		lower := slices.DeleteFunc(w.since(w.now.Dropped, transaction), func(d catalog.Attribute) bool {
			return d.Number > n.Number || later(d.Written, n.Written)
		})
		if len(lower) > w.former(told[:at]) {
			out = append(out, fmt.Sprintf("%q was dropped, and another column has its name", n.Name))
			continue
		}
		w.sure[n.Name] = true
	}
	return out
}

// newSince are wanted columns that are not recorded, and were added or altered by a transaction or after it.
func (w *window) newSince(transaction uint32) []catalog.Attribute {
	return slices.DeleteFunc(w.since(w.now.Live, transaction), func(a catalog.Attribute) bool {
		_, recorded := w.before[a.Name]
		return recorded || w.wanted.Index(a.Name) < 0
	})
}

// since are columns that came after what is recorded, and were written by a transaction or after it.
func (w *window) since(attributes []catalog.Attribute, transaction uint32) []catalog.Attribute {
	var out []catalog.Attribute
	for _, a := range attributes {
		if a.Number > w.last && !later(transaction, a.Written) {
			out = append(out, a)
		}
	}
	return out
}

// later compares numbers of transactions, which go round.
func later(a, b uint32) bool { return int32(a-b) > 0 }

// recorded are the columns to record once all changes up to a place are told, where the catalog looked as given. Columns that
// are wanted and were not there when the table was read are recorded when they come: no row has a value in them.
func (w *window) recorded(there numbers) numbers {
	out, now := maps.Clone(there), numbersOf(w.now)
	for _, c := range w.wanted {
		_, known := out[c.Name]
		_, alive := now[c.Name]
		number, read := w.before[c.Name]
		switch {
		case known || !read && w.before != nil:
		case !alive:
			out[c.Name] = gone
		case read:
			out[c.Name] = number
		}
	}
	return out
}
