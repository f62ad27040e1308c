package state

import (
	"strings"
	"testing"

	"github.com/apache/iceberg-go"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// TestChanged compares snapshots after appends, a compaction, a delete by another writer, a rollback and a new column.
func TestChanged(t *testing.T) {
	l := openIn(t, t.TempDir())
	one := seed(t, l, 1)
	two := commit(t, l, change(one, one.Columns, Append, stage(t, l, one, one.Columns, 2)))
	foreignCompact(t, l)
	compacted := now(t, l)
	foreignDelete(t, l, iceberg.EqualTo(iceberg.Reference("id"), int64(2)))
	deleted := now(t, l)
	between := func(at *Table, from, to int64, left, came []int64) {
		t.Helper()
		before, after, why, err := l.Changed(t.Context(), at, from, to)
		must(t, err)
		if why != "" {
			t.Fatalf("it can't be told: %s", why)
		}
		sameIDs(t, idsOf(t, before), left...)
		sameIDs(t, idsOf(t, after), came...)
	}
	between(deleted, one.Main, two.Main, nil, []int64{2})
	between(deleted, two.Main, one.Main, []int64{2}, nil)
	between(deleted, two.Main, compacted.Main, []int64{1, 2}, []int64{1, 2})
	between(deleted, compacted.Main, deleted.Main, []int64{1, 2}, []int64{1, 2}) // the same file, of which a row is deleted
	between(deleted, 0, one.Main, nil, []int64{1})
	between(deleted, one.Main, one.Main, nil, nil)
	rolled, err := l.Rollback(t.Context(), orders, one.Main, "run-9")
	must(t, err)
	between(rolled, two.Main, rolled.Main, []int64{2}, nil)
	untold := func(at *Table, from int64, want string) {
		t.Helper()
		why, err := l.Untold(t.Context(), at, from, at.Main)
		must(t, err)
		_, _, again, err := l.Changed(t.Context(), at, from, at.Main)
		must(t, err)
		if !strings.Contains(why, want) || again != why {
			t.Fatalf("why it can't be told: %q and %q", why, again)
		}
	}
	untold(rolled, 4711, "has expired")
	wider := assigned(t, rolled, append(plainColumns(), coltype.Field{Name: "more", Type: coltype.Of(coltype.String)}))
	evolved := commit(t, l, change(rolled, wider, Append, stage(t, l, rolled, wider, 3)))
	untold(evolved, one.Main, "columns changed")
}
