package state

import (
	"context"

	"github.com/automic-etl/etl/lang/addr"
)

// Identity is the lakehouse's own id, by which what is kept for it elsewhere is told from what is kept for other lakehouses;
// empty where it has none yet. It is given once, with a claim, and never changes. All tables that etl keeps for itself tell
// it, so that one of them may be lost.
func Identity(tables []*Table) string {
	told := map[addr.Ident]string{}
	for _, t := range tables {
		told[t.Ident] = t.Lakehouse
	}
	for _, ident := range ownTables() {
		if id := told[ident]; id != "" {
			return id
		}
	}
	return ""
}

// identified are the properties that give a table the lakehouse's id, unless it tells one.
func identified(base *Table, id string) map[string]string {
	if id == "" || base != nil && base.Lakehouse != "" {
		return nil
	}
	return map[string]string{PropLakehouse: id}
}

// idFor is the id for a table of runs: that of the leases, without which there are no runs.
func (l *Lakehouse) idFor(ctx context.Context, base *Table) (string, error) {
	if base != nil && base.Lakehouse != "" {
		return base.Lakehouse, nil
	}
	board, err := leases().base(ctx, l)
	if err != nil || board == nil {
		return "", err
	}
	return board.Lakehouse, nil
}
