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
}

// TestCursorsSort compares cursors of one source, whatever else than the place they have.
func TestCursorsSort(t *testing.T) {
	for _, test := range [][2]string{
		{`{"lsn":9}`, `{"lsn":10}`},
		{`{"lsn":99.5}`, `{"lsn":1e2}`},
		{`{"version":1,"system":"7","lsn":"0/9"}`, `{"version":1,"system":"7","lsn":"1/0"}`},
		{`{"version":1,"lsn":"0A/10","publication":"ff00","columns":{"a":1,"b":2}}`, `{"version":1,"lsn":"0A/11"}`},
		{`{"version":1,"lsn":"0A/10"}`, `{"version":1,"lsn":"0A/11","publication":"00ff"}`},
		{`{"version":1,"lsn":"0A/10","columns":{"a":9}}`, `{"version":1,"system":"7","lsn":"0A/11","columns":{"a":1}}`},
		{`{"version":1,"system":"7","lsn":"0A/10"}`, `{"version":1,"lsn":"0A/11"}`},
		{`9`, `10`},
		{`00/1`, `00/2`},
	} {
		earlier, later := []byte(test[0]), []byte(test[1])
		if !sortsBefore(earlier, later) || sortsBefore(later, earlier) || sortsBefore(earlier, earlier) {
			t.Errorf("%s is not before %s alone", earlier, later)
		}
	}
}
