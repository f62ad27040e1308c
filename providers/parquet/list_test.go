package parquet

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// TestPlainList has null lists of a fixed size, whose elements are there all the same, and slices of lists.
func TestPlainList(t *testing.T) {
	const rows = `[[1,2],null,[3,null],[4,5],null,null,[6,7]]`
	for _, kind := range []arrow.DataType{arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Int64), arrow.LargeListOf(arrow.PrimitiveTypes.Int64)} {
		all, _, err := array.FromJSON(memory.DefaultAllocator, kind, strings.NewReader(rows))
		if err != nil {
			t.Fatal(err)
		}
		for from := range int64(all.Len()) {
			for to := from; to <= int64(all.Len()); to++ {
				part := array.NewSlice(all, from, to)
				got := plainList(part.(array.ListLike))
				if got.String() != part.String() {
					t.Errorf("%s from %d to %d: got %s, want %s", kind, from, to, got, part)
				}
				valid := 0
				for i := range got.Len() {
					if start, end := got.ValueOffsets(i); got.IsValid(i) {
						valid += int(end - start)
					}
				}
				if got.ListValues().Len() != valid {
					t.Errorf("%s from %d to %d: %d elements, of which %d belong to lists", kind, from, to, got.ListValues().Len(), valid)
				}
			}
		}
	}
}
