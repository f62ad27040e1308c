package apply

import (
	"testing"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/state"
)

// TestLeastCursor takes the table that has read the least, whatever changes the tables hold: a snapshot's rows have later
// positions than changes that another table read past long ago.
func TestLeastCursor(t *testing.T) {
	source := &config.Source{Addr: addr.Address{Kind: "source", Type: "postgres", Name: "orders"}}
	table := func(cursor, highest string) *state.Table {
		read := &state.Table{Project: "shop", Definition: []byte(`{"data":[{"path":"from","value":"source.postgres.orders"}]}`)}
		read.Summary.Cursor, read.Summary.Highest = map[string][]byte{"": []byte(cursor)}, highest
		return read
	}
	ahead, behind := table("00/0120", "090"), table("00/0100", "100")
	for _, tables := range [][]*state.Table{{ahead, behind}, {behind, ahead}} {
		if got := leastCursor(tables, "shop", source); got != behind {
			t.Errorf("the least cursor is %+v", got)
		}
	}
	if !sortsBefore([]byte(`{"lsn":9}`), []byte(`{"lsn":10}`)) {
		t.Error("a shorter cursor is the earlier one")
	}
}
