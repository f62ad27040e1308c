package config

import (
	"slices"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/diag"
)

// conflicts refuses two tables with one name in the catalog, such as customers_eu and the instance "eu" of customers.
func (l *loader) conflicts() {
	tables := slices.Clone(l.project.Tables)
	slices.SortFunc(tables, func(a, b *Table) int { return a.Addr.Compare(b.Addr) })
	first := make(map[addr.Ident]*Table, len(tables))
	for _, t := range tables {
		if t.Addr.Key != "" && quarantine(t.Ident.Name) {
			l.report(diag.Error(t.Range, "Reserved name", "%s would be the table %s, and names that end in __quarantine belong to the tables of bad "+
				"rows that etl makes. Choose another key.", t.Addr, t.Ident))
		}
		if other := first[t.Ident]; other != nil {
			t.Contested, other.Contested = true, true
			l.report(diag.Error(t.Range, "Two tables of one name", "%s and %s (%s line %d) would both be the table %s. Give one of them another name "+
				"or key.", t.Addr, other.Addr, other.Range.Filename, other.Range.Start.Line, t.Ident))
			continue
		}
		first[t.Ident] = t
	}
}
