package config

import (
	"cmp"
	"slices"
)

func (p *Project) sort() {
	slices.SortFunc(p.Connections, func(a, b *Connection) int { return a.Addr.Compare(b.Addr) })
	slices.SortFunc(p.Sources, func(a, b *Source) int { return a.Addr.Compare(b.Addr) })
	slices.SortFunc(p.Tables, func(a, b *Table) int { return a.Addr.Compare(b.Addr) })
	slices.SortFunc(p.Outputs, func(a, b Output) int { return a.Addr.Compare(b.Addr) })
	slices.SortFunc(p.Open, func(a, b Open) int { return a.Addr.Compare(b.Addr) })
}

// sensitive are the secrets, longest first: to replace one that is part of another must not leave the rest behind.
func (l *loader) sensitive() []string {
	texts := make([]string, 0, len(l.secrets))
	for text := range l.secrets {
		texts = append(texts, text)
	}
	slices.SortFunc(texts, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	return texts
}
