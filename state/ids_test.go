package state

import (
	"fmt"
	"testing"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"pgregory.net/rapid"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

func drawType(t *rapid.T, depth int) coltype.Type {
	kinds := []coltype.Kind{coltype.Int, coltype.Long, coltype.Float, coltype.Double, coltype.String, coltype.Decimal, coltype.Date, coltype.UUID}
	if depth > 0 {
		kinds = append(kinds, coltype.List, coltype.Map, coltype.Struct)
	}
	switch kind := rapid.SampledFrom(kinds).Draw(t, "kind"); kind {
	case coltype.Decimal:
		return coltype.Type{Kind: kind, Precision: rapid.IntRange(2, 38).Draw(t, "precision"), Scale: 2}
	case coltype.List:
		return coltype.Type{Kind: kind, Elem: &coltype.Field{Name: "element", Type: drawType(t, depth-1)}}
	case coltype.Map:
		return coltype.Type{Kind: kind, Key: &coltype.Field{Name: "key", Type: coltype.Type{Kind: coltype.String}, Required: true},
			Elem: &coltype.Field{Name: "value", Type: drawType(t, depth-1)}}
	case coltype.Struct:
		return coltype.Type{Kind: kind, Fields: drawColumns(t, depth-1)}
	default:
		return coltype.Type{Kind: kind}
	}
}

func drawColumns(t *rapid.T, depth int) coltype.Schema {
	var columns coltype.Schema
	for _, n := range rapid.SliceOfNDistinct(rapid.IntRange(0, 6), 1, 5, rapid.ID).Draw(t, "names") {
		columns = append(columns, coltype.Field{Name: fmt.Sprint("c", n), Type: drawType(t, depth)})
	}
	return columns
}

// A new table's ids are those that iceberg-go gives it; an old one's columns keep theirs, as long as their files can be read.
func TestAssignIDsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := drawColumns(t, 2)
		columns, err := AssignIDs(nil, first)
		if err != nil {
			t.Fatal(err)
		}
		fields, err := icebergFields(columns)
		if err != nil {
			t.Fatal(err)
		}
		created, err := table.NewMetadata(iceberg.NewSchema(0, fields...), nil, table.UnsortedSortOrder, "file:///t", nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := columnsOf(created.CurrentSchema().Fields()); fmt.Sprint(index(got, map[int]coltype.Field{})) != fmt.Sprint(index(columns, map[int]coltype.Field{})) {
			t.Fatalf("assigned %v, iceberg-go gives %v", columns, got)
		}
		base := &Table{Columns: columns, LastColumnID: created.LastColumnID()}
		if same, err := AssignIDs(base, first); err != nil || fmt.Sprint(index(same, map[int]coltype.Field{})) != fmt.Sprint(index(columns, map[int]coltype.Field{})) {
			t.Fatalf("the same columns got %v, %v", same, err)
		}
		next, err := AssignIDs(base, drawColumns(t, 2))
		if err != nil {
			t.Fatal(err)
		}
		checkNext(t, base, columns, next)
	})
}

func checkNext(t *rapid.T, base *Table, old, next coltype.Schema) {
	before := index(old, map[int]coltype.Field{})
	if err := (evolution{old: before, hasRows: true, seen: map[int]bool{}}).columns(next, true); err != nil {
		t.Fatalf("the assigned ids don't bear the old files: %v", err)
	}
	for id := range index(next, map[int]coltype.Field{}) {
		if _, known := before[id]; !known && id <= base.LastColumnID {
			t.Fatalf("id %d was used before", id)
		}
	}
	for _, c := range next {
		was, there := old.Lookup(c.Name)
		if there && readable(was.Type, c.Type) && was.ID != c.ID {
			t.Fatalf("column %s lost its id %d", c.Name, was.ID)
		}
	}
}

func TestAssignIDsRefuses(t *testing.T) {
	for _, columns := range []coltype.Schema{
		{column("a", coltype.Long), column("a", coltype.String)}, {column("a", coltype.Unknown)},
		{{Name: "s", Type: coltype.Type{Kind: coltype.Struct, Fields: []coltype.Field{column("x", coltype.Unknown)}}}},
		{{Name: "l", Type: coltype.Type{Kind: coltype.List}}},
	} {
		if got, err := AssignIDs(nil, columns); err == nil {
			t.Errorf("%v became %v", columns, got)
		}
	}
}
