package delivery_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/delivery"
	"github.com/automic-etl/etl/providers/outputtest"
)

// TestRowGroups writes batches that are gathered to row groups: by their number of rows, by their bytes where rows are
// wide, and the rest at the end. All rows are there, in order.
func TestRowGroups(t *testing.T) {
	for name, test := range map[string]struct {
		batches, rows int
		text          string
		want          []int64
	}{
		"narrow": {18, 8192, "x", []int64{131072, 16384}},
		"wide":   {5, 1000, strings.Repeat("w", 12000), []int64{3000, 2000}},
		"few":    {2, 3, "x", []int64{6}},
	} {
		t.Run(name, func(t *testing.T) {
			request := sdk.ReadRequest{Columns: numbersAndTexts(), Staging: outputtest.Staging(t)}
			out := outputtest.NewRecorder(t, request.Columns)
			d := delivery.New(out, request, 0)
			builder := array.NewRecordBuilder(memory.DefaultAllocator, arrowschema.FromColumns(request.Columns))
			defer builder.Release()
			for i := range test.batches {
				for n := range test.rows {
					builder.Field(0).(*array.Int64Builder).Append(int64(i*test.rows + n))
					builder.Field(1).(*array.StringBuilder).Append(test.text)
				}
				rows := delivery.Rows{Record: builder.NewRecordBatch(), Source: "a", Numbers: delivery.Numbers{First: int64(i * test.rows)}}
				if err := d.Rows(t.Context(), rows); err != nil {
					t.Fatal(err)
				}
			}
			if err := d.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			file := outputtest.OpenParquet(t, out.Files[0])
			var groups []int64
			for i := range file.NumRowGroups() {
				groups = append(groups, file.RowGroup(i).NumRows())
			}
			if !slices.Equal(groups, test.want) {
				t.Errorf("row groups of %v rows instead of %v", groups, test.want)
			}
			for i, row := range out.Rows {
				if row.Values[0] != int64(i) || row.Values[1] != test.text || row.Number != int64(i) {
					t.Fatalf("row %d is %.100v", i, row)
				}
			}
			if len(out.Rows) != test.batches*test.rows {
				t.Errorf("%d rows", len(out.Rows))
			}
		})
	}
}

func numbersAndTexts() coltype.Schema {
	return outputtest.WithIDs(coltype.Schema{{Name: "n", Type: coltype.Of(coltype.Long)}, {Name: "s", Type: coltype.Of(coltype.String)}})
}
