package parquet

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// plainList is a list of another layout (large, of fixed size) in the usual one, in which null lists have no elements; nil
// where there are too many elements for it.
func plainList(src array.ListLike) *array.List {
	offsets := make([]int32, 1, src.Len()+1)
	var parts runs
	total := int64(0)
	for i := range src.Len() {
		if src.IsValid(i) {
			from, to := src.ValueOffsets(i)
			parts.add(from, to)
			total += to - from
		}
		if total > math.MaxInt32 {
			return nil
		}
		offsets = append(offsets, int32(total))
	}
	values := parts.of(src.ListValues())
	if values == nil {
		return nil
	}
	buffers := []*memory.Buffer{validity(src), memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(offsets))}
	kind := arrow.ListOf(values.DataType())
	return array.NewListData(array.NewData(kind, src.Len(), buffers, []arrow.ArrayData{values.Data()}, src.NullN(), 0))
}

// runs are ranges of elements, those that meet made one.
type runs [][2]int64

func (r *runs) add(from, to int64) {
	if last := len(*r) - 1; last >= 0 && (*r)[last][1] == from {
		(*r)[last][1] = to
	} else if from < to {
		*r = append(*r, [2]int64{from, to})
	}
}

// of gives the elements of all runs; nil where they don't fit into one array.
func (r *runs) of(values arrow.Array) arrow.Array {
	switch len(*r) {
	case 0:
		return array.NewSlice(values, 0, 0)
	case 1:
		return array.NewSlice(values, (*r)[0][0], (*r)[0][1])
	}
	parts := make([]arrow.Array, len(*r))
	for i, run := range *r {
		parts[i] = array.NewSlice(values, run[0], run[1])
	}
	whole, err := array.Concatenate(parts, memory.DefaultAllocator)
	if err != nil {
		return nil
	}
	return whole
}
