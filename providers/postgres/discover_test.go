package postgres

import (
	"slices"
	"testing"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/postgres/catalog"
)

// TestCursors has the column first that changes move, even where it may be null, and the key last, which they don't.
func TestCursors(t *testing.T) {
	columns := coltype.Schema{
		{Name: "id", Type: coltype.Of(coltype.Long)}, {Name: "created_at", Type: coltype.Of(coltype.Timestamptz)}, {Name: "seen_at", Type: coltype.Of(coltype.Timestamptz)},
		{Name: "updated_by", Type: coltype.Of(coltype.String)}, {Name: "updated_at", Type: coltype.Of(coltype.Timestamp)},
	}
	r := &catalog.Relation{Key: []string{"id"}, Columns: []catalog.Column{{Name: "id", NotNull: true}, {Name: "created_at", NotNull: true}, {Name: "seen_at"}, {Name: "updated_by"}, {Name: "updated_at"}}}
	if got, want := cursors(r, columns), []string{"updated_at", "created_at", "id"}; !slices.Equal(got, want) {
		t.Errorf("got %v instead of %v", got, want)
	}
}
