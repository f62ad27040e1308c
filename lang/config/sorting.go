package config

import "slices"

func (p *Project) sort() {
	slices.SortFunc(p.Connections, func(a, b *Connection) int { return a.Addr.Compare(b.Addr) })
	slices.SortFunc(p.Sources, func(a, b *Source) int { return a.Addr.Compare(b.Addr) })
	slices.SortFunc(p.Tables, func(a, b *Table) int { return a.Addr.Compare(b.Addr) })
	slices.SortFunc(p.Outputs, func(a, b Output) int { return a.Addr.Compare(b.Addr) })
	slices.SortStableFunc(p.Nameless, func(a, b *Table) int { return a.Addr.Compare(b.Addr) })
}
