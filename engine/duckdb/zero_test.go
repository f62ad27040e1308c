package duckdb

import (
	"context"
	"fmt"
	"testing"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/state"
)

func zeroColumns() coltype.Schema {
	return coltype.Schema{
		field(1, "id", coltype.Int), field(2, "region", coltype.String), field(3, "d", coltype.Double), field(4, "f", coltype.Float),
		column(5, "list", listOf(field(6, "element", coltype.Double))),
		column(7, "map", mapOf(field(8, "key", coltype.Double), column(9, "value", structOf(field(10, "x", coltype.Double))))),
		column(11, "st", structOf(field(12, "deep", coltype.Float), column(13, "l", listOf(field(14, "element", coltype.Float))))),
	}
}

// zeroRows have a negative zero in every third row, in one of the columns, and 0.0 else.
func zeroRows(place int) string {
	z := func(i int, kind string) string {
		if i == place {
			return "CASE WHEN id % 3 = 0 THEN -0.0::" + kind + " ELSE 0::" + kind + " END"
		}
		return "0::" + kind
	}
	return fmt.Sprintf("SELECT id, ['eu', 'us'][1 + id %% 2] AS region, %s AS d, %s AS f, [1, %s, NULL] AS list, MAP {%s: {x: %s}} AS map, {deep: %s, l: [%s]} AS st FROM range(3000) AS r(id)",
		z(0, "DOUBLE"), z(1, "FLOAT"), z(2, "DOUBLE"), z(3, "DOUBLE"), z(4, "DOUBLE"), z(5, "FLOAT"), z(6, "FLOAT"))
}

// TestBothZerosAreKept writes columns that have both zeros, in all the ways in which files are laid out.
func TestBothZerosAreKept(t *testing.T) {
	s := openSession(t)
	values := "SELECT id, d::VARCHAR, f::VARCHAR, list::VARCHAR, map::VARCHAR, st::VARCHAR FROM "
	layouts := map[string]Write{
		"whole": {}, "sorted": {Sort: []state.SortField{{Column: "id"}}}, "partitions": {Partition: []state.PartitionField{{Column: "region", Transform: "identity"}}},
		"sorted partitions": {Partition: []state.PartitionField{{Column: "region", Transform: "identity"}}, Sort: []state.SortField{{Column: "id", Desc: true}}},
		"split":             {Sort: []state.SortField{{Column: "id"}}, TargetBytes: 2000},
	}
	for name, w := range layouts {
		for place := range 7 {
			w.Query, w.Columns, w.Dir = zeroRows(place), zeroColumns(), t.TempDir()
			staged, err := s.Write(context.Background(), w)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			bind(t, s, "silver.t", w.Columns, dataFiles(staged, w.Columns))
			equal(t, fmt.Sprint(name, " ", place), texts(t, s, values+"silver.t ORDER BY id"), texts(t, s, values+"("+w.Query+") ORDER BY id"))
			if name == "split" && len(staged) < 2 {
				t.Error("nothing was split")
			}
		}
	}
	// Without a negative zero there are dictionaries.
	files := write(t, s, t.TempDir(), zeroRows(-1), zeroColumns())
	equal(t, "encodings", texts(t, s, "SELECT DISTINCT encodings FROM parquet_metadata("+paths([]string{files[0].Path})+") WHERE path_in_schema = 'd'"), "PLAIN_DICTIONARY")
}

func BenchmarkWriteDoubles(b *testing.B) {
	s := openSession(b)
	cols := coltype.Schema{field(1, "id", coltype.Long), field(2, "d", coltype.Double), field(3, "e", coltype.Double), field(4, "s", coltype.String)}
	for b.Loop() {
		_, err := s.Write(context.Background(), Write{Columns: cols, Dir: b.TempDir(),
			Query: "SELECT i AS id, (hash(i) % 1000000) / 100.0 AS d, (hash(i + 1) % 100)::DOUBLE AS e, 'customer ' || (hash(i) % 50000) AS s FROM range(1000000) AS r(i)"})
		if err != nil {
			b.Fatal(err)
		}
	}
}
